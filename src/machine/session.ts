import { readFileSync } from 'node:fs';
import { getBuiltinModule, pid } from 'node:process';
import { type Lease, localLeaseHolder, savedLeases } from './lease.ts';
import type { World } from './world.ts';

/** What a lease started, directly or not: dnx uses only the leased token in it. */
export interface Session {
  /** `agent-mhk3f9x2-1a2b-x9z3k1`. */
  readonly name: string;
  /** True in `dnx agent run`. */
  readonly agent: boolean;
  /** Undefined once it has ended. */
  readonly lease: Lease | undefined;
}

/**
 * The session that this process belongs to. The environment names it; a child that removes the name is found by the processes that started
 * it, except on Windows.
 */
export function findSession({ env, platform }: Pick<World, 'env' | 'platform'>, config: string): Session | undefined {
  const mark = env.DNX_LEASE || undefined;
  const saved = savedLeases(config);
  const running = saved.flatMap((lease) => {
    const holder = localLeaseHolder(lease);
    return holder ? [{ lease, pid: holder.pid }] : [];
  });
  const line = running.length > 0 ? lineage(platform) : [];
  const own = running.filter((each) => line.includes(each.pid)).map(({ lease }) => lease);
  const lease = own.find(({ session }) => session === mark) ?? own[0] ?? saved.find(({ session }) => session === mark);
  const name = lease?.session ?? mark;
  // A mark that nobody could have set counts as the stricter one.
  return name === undefined ? undefined : { name, agent: [...own.map(({ session }) => session), name].some(isAgent), lease };
}

const isAgent = (name: string): boolean => !name.startsWith('lease-');

/** More than any line of processes has, in case its ids are reused while it is read. */
const LONGEST = 1_000;

/** The ids of this process and of those that started it; only this one if the platform does not tell. */
function lineage(platform: NodeJS.Platform): readonly number[] {
  const parents = platform === 'win32' ? () => undefined : platform === 'darwin' ? parentsByPs() : parentByProc;
  const line: number[] = [];
  for (let each: number | undefined = pid; each !== undefined && each > 0 && line.length < LONGEST; each = parents(each)) line.push(each);
  return line;
}

/** Field 4 of proc_pid_stat(5), after the name, which may contain spaces and parentheses. */
function parentByProc(child: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${child}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function parentsByPs(): (child: number) => number | undefined {
  // Lazy: it takes a millisecond to load, and Linux does without it.
  const { execFileSync } = getBuiltinModule('node:child_process');
  const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C' };
  try {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { env, encoding: 'utf8', timeout: 2_000 }).trim().split('\n');
    const parents = new Map(lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
    return (child) => parents.get(child);
  } catch {
    return () => undefined;
  }
}
