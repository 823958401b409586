import { type Lease, localLeaseHolder, savedLeases } from './lease.ts';
import { configDirectories, lineage } from './lineage.ts';
import type { World } from './world.ts';

/** What a lease started, directly or not: dnx uses only the leased token in it. */
export interface Session {
  /** `agent-mhk3f9x2-1a2b-x9z3k1`. */
  readonly name: string;
  /** True in `dnx agent run`. */
  readonly agent: boolean;
  /** Started with --read-only. */
  readonly readOnly: boolean;
  /** Started with --show-values. */
  readonly showValues: boolean;
  /** Undefined once it has ended. */
  readonly lease: Lease | undefined;
}

/** The error for a process of a session that has ended. */
export const LEASE_OVER = 'The lease that started this is over.';

/**
 * The session that this process belongs to. The environment names it, that of this process or of one that started it; it is also found by
 * its lease, whose process started this one. If there are several, the strictest of each rule counts.
 */
export function findSession({ env, platform }: Pick<World, 'env' | 'platform'>, config: string): Session | undefined {
  const line = lineage(platform);
  const marks = [env, ...line.map((each) => each.env)].flatMap((each) => each?.DNX_LEASE || []);
  const pids = line.map(({ pid }) => pid);
  const isOwn = (lease: Lease) => pids.includes(localLeaseHolder(lease)?.pid ?? -1);
  const saved = configDirectories({ platform }, config, line).flatMap(savedLeases);
  const own = saved.filter((lease) => isOwn(lease) || marks.includes(lease.session));
  const lease = own.find(({ session }) => session === marks[0]) ?? own[0];
  const name = lease?.session ?? marks[0];
  if (name === undefined) return undefined;
  return {
    name,
    // A mark that nobody could have set counts as the stricter one.
    agent: [...own.map(({ session }) => session), name].some((each) => !each.startsWith('lease-')),
    readOnly: own.some(({ read_only }) => read_only),
    showValues: own.every(({ show_values }) => show_values),
    lease,
  };
}
