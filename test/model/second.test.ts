import { expect, test } from 'vitest';
import { volume } from '../support/volume.ts';
import { explore, wanted } from './explore.ts';

const runs = volume(2_500, 150);

// Half of the histories: each half is a file, so that two processors share them.
test('no random history breaks a promise', async () => {
  const tally = await explore({ seed: 8_128, runs });
  for (const each of wanted) expect(tally[each], each).toBeGreaterThan(runs / 200);
}, 900_000);
