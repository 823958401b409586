import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const lines = ['status', 'deploy', 'env list', 'env pull', 'server show', 'ssh', 'rollback --yes', 'daemon list', 'certificate list'];

test.each(lines)('dnx %s without a site and a token says that nobody is signed in', async (line) => {
  const run = await bed.dnx(line, { env: { DNX_TOKEN: undefined } });
  expect([run.code, run.stdout, run.calls]).toEqual([4, '', []]);
  expect(run.stderr).toMatch(/^Error: Not signed in to 127\.0\.0\.1:\d+\.\n {2}Run: dnx login /);
});

test.each(lines)('dnx %s without a site, but with a token, says what is missing', async (line) => {
  const run = await bed.dnx(line);
  expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/^Error: No .* given\./)]);
});
