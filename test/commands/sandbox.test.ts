import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

test('a port that another program has is a usage error, not a bug', async () => {
  const taken = new URL(bed.sandbox.url).port;
  const run = await bed.dnx(`sandbox start --port ${taken}`);
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain(`Port ${taken} is taken by another program.`);
});

test('a number that is no port is refused', async () => {
  const run = await bed.dnx('sandbox start --port 70000');
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain('Port 70000 is not a port.');
});
