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
  /** What the database has besides: `view open_orders`. */
  readonly others: readonly string[];
  /** Equal if both sides are one database. */
  readonly identity: string;
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
  const objects = objectsIn<{ at?: number; rows?: number; has?: string; is?: string }>(source, output);
  const found = new Map(objects.map(({ at, rows }) => [at, Number.isSafeInteger(rows) ? rows : null]));
  return {
    rows: new Map(counted.map(({ name }, at) => [name, found.get(at) ?? null])),
    others: objects.flatMap(({ has }) => has ?? []).map(String),
    identity: objects.flatMap(({ is }) => is ?? []).join(' '),
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

/** What tells the database from any other. A server that has no such id does without. */
const identities = {
  mysql: ["CONCAT_WS(' ', @@hostname, @@port, @@datadir, DATABASE())", '@@server_uuid', '@@server_uid'],
  pgsql: ["concat(pg_postmaster_start_time(), ' ', (SELECT oid FROM pg_database WHERE datname = current_database()))"],
} as const;

/** The names of what else a dump should bring, each with its kind. */
const others = {
  mysql: [
    "CONCAT('view ', TABLE_NAME)) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()",
    "CONCAT('trigger ', TRIGGER_NAME)) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
    "CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_NAME)) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
    "CONCAT('event ', EVENT_NAME)) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
  ],
  pgsql: [
    ...[
      "'view' AS kind, oid, relnamespace AS place, relname AS name FROM pg_class WHERE relkind IN ('v', 'm')",
      "'function', oid, pronamespace, proname FROM pg_proc",
      "'trigger', t.oid, relnamespace, tgname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal",
    ].map(
      (query) => `concat(kind, ' ', nullif(nspname, 'public') || '.', name)) FROM (SELECT ${query}) AS o (kind, oid, place, name)
JOIN pg_namespace n ON n.oid = place WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE objid = o.oid AND d.deptype = 'e')`,
    ),
  ],
} as const;

function countsOf({ credentials: { driver } }: DatabaseSource, words: readonly string[]): string {
  const object = driver === 'mysql' ? 'JSON_OBJECT' : 'json_build_object';
  const nameOf = (word: string) => (driver === 'mysql' ? identifier(word, { driver }) : word);
  const counts = words.map((word, at) => `SELECT ${object}('at', ${at}, 'rows', COUNT(*)) FROM ${nameOf(word)};`);
  const asked = [
    ...identities[driver].map((expression) => `SELECT ${object}('is', ${expression});`),
    ...others[driver].map((query) => `SELECT ${object}('has', ${query};`),
  ];
  return `${[...settings[driver], ...asked, ...counts].join('\n')}\n`;
}
