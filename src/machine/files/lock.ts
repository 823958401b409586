import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pid } from 'node:process';
import { DnxError, systemCode, usage } from '../../base/errors.ts';
import type { Clock } from '../world.ts';
import { makeDirectory } from './directory.ts';
import { type Holder, holderNamed, holderOf, isGone, isLocal, nameOf } from './holder.ts';

const STEP_MS = 20;
const PATIENCE_MS = 10_000;

/** How long a process whose start time is unknown may hold a lock: its id may be of another process by now. Edits take milliseconds. */
const UNCERTAIN_MS = 60_000;

/** What waiting for a lock needs. */
export interface Waiting {
  readonly clock: Pick<Clock, 'sleep' | 'elapsed'>;
  readonly signal?: AbortSignal | undefined;
  /** How long the same process may hold the lock. A lock that changes hands is only busy. */
  readonly patienceMs?: number;
  /** For locks that every request takes: no start time if that is slow to read, and no search for leftovers if the lock was free. */
  readonly brief?: boolean;
}

/**
 * Runs `edit` while holding the lock of a file: a directory next to it, which contains an empty file named after the holder.
 * Every step is a rename that only one process can win, so only one can take over the lock of a dead process.
 */
export async function locked<T>(
  file: string,
  { clock, signal, patienceMs = PATIENCE_MS, brief = false }: Waiting,
  edit: () => T,
): Promise<T> {
  const lock = `${file}.lock`;
  makeDirectory(dirname(file));
  const own = nameOf(holderOf(pid, { brief }));
  const thorough = !brief || existsSync(lock);
  let since = clock.elapsed();
  let seen: string | undefined;
  while (!take(lock, own)) {
    const [holder = seen] = namesIn(lock);
    if (holder !== seen) since = clock.elapsed();
    seen = holder;
    if (clock.elapsed() - since >= patienceMs) throw busy(lock);
    await clock.sleep(STEP_MS, signal);
  }
  try {
    if (thorough) removeLeftovers(file);
    return edit();
  } finally {
    release(lock, own);
  }
}

function take(lock: string, own: string): boolean {
  // Ten times faster than catching ENOENT.
  const holder = existsSync(lock) ? holderIn(lock) : undefined;
  if (holder === undefined) return create(lock, own);
  const isAbandoned = isGone(holder) || (holder.start === '' && isLocal(holder) && isOld(lock, own));
  return isAbandoned && won(() => renameSync(join(lock, nameOf(holder)), join(lock, own)));
}

/** Renames a prepared lock into place. That fails if there is a lock that is not empty. */
function create(lock: string, own: string): boolean {
  return withCandidate(lock, own, (candidate) => {
    writeFileSync(join(candidate, own), '', { mode: 0o600 });
    const existing = statSync(lock, { throwIfNoEntry: false });
    if (existing && !existing.isDirectory()) throw usage(`${lock} is not a dnx lock.`, 'Remove it and try again.');
    return won(() => {
      // What a killed process leaves on its way out; Windows renames no directory over another one.
      if (existing) rmdirSync(lock);
      renameSync(candidate, lock);
    });
  });
}

/** True if a lock has not changed hands for long, by the times of the file system, which may be on another machine. */
const isOld = (lock: string, own: string): boolean =>
  withCandidate(lock, own, (candidate) => {
    const existing = statSync(lock, { throwIfNoEntry: false });
    return existing !== undefined && statSync(candidate).mtimeMs - existing.mtimeMs > UNCERTAIN_MS;
  });

/** Runs `step` with a new directory beside a lock, which is removed unless it became the lock. */
function withCandidate(lock: string, own: string, step: (candidate: string) => boolean): boolean {
  const candidate = `${lock}.${own}`;
  mkdirSync(candidate, { mode: 0o700 });
  try {
    return step(candidate);
  } finally {
    rmSync(candidate, { recursive: true, force: true });
  }
}

/** Removes our file, and the directory unless another process has put its file there. */
function release(lock: string, own: string): void {
  try {
    unlinkSync(join(lock, own));
    rmdirSync(lock);
  } catch {
    // Another process has taken over the empty directory, or someone deleted it.
  }
}

/** Error codes if another process was faster. */
const raceCodes = ['EEXIST', 'ENOTEMPTY', 'ENOENT', 'ENOTDIR', 'EPERM', 'EACCES'];

function won(step: () => void): boolean {
  try {
    step();
    return true;
  } catch (error) {
    if (raceCodes.includes(systemCode(error) ?? '')) return false;
    throw error;
  }
}

const holderIn = (lock: string): Holder | undefined =>
  namesIn(lock)
    .map(holderNamed)
    .find((holder) => holder !== undefined);

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Removes leftovers of killed processes: partial copies (also those of conf) and prepared locks. */
function removeLeftovers(file: string): void {
  const directory = dirname(file);
  const prefix = `${basename(file)}.`;
  for (const name of namesIn(directory).filter((each) => each.startsWith(prefix))) {
    const rest = name.slice(prefix.length);
    const holder = rest.startsWith('lock.') ? holderNamed(rest.slice('lock.'.length)) : undefined;
    if (/^([\da-f-]+\.tmp|tmp-[\da-f]+)$/.test(rest) || (holder && isGone(holder)))
      rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function busy(lock: string): DnxError {
  const holder = holderIn(lock);
  const held = holder ? `, held by process ${holder.pid} on ${holder.host}` : '';
  return new DnxError('failed', `Timed out waiting for ${lock}${held}.`, {
    hint: `If no other dnx is running, remove ${lock} and try again.`,
  });
}
