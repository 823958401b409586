import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { getBuiltinModule, kill, pid, platform } from 'node:process';
import { attempt, DnxError, systemCode, usage } from '../../base/errors.ts';
import type { Clock } from '../world.ts';
import { fileNames, makeDirectory } from './text-file.ts';

const STEP_MS = 20;
const PATIENCE_MS = 10_000;

/** How long a process whose start time is unknown may hold a lock: its id may be of another process by now. Edits take milliseconds. */
const UNCERTAIN_MS = 60_000;

/** What waiting for a lock needs. */
export interface LockWaiting {
  readonly clock: Pick<Clock, 'sleep' | 'elapsed'>;
  readonly signal?: AbortSignal | undefined;
  /** How long the same process may hold the lock. A lock that changes hands is only busy. */
  readonly patienceMs?: number;
}

/**
 * Runs `edit` while holding the lock of a file: a directory next to it, which contains an empty file named after the holder.
 * Every step is a rename that only one process can win, so only one can take over the lock of a dead process.
 */
export async function locked<T>(
  file: string,
  { clock, signal, patienceMs = PATIENCE_MS }: LockWaiting,
  edit: () => T | Promise<T>,
): Promise<T> {
  const lock = `${file}.lock`;
  makeDirectory(dirname(file));
  const holderFile = ownHolderName();
  let since = clock.elapsed();
  let seen: string | undefined;
  while (!take(lock, holderFile)) {
    const [holder = seen] = fileNames(lock);
    if (holder !== seen) since = clock.elapsed();
    seen = holder;
    if (clock.elapsed() - since >= patienceMs) throw busy(lock);
    await clock.sleep(STEP_MS, signal);
  }
  try {
    removeLeftovers(file);
    return await edit();
  } finally {
    release(lock, holderFile);
  }
}

function take(lock: string, holderFile: string): boolean {
  // Ten times faster than catching ENOENT.
  const holder = existsSync(lock) ? holderIn(lock) : undefined;
  if (holder === undefined) return create(lock, holderFile);
  const isAbandoned = isHolderGone(holder) || (holder.start === '' && isLocalHolder(holder) && isOld(lock, holderFile));
  return isAbandoned && won(() => renameSync(join(lock, holderName(holder)), join(lock, holderFile)));
}

