import { readFileSync, readlinkSync } from 'node:fs';
import { getBuiltinModule, kill, pid, platform } from 'node:process';
import { systemCode } from '../../base/errors.ts';

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

/** The holder for a running process of this host. `brief`: without a start time that takes another program to read. */
export const holderOf = (pid: number, { brief = false } = {}): Holder => ({
  ...thisHost(),
  pid,
  start: brief && !hasProc(platform) ? '' : (startOf(pid) ?? ''),
});

/** The file name of a holder. */
export const nameOf = ({ host, pid, boot, namespace, start }: Holder): string => [host, pid, boot, namespace, start].join(',');

/** Parses the file name of a holder; undefined for any other file. */
export function holderNamed(name: string): Holder | undefined {
  const [host = '', pid = '', boot = '', namespace = '', start, ...more] = name.split(',');
  return start === undefined || more.length > 0 || !/^\d+$/.test(pid) ? undefined : { host, pid: Number(pid), boot, namespace, start };
}

/** The file name of this process as a holder. */
export const ownName = (): string => nameOf(holderOf(pid));

/** True if this host can tell whether the process has ended. */
export function isLocal({ host, namespace }: Holder): boolean {
  const here = thisHost();
  return host === here.host && !differ(namespace, here.namespace);
}

/** True if the process has certainly ended. Unknown, so false, for other hosts and containers. */
export function isGone(holder: Holder): boolean {
  const here = thisHost();
  if (holder.host !== here.host) return false;
  if (differ(holder.boot, here.boot)) return true;
  if (differ(holder.namespace, here.namespace)) return false;
  const start = startOf(holder.pid);
  return start === undefined || differ(holder.start, start);
}

const differ = (one: string, other: string): boolean => one !== '' && other !== '' && one !== other;

let known: Omit<Holder, 'pid' | 'start'> | undefined;

function thisHost(): Omit<Holder, 'pid' | 'start'> {
  known ??= {
    // A file name has at most 255 bytes.
    host: inName(hostname()).slice(0, 64),
    boot: inName(orNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())),
    namespace: inName(orNothing(() => readlinkSync('/proc/self/ns/pid'))),
  };
  return known;
}

/** The name of this host. Loading node:os takes a millisecond. */
const hostname = (): string =>
  orNothing(() => readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()) ?? getBuiltinModule('node:os').hostname();

const inName = (text = ''): string => text.replace(/[^\w.-]/g, '-');

/** Start time of a process; undefined if it has ended, '' if it is running but the time is unknown. */
export function startOf(pid: number, system: NodeJS.Platform = platform): string | undefined {
  if (!exists(pid)) return undefined;
  if (system === 'win32') return '';
  const [state, start] = orNothing(() => (hasProc(system) ? fromProc(pid) : fromPs(pid))) ?? ['', ''];
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

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
