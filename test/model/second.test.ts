import { expect, test } from 'vitest';
import { explore } from './explore.ts';

// Half of 5,000: each half is a file, so that two processors share them.
test('2,500 interleavings keep every promise', async () => {
  const outcomes = await explore({ seed: 8128, runs: 2_500 });
  for (const outcome of ['succeeded', 'failed', 'superseded', 'unknown']) expect(outcomes[outcome], outcome).toBeGreaterThan(50);
}, 300_000);
