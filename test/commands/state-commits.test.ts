import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { shownAs } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';
import { Repository } from '../support/repository.ts';
import { writeState } from '../support/state-bed.ts';

const bed = perTest(openBed);

test('of what the API hides, what the last commits of a state file changed is offered by name', async () => {
  const repository = Repository.create(bed.directory);
  const env = (words: string) => `sites:\n  shop.example.com: { server: web-1, env: { APP_NAME: Shop, APP_URL: x, APP_ENV: ${words} } }\n`;
  for (const words of ['local', 'a', 'b', 'c', 'd', 'e', 'production']) repository.commit(words, { 'deploynix.yml': env(words) });
  writeState(bed.directory, env('production').replace('APP_NAME: Shop', 'APP_NAME: Other'));
  bed.sandbox.faults.always(
    { method: 'GET', path: /environment-variables$/ },
    shownAs((item) => ({ ...item, value: '••••••••' })),
  );
  const says =
    'Changed lately in deploynix.yml: APP_NAME, APP_ENV. If that was not sent yet, use --set-unknown APP_NAME --set-unknown APP_ENV\n';
  await expect(bed.dnx('apply --yes')).toExit(0, { changes: [], says });
});
