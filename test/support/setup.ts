import { afterEach } from 'vitest';
import { takeUnread } from './results.ts';

afterEach(({ task }) => {
  const lines = takeUnread();
  if (lines.length === 0 || task.result?.state === 'fail') return;
  throw new Error(`The test reads no result of:\n  ${lines.join('\n  ')}`);
});
