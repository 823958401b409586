import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

const STEP_MS = 20;

/** An edit takes milliseconds: a lock that stands longer was left by a process that was killed. */
const PATIENCE_MS = 2_000;

/** Reads, changes and writes a file while no other dnx does, so that neither loses what the other wrote. Waits without giving way: it is short. */
export function locked<T>(file: string, edit: () => T, patienceMs = PATIENCE_MS): T {
  const lock = `${file}.lock`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  for (let waited = 0; !taken(lock); waited += STEP_MS) {
    if (waited >= patienceMs) rmSync(lock, { recursive: true, force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STEP_MS);
  }
  try {
    return edit();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** A directory is made by one process alone, on every file system. */
function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
