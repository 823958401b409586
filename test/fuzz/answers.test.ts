import fc from 'fast-check';
import { expect, test } from 'vitest';
import { perSuite } from '../support/fixtures.ts';
import { deep, seedOf, volume } from '../support/volume.ts';
import { attempt, openLaboratory, trial } from './answers.ts';

const runs = volume(10_000, 100);
// Minutes longer than needed, for a busy machine.
const limitMs = 900_000;

const laboratory = perSuite(openLaboratory);

test(
  `${runs} commands keep every promise with random responses`,
  async () => {
    const property = fc.asyncProperty(trial, async (given) => {
      const broken = await attempt(laboratory, given);
      if (broken !== undefined) throw new Error(broken);
    });
    await fc.assert(property, {
      seed: seedOf(1),
      numRuns: runs,
      interruptAfterTimeLimit: limitMs - 20_000,
      markInterruptAsFailure: true,
    });
    // The trials must reach every kind of outcome, and a sample more than one.
    expect([...laboratory.codes]).toEqual(expect.arrayContaining(deep ? [0, 1, 4, 5, 6, 7, 13] : [0, 1, 6]));
  },
  limitMs,
);
