import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { examples, prepareExample, runExample } from '../support/examples.ts';

test.each(examples.flatMap(({ line, nested }) => (nested ? [] : [line])))('%s', async (line) => {
  const bed = await openBed();
  try {
    await prepareExample(bed, line);
    const run = await runExample(bed, line);
    expect(run.code, run.stderr).toBe(0);
    expect(`${run.stdout}${run.stderr}`).not.toMatch(/undefined|\[object|NaN/);
  } finally {
    await bed.close();
  }
});
