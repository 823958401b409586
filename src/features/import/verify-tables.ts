import { DnxError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { credentialsInFile, credentialsOf, type DatabaseSource } from '../database/credentials.ts';
import { identifier } from '../database/local-server.ts';
import { bare, MOST_LISTED, objectsIn, runRemoteQuery } from '../database/remote-client.ts';
import { tablesOf, USUAL } from '../database/tables.ts';
import type { SiteOnMachine } from '../remote/machine.ts';

/** How many rows the tables of a site have. */
export interface TableCounts {
  /** By name; null for a table that could not be counted. */
  readonly rows: ReadonlyMap<string, number | null>;
  /** The tables that are filled and emptied all the time, which are not counted. */
  readonly leftOut: readonly string[];
}

/** Counts the rows of a site's tables over ssh, read-only. `path`: that of the site, on a server that Deploynix does not know. */
export async function countTables(ctx: Context, place: SiteOnMachine, path?: string): Promise<TableCounts> {
  const credentials = path === undefined ? await credentialsOf(ctx, place) : await credentialsInFile(ctx, place, path);
  if (!credentials) throw new DnxError('not_found', `${place.machine.server.label} has no .env of ${place.domain} in ${path}.`);
  const source = { place, credentials };
  const all = await tablesOf(ctx, source);
  const counted = all.filter(({ name }) => !USUAL.test(name));
  const sql = countsOf(
    source,
    counted.map(({ word }) => word),
  );
  const args = [...bare[credentials.driver], ...persistent[credentials.driver]];
  const output = await runRemoteQuery(ctx, source, sql, { args, most: MOST_LISTED, act: 'count' }, (_, reason) => reason);
  const found = new Map(objectsIn<{ at: number; rows: number }>(source, output).map(({ at, rows }) => [at, rows]));
  return {
    rows: new Map(counted.map(({ name }, at) => [name, found.get(at) ?? null])),
    leftOut: all.flatMap(({ name }) => (USUAL.test(name) ? [name] : [])),
  };
}

/** Makes a client go on after a table that it cannot read. */
const persistent = { mysql: ['--force'], pgsql: ['--set=ON_ERROR_STOP=0'] } as const;

/** How long a table may be locked, in s. */
const LOCKED_S = 30;

const settings = {
  mysql: ['SET SESSION TRANSACTION READ ONLY;', `SET SESSION lock_wait_timeout = ${LOCKED_S};`],
  // Rows that a policy hides would be missing without a word.
  pgsql: [
    'SET default_transaction_read_only = on;',
    'SET search_path = pg_catalog;',
    'SET row_security = off;',
    `SET lock_timeout = '${LOCKED_S}s';`,
  ],
} as const;

function countsOf({ credentials: { driver } }: DatabaseSource, words: readonly string[]): string {
  const object = driver === 'mysql' ? 'JSON_OBJECT' : 'json_build_object';
  const nameOf = (word: string) => (driver === 'mysql' ? identifier(word, { driver }) : word);
  const counts = words.map((word, at) => `SELECT ${object}('at', ${at}, 'rows', COUNT(*)) FROM ${nameOf(word)};`);
  return `${[...settings[driver], ...counts].join('\n')}\n`;
}
