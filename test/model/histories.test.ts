import { expect, test } from 'vitest';
import { volume } from '../support/volume.ts';
import { explore, wanted } from './explore.ts';

const runs = volume(2_500, 30);

test('random histories keep every promise', async () => {
  const tally = await explore({ seed: 5, runs });
  for (const each of wanted) expect(tally[each], each).toBeGreaterThan(runs / 200);
}, 3_600_000);
