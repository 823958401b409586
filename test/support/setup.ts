import { afterAll, afterEach, beforeEach, vi } from 'vitest';
import { disableStorages } from './async-storage.ts';
import './exits.ts';
import { removeKept } from './kept.ts';
import { beginTest, endTest } from './results.ts';
import { takeLeftOut } from './volume.ts';

beforeEach(beginTest);
afterAll(removeKept);
afterAll(disableStorages);

// A loop that tests leave behind takes a processor from those of every later file.
afterAll(async () => {
  const isIdle = () => !process.getActiveResourcesInfo().includes('Immediate');
  await vi.waitUntil(isIdle, { timeout: 5_000, interval: 10 }).catch(() => {
    throw new Error('The tests of this file left a loop of setImmediate behind.');
  });
});

afterEach(({ task }) => {
  const { meta } = task.file;
  meta.leftOut = (meta.leftOut ?? 0) + takeLeftOut();
  const lines = endTest();
  if (lines.length === 0 || task.result?.state === 'fail') return;
  throw new Error(`The test reads no result of:\n  ${lines.join('\n  ')}`);
});
