import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Holder, holderOf, nameOf } from '../../src/machine/files/holder.ts';

/** A living process that may hold locks, and how to kill it. */
export interface LivingHolder {
  readonly holder: Holder;
  kill(): Promise<void>;
}

/** Starts a process that does nothing until the end of the test. */
export async function startHolder(): Promise<LivingHolder> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('spawn', resolve));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    holder: holderOf(child.pid ?? 0),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Leaves the lock of a file as this holder would, in the middle of an edit. Answers with its path. */
export function leaveLock(file: string, holder: Holder): string {
  const lock = `${file}.lock`;
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, nameOf(holder)), '');
  return lock;
}
