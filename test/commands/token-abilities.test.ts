import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

test('a token of the preset ci-deploy deploys a site by its name', async () => {
  const run = await bed.dnx('token create ci --preset ci-deploy');
  await expect(bed.dnx('deploy shop.example.com', { env: { DNX_TOKEN: run.stdout.trim() } })).toExit(0);
});

test('a misspelled ability is sent, with a suggestion and the flag it came from', async () => {
  await expect(bed.dnx('token create ci --ability site:deply')).toExit(7, {
    stderr: [
      "! Unknown ability 'site:deply'. Did you mean 'site:deploy'?",
      'Error: Deploynix rejected the request.',
      '  --ability: The selected abilities.0 is invalid.',
      '',
    ].join('\n'),
  });
});

test('the list to pick from tells tokens of one name by their ids', async () => {
  const { stderr } = await bed.dnx('token revoke', { typed: '', columns: 100, env: { TERM: 'dumb' } });
  expect(stderr).toMatch(/5\) API Login .* id 5\n.*6\) API Login .* id 6\n/);
  expect(stderr).toMatch(/1\) Sandbox (?!.*id 1)/);
});

test.each([
  ['a line of 200,000 words', `dnx server show ${'a '.repeat(200_000)}`],
  ['variables that double', `A=aaaaaaaa\n${'A=$A$A\n'.repeat(40)}dnx server show $A$A$A`],
  ['one line of them', `A=${'a'.repeat(900)}\nB="${'$A'.repeat(20_000)}"\n${'C="$B$B"\n'.repeat(200)}dnx server show $B`],
])('a script with %s is read in little time and memory', async (_, script) => {
  writeFileSync(join(bed.directory, 'long.sh'), `${script}\ndnx deploy shop.example.com\n`);
  const [began, before] = [performance.now(), process.memoryUsage.rss()];
  const run = await bed.dnx('token abilities --from-script long.sh -o json');
  expect(run).toExit(expect.any(Number), { stdout: expect.stringContaining('site:deploy') });
  expect(run.stderr).not.toContain('bug');
  expect(run.stderr.length).toBeLessThan(5_000);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(400_000_000);
});
