import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Holder, holderName, processHolder } from '../../src/machine/files/lock.ts';

/** A running process that can hold locks. */
export interface LivingHolder {
  readonly holder: Holder;
  kill(): Promise<void>;
}

/** Starts a process that idles until the test ends. */
export async function startHolder(): Promise<LivingHolder> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('spawn', resolve));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    holder: processHolder(child.pid ?? 0),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Locks a file as this holder would during an edit, and returns the path of the lock. */
export function leaveLock(file: string, holder: Holder): string {
  const lock = `${file}.lock`;
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, holderName(holder)), '');
  return lock;
}
