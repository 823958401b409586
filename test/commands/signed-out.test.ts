import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const lines = ['status', 'deploy', 'env list', 'env pull', 'server show', 'ssh', 'rollback --yes', 'daemon list', 'certificate list'];

test.each(lines)('dnx %s without a site and a token says that nobody is signed in', async (line) => {
  const run = await bed.dnx(line, { env: { DNX_TOKEN: undefined } });
  expect(run).toExit(4, { stdout: '', calls: [] });
  expect(run.stderr).toMatch(/^Error: Not signed in to 127\.0\.0\.1:\d+\.\n {2}Run: dnx login /);
});

test.each(lines)('dnx %s without a site, but with a token, says what is missing', async (line) => {
  await expect(bed.dnx(line)).toExit(2, { stderr: expect.stringMatching(/^Error: No .* given\./) });
});
