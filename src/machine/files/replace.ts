import { renameSync } from 'node:fs';
import { platform } from 'node:process';
import { systemCode } from '../../base/errors.ts';

/** How Windows refuses to replace a file that another program has open, such as a virus scanner or another dnx. */
const BUSY = ['EPERM', 'EACCES', 'EBUSY'];

/** How often to try, and the longest pause in ms: two and a half seconds in all. */
const TRIES = 30;
const LONGEST_MS = 100;

/** Replaceable in tests. */
interface Means {
  readonly system?: NodeJS.Platform;
  readonly rename?: (from: string, to: string) => void;
  readonly wait?: (ms: number) => void;
}

/** Renames a file over another one. On Windows, waits briefly until no program has that open. */
export function replaceFile(from: string, to: string, { system = platform, rename = renameSync, wait = pause }: Means = {}): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      rename(from, to);
      return;
    } catch (error) {
      if (system !== 'win32' || attempt === TRIES || !BUSY.includes(systemCode(error) ?? '')) throw error;
      wait(Math.min(attempt * 10, LONGEST_MS));
    }
  }
}

/** Blocks for some ms. The callers hold locks and are not asynchronous. */
const pause = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
