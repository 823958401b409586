import { expect, test } from 'vitest';
import { volume } from '../support/volume.ts';
import { explore } from './explore.ts';

const runs = volume(2_500, 250);

// Half of them: each half is a file, so that two processors share them.
test('random interleavings keep every promise', async () => {
  const outcomes = await explore({ seed: 8_128, runs });
  for (const outcome of ['succeeded', 'failed', 'superseded', 'unknown']) expect(outcomes[outcome], outcome).toBeGreaterThan(runs / 50);
}, 300_000);
