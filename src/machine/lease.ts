import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../base/errors.ts';
import { type Holder, holderNamed, isHolderGone, isLocalHolder } from './files/lock.ts';
import { jsonFileNames, readJson, writeJson } from './files/text-file.ts';
import { configDirectories, lineage } from './lineage.ts';
import { leaseDirectory } from './settings/directories.ts';
import type { World } from './world.ts';

/** A token that a child process has for a while, saved so that it is revoked whatever happens. Contains no secret. */
export interface Lease {
  readonly version: 1;
  /** Begins with `agent-` for an agent's session. */
  readonly session: string;
  readonly host: string;
  readonly profile: string;
  /** The fingerprint of the token that minted it, if that was in DNX_TOKEN; null for the stored sign-in. */
  readonly owner: string | null;
  /** The name of the token, which no other one has. */
  readonly token: string;
  /** Null until the API has sent it. */
  readonly id: string | null;
  /** The fingerprint of the token; null until the API has sent it. */
  readonly fingerprint: string | null;
  readonly started_at: string;
  readonly until: string;
  /** The process that revokes it, as in the name of a lock; null if that could not. */
  readonly holder: string | null;
  /** Where the history of the session is. */
  readonly state: string;
  readonly read_only: boolean;
  /** Values of variables and rows of databases are shown in it. Those of a script always are. */
  readonly show_values: boolean;
}

const fileOf = (config: string, { session }: Pick<Lease, 'session'>): string => join(leaseDirectory(config), `${session}.json`);

/** Saves a lease, for this user only. */
export const saveLease = (config: string, lease: Lease): void => writeJson(fileOf(config, lease), lease);

/** Forgets a lease whose token is gone. If it cannot, a later command finds out again. */
export function forgetLease(config: string, lease: Pick<Lease, 'session'>): void {
  // A disk may be read-only.
  attempt(() => rmSync(fileOf(config, lease), { force: true }));
}

/** Every saved lease. Anything else in the directory is ignored. */
export const savedLeases = (config: string): readonly Lease[] =>
  jsonFileNames(leaseDirectory(config)).flatMap((name) => {
    const lease = attempt(() => readJson<Partial<Lease>>(join(leaseDirectory(config), name)));
    return lease && isComplete(lease) && `${lease.session}.json` === name ? [lease] : [];
  });

/** The process of a lease, if it may still be running. */
export function leaseHolder({ holder }: Lease): Holder | undefined {
  const found = holder === null ? undefined : holderNamed(holder);
  return found && !isHolderGone(found) ? found : undefined;
}

/** The same on this machine and in this container, where its process id means something. */
export function localLeaseHolder(lease: Lease): Holder | undefined {
  const found = leaseHolder(lease);
  return found && isLocalHolder(found) ? found : undefined;
}

function isComplete(lease: Partial<Lease>): lease is Lease {
  const { version, session, host, profile, token, started_at, until, state } = lease;
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  const isTextOrNull = (value: unknown) => value === null || isText(value);
  return (
    version === 1 &&
    [session, host, profile, token, state].every(isText) &&
    [started_at, until].every((time) => !Number.isNaN(Date.parse(String(time)))) &&
    [lease.owner, lease.id, lease.fingerprint, lease.holder].every(isTextOrNull) &&
    [lease.read_only, lease.show_values].every((value) => typeof value === 'boolean')
  );
}

/** The name of a session, which is as wide for every process: `agent-mww2n400-0002s-i00000`. `chance`: from 0 to 1. */
export function sessionName(kind: string, { now, pid, chance }: Readonly<Record<'now' | 'pid' | 'chance', number>>): string {
  const part = (number: number, width: number) => number.toString(36).padStart(width, '0');
  return [kind, part(now, 8), part(pid, 5), part(Math.floor(chance * 36 ** 6), 6)].join('-');
}

/** The name of a leased token: who looks at the list of tokens sees what it is, and until when. */
export const leaseName = (session: string, until: string): string => `dnx ${session} until ${until.replace(/\.\d+Z$/, 'Z')}`;

/** When a token with this name is to be revoked, in epoch ms; undefined for any other name. */
export function leaseEnd(name: string): number | undefined {
  const [, until = ''] = /^dnx (?:lease|agent)(?:-[\da-z]+)+ until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(name) ?? [];
  const ms = Date.parse(until);
  return Number.isNaN(ms) ? undefined : ms;
}

/** What a lease started, directly or not: dnx uses only the leased token in it. */
export interface Session {
  /** `agent-mhk3f9x2-1a2b-x9z3k1`. */
  readonly name: string;
  /** True in `dnx agent run`. */
  readonly agent: boolean;
  readonly readOnly: boolean;
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
  const marks = [env, ...line.map((forebear) => forebear.env)].flatMap((variables) => variables?.DNX_LEASE || []);
  const pids = line.map(({ pid }) => pid);
  const isOwn = (lease: Lease) => pids.includes(localLeaseHolder(lease)?.pid ?? -1);
  const saved = configDirectories({ platform }, config, line).flatMap(savedLeases);
  const leases = saved.filter((lease) => isOwn(lease) || marks.includes(lease.session));
  const lease = leases.find(({ session }) => session === marks[0]) ?? leases[0];
  const name = lease?.session ?? marks[0];
  if (name === undefined) return undefined;
  return {
    name,
    // A mark that nobody could have set counts as the stricter one.
    agent: [...leases.map(({ session }) => session), name].some((session) => !session.startsWith('lease-')),
    readOnly: leases.some(({ read_only }) => read_only),
    showValues: leases.every(({ show_values }) => show_values),
    lease,
  };
}
