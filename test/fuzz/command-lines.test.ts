import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedOf, volume } from '../support/volume.ts';
import { type Keyboard, openKeyboard, typed } from './lines.ts';

const runs = volume(30_000, 600);
// Minutes longer than needed, for a busy machine.
const limitMs = 900_000;

let keyboard: Keyboard;
beforeAll(async () => {
  keyboard = await openKeyboard();
});
afterAll(() => keyboard.close());

test(
  `${runs} command lines keep every promise, whatever is typed`,
  async () => {
    const property = fc.asyncProperty(typed, async (given) => {
      const broken = await keyboard.try(given);
      if (broken !== undefined) throw new Error(broken);
    });
    await fc.assert(property, {
      seed: seedOf(20_260_416),
      numRuns: runs,
      interruptAfterTimeLimit: limitMs - 20_000,
      markInterruptAsFailure: true,
    });
    // Otherwise the test tried nothing.
    expect([...keyboard.codes]).toEqual(expect.arrayContaining([0, 2, 6]));
  },
  limitMs,
);
