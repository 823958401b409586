import { createHash } from 'node:crypto';
import { DnxError } from '../../../base/errors.ts';
import { quotedName } from '../../../base/text.ts';
import type { Credentials } from '../credentials.ts';

/** What is in a local database. */
export interface Contents {
  readonly tables: number;
  readonly size: number;
}

/** An account that may do everything in the new copy, and nothing elsewhere. */
export type ImportAccount = Pick<Credentials, 'username' | 'password'>;

/** Replaces a local database by a new copy, such that at every moment one whole copy of the old data exists. */
export interface Engine {
  /** What is in the target, or in the new copy; undefined if there is no such database. */
  contents(which: 'target' | 'incoming'): Promise<Contents | undefined>;
  /** Throws if others use the target, which would be noticed only at the end. */
  requireUnused(): Promise<void>;
  /** Whether the server refuses the triggers and functions of a dump, and no other account can be created for them. */
  distrusts(): Promise<boolean>;
  /** Completes or undoes what a killed pull began. Returns what it did, for people. Throws if somebody's own database is in the way. */
  recover(): Promise<string | undefined>;
  prepare(): Promise<void>;
  /**
   * Creates the account to import with, if the local one has rights that a dump must not have: to run programs, to write files or to get
   * such rights. Throws a `Refused` if the local one cannot.
   */
  restrict(): Promise<ImportAccount | undefined>;
  seal(): Promise<void>;
  /** Puts the new copy into the place of the old one, and removes the old one. Throws a `Defaults` if only the latter failed. */
  swap(): Promise<void>;
  /** Removes the new copy, and undoes what a swap began. */
  discard(): Promise<void>;
}

/** The new copy is in place, but something after that failed. */
export class SettledSwap extends DnxError {
  constructor(cause: unknown, target: string, outgoing: string, missing = '') {
    const hint = `The new copy is in ${quotedName(target)}${missing}. The old one is still in ${quotedName(outgoing)}, until the next pull.`;
    super('failed', cause instanceof DnxError ? cause.message : String(cause), { hint, cause });
  }
}

/** A database has the name that a pull needs, but no pull left it. */
export const inTheWay = (name: string): DnxError =>
  new DnxError('failed', `The database ${quotedName(name)} is in the way: dnx did not create it.`, {
    hint: 'Rename it, or drop it if you do not need it.',
  });

/** Queries that yield the same only on the same database server. */
export const identityQueries = {
  mysql: "SELECT CONCAT_WS('|', @@hostname, @@port, @@datadir, @@version)",
  pgsql: "SELECT system_identifier || '|' || extract(epoch FROM pg_postmaster_start_time()) FROM pg_control_system()",
} as const;

/** The databases of a pull. */
export interface PullNames {
  readonly target: string;
  /** Where the new copy is built. */
  readonly incoming: string;
  /** Where the old copy is while the new one takes its place. */
  readonly outgoing: string;
  /** The account that imports, and in MySQL and MariaDB the one that views, triggers, routines and events belong to. */
  readonly importer: string;
  readonly owner: string;
}

/** PostgreSQL allows 63 bytes. */
const MOST = 63;

/** The databases beside a local one. They have the same names every time, so that the next pull finds what a killed one left. */
export const namesFor = (target: string): PullNames => ({
  target,
  incoming: beside(target, '_dnx_new'),
  outgoing: beside(target, '_dnx_old'),
  importer: `dnx_pull_${hashOf(target)}`,
  owner: `dnx_code_${hashOf(target)}`,
});

/** The names of accounts have at most 32 characters in MySQL. */
const hashOf = (target: string): string => createHash('sha256').update(target).digest('hex').slice(0, 8);

function beside(target: string, ending: string): string {
  if (Buffer.byteLength(target) + ending.length <= MOST) return `${target}${ending}`;
  const hash = hashOf(target);
  let stem = target;
  while (Buffer.byteLength(stem) + hash.length + 1 + ending.length > MOST) stem = [...stem].slice(0, -1).join('');
  return `${stem}_${hash}${ending}`;
}
