import { expect, test } from 'vitest';
import { volume } from '../support/volume.ts';
import { explore, wanted } from './explore.ts';

const runs = volume(1_250, 150);

// The second half of the histories; two files run in parallel.
test('random histories keep every promise', async () => {
  const tally = await explore({ seed: 8_129, runs });
  for (const each of wanted) expect(tally[each], each).toBeGreaterThan(runs / 200);
}, 900_000);
