import { expect, onTestFinished, test } from 'vitest';
import { filesOf, siteOf } from '../support/branches.ts';
import { openBed } from '../support/dnx.ts';

test('the branch is restored even if the API still shows it right after the change', async () => {
  const bed = await openBed();
  onTestFinished(() => bed.close());
  const { faults, calls } = bed.sandbox;
  const changes = () => calls.filter(({ method }) => method !== 'GET').map(({ method }) => method);
  faults.next({ method: 'POST' }, { status: 422, body: { message: 'Refused.' } });
  faults.always({ method: 'GET', path: /\/sites\/\w+$/ }, (answer) => {
    const { data } = answer.body as { readonly data: object };
    return { ...answer, body: { data: { ...data, branch: 'main' } } };
  });
  const run = await bed.dnx('deploy blog.example.com --branch feature/search --yes');
  expect([run.code, changes(), siteOf(bed).branch, filesOf(bed)]).toEqual([7, ['PUT', 'POST', 'PUT'], 'main', []]);
});
