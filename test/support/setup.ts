import { afterAll, afterEach, beforeEach } from 'vitest';
import { disableStorages } from './async-storage.ts';
import './exits.ts';
import { removeKept } from './kept.ts';
import { beginTest, endTest } from './results.ts';
import { takeLeftOut } from './volume.ts';

beforeEach(beginTest);
afterAll(removeKept);
afterAll(disableStorages);

afterEach(({ task }) => {
  const { meta } = task.file;
  meta.leftOut = (meta.leftOut ?? 0) + takeLeftOut();
  const lines = endTest();
  if (lines.length === 0 || task.result?.state === 'fail') return;
  throw new Error(`The test reads no result of:\n  ${lines.join('\n  ')}`);
});
