import fc from 'fast-check';
import { expect, test } from 'vitest';
import { perSuite } from '../support/fixtures.ts';
import { deep, seedOf, volume } from '../support/volume.ts';
import { openCommandRunner, typed } from './lines.ts';

const runs = volume(30_000, 60);
// Minutes longer than needed, for a busy machine.
const limitMs = 900_000;

const runner = perSuite(openCommandRunner);

test(
  `${runs} random command lines keep every promise`,
  async () => {
    const property = fc.asyncProperty(typed, async (given) => {
      const broken = await runner.try(given);
      if (broken !== undefined) throw new Error(broken);
    });
    await fc.assert(property, {
      seed: seedOf(20_260_416),
      numRuns: runs,
      interruptAfterTimeLimit: limitMs - 20_000,
      markInterruptAsFailure: true,
    });
    // The command lines must reach every kind of outcome, and a sample more than one.
    expect([...runner.codes]).toEqual(expect.arrayContaining(deep ? [0, 2, 6] : [0, 2]));
  },
  limitMs,
);