/** Renames a prepared lock into place. That fails if there is a lock that is not empty. */
function create(lock: string, holderFile: string): boolean {
  return withCandidate(lock, holderFile, (candidate) => {
    writeFileSync(join(candidate, holderFile), '', { mode: 0o600 });
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
const isOld = (lock: string, holderFile: string): boolean =>
  withCandidate(lock, holderFile, (candidate) => {
    const existing = statSync(lock, { throwIfNoEntry: false });
    return existing !== undefined && statSync(candidate).mtimeMs - existing.mtimeMs > UNCERTAIN_MS;
  });

/** Runs `step` with a new directory beside a lock, which is removed unless it became the lock. */
function withCandidate(lock: string, holderFile: string, step: (candidate: string) => boolean): boolean {
  const candidate = `${lock}.${holderFile}`;
  mkdirSync(candidate, { mode: 0o700 });
  try {
    return step(candidate);
  } finally {
    rmSync(candidate, { recursive: true, force: true });
  }
}

/** Removes our file, and the directory unless another process has put its file there. */
function release(lock: string, holderFile: string): void {
  try {
    unlinkSync(join(lock, holderFile));
    rmdirSync(lock);
  } catch {
    // Another process has taken over the empty directory, or someone deleted it.
  }
}

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
  fileNames(lock)
    .map(holderNamed)
    .find((holder) => holder !== undefined);

/** Removes leftovers of killed processes: partial copies (also those of conf) and prepared locks. */
function removeLeftovers(file: string): void {
  const directory = dirname(file);
  const prefix = `${basename(file)}.`;
  for (const name of fileNames(directory).filter((name) => name.startsWith(prefix))) {
    const rest = name.slice(prefix.length);
    const holder = rest.startsWith('lock.') ? holderNamed(rest.slice('lock.'.length)) : undefined;
    if (/^([\da-f-]+\.tmp|tmp-[\da-f]+)$/.test(rest) || (holder && isHolderGone(holder)))
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

/** The process that holds a lock, identified across reboots, containers and reused process ids. Unknown fields are empty. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Boot id and process id namespace; only on Linux. */
  readonly boot: string;
  readonly namespace: string;
  /** Start time of the process, in a format of the platform. */
  readonly start: string;
}

/** The holder for a running process of this host. */
export const processHolder = (pid: number): Holder => ({ ...thisHost(), pid, start: processStart(pid) ?? '' });

/** The file name of a holder. */
export const holderName = ({ host, pid, boot, namespace, start }: Holder): string => [host, pid, boot, namespace, start].join(',');

/** Parses the file name of a holder; undefined for any other file. */
export function holderNamed(name: string): Holder | undefined {
  const [host = '', pid = '', boot = '', namespace = '', start, ...more] = name.split(',');
  return start === undefined || more.length > 0 || !/^\d+$/.test(pid) ? undefined : { host, pid: Number(pid), boot, namespace, start };
}

/** The file name of this process as a holder. */
export const ownHolderName = (): string => holderName(processHolder(pid));

/** True if this host can tell whether the process has ended. */
export function isLocalHolder({ host, namespace }: Holder): boolean {
  const here = thisHost();
  return host === here.host && !differ(namespace, here.namespace);
}

/** True if the process has certainly ended. Unknown, so false, for other hosts and containers. */
export function isHolderGone(holder: Holder): boolean {
  const here = thisHost();
  if (holder.host !== here.host) return false;
  if (differ(holder.boot, here.boot)) return true;
  if (differ(holder.namespace, here.namespace)) return false;
  const start = processStart(holder.pid);
  return start === undefined || differ(holder.start, start);
}

const differ = (one: string, other: string): boolean => one !== '' && other !== '' && one !== other;

let known: Omit<Holder, 'pid' | 'start'> | undefined;

function thisHost(): Omit<Holder, 'pid' | 'start'> {
  known ??= {
    // A file name has at most 255 bytes.
    host: inName(hostname()).slice(0, 64),
    boot: inName(attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())),
    namespace: inName(attempt(() => readlinkSync('/proc/self/ns/pid'))),
  };
  return known;
}

/** The name of this host. Loading node:os takes a millisecond. */
const hostname = (): string =>
  attempt(() => readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()) ?? getBuiltinModule('node:os').hostname();

const inName = (text = ''): string => text.replace(/[^\w.-]/g, '-');

/** Start time of a process; undefined if it has ended, '' if it is running but the time is unknown. */
export function processStart(pid: number, system: NodeJS.Platform = platform): string | undefined {
  if (!exists(pid)) return undefined;
  if (system === 'win32') return '';
  const [state, start] = attempt(() => (hasProc(system) ? fromProc(pid) : fromPs(pid))) ?? ['', ''];
  // Z and X: a zombie, or dead.
  return /^[ZX]/.test(state) ? undefined : inName(start);
}

const hasProc = (system: NodeJS.Platform): boolean => system === 'linux' || system === 'android';

function exists(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** Fields 3 and 22 of proc_pid_stat(5). Field 2, the name, may contain spaces and parentheses, so it is skipped. */
function fromProc(pid: number): [state: string, start: string] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [fields[0] ?? '', fields[19] ?? ''];
}

function fromPs(pid: number): [state: string, start: string] {
  const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };
  // Lazy: it takes a millisecond to load, and Linux does without it.
  const { execFileSync } = getBuiltinModule('node:child_process');
  const line = execFileSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], { env, encoding: 'utf8', timeout: 2_000 });
  const [state = '', ...start] = line.trim().split(/\s+/);
  return [state, start.join(' ')];
}
