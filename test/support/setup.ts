import { afterEach } from 'vitest';
import { takeUnread } from './results.ts';

afterEach(({ task }) => {
  const lines = takeUnread();
  if (lines.length === 0 || task.result?.state === 'fail') return;
  throw new Error(`The test reads nothing of what these gave:\n  ${lines.join('\n  ')}`);
});
