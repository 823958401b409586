import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { seedOf, volume } from '../support/volume.ts';
import { branchHistories } from './branch-history.ts';
import { playBranches } from './branch-stage.ts';

test('in the end the branch is what the last person wanted, and nothing was deployed twice', async () => {
  let played = 0;
  await fc.assert(
    fc.asyncProperty(branchHistories, async (history) => {
      const bed = await openBed({ rateLimit: 0 });
      try {
        expect(await playBranches(bed, history)).toEqual([]);
        played += 1;
      } finally {
        await bed.close();
      }
    }),
    { seed: seedOf(23), numRuns: volume(500, 10), endOnFailure: false },
  );
  expect(played).toBeGreaterThanOrEqual(10);
}, 600_000);
