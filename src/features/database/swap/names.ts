import { createHash } from 'node:crypto';

/** The databases of a pull. */
export interface Names {
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
export const namesFor = (target: string): Names => ({
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
