import { DnxError, usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { bytes, quotedName, wildcard } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import type { Credentials, DatabaseSource } from './credentials.ts';
import { identifier } from './local-server.ts';
import { askObjects } from './remote-client.ts';

/** The tables whose rows to leave out. Names may contain `*`. */
export type RowOptions = Given<{ exclude_table_data: readonly string[]; only: readonly string[] }>;

/** Refuses options that contradict each other. */
export function checkRowOptions({ exclude_table_data: excluded, only }: RowOptions): void {
  if (excluded && only) throw usage('--exclude-table-data and --only cannot be combined.', 'Use only one of them.');
}

type Table = Awaited<ReturnType<typeof tablesOf>>[number];

/** Finds the tables whose rows to leave out. Throws for a name that no table has. */
export async function rowlessTables(ctx: Context, source: DatabaseSource, { exclude_table_data: excluded, only }: RowOptions) {
  if (!excluded && !only) return chosenTables([]);
  const tables = await tablesOf(ctx, source);
  const meant = matching(tables, excluded ?? only ?? [], source);
  return chosenTables(excluded ? meant : tables.filter((table) => !meant.includes(table)));
}

/** Asks whether to leave out the rows of Laravel's usual tables, which are of no use elsewhere. Jobs would even run there. */
export async function suggestRowless(ctx: Context, source: DatabaseSource) {
  const tables = await tablesOf(ctx, source);
  const found = tables.filter(({ name, filled }) => filled && USUAL.test(name));
  if (found.length === 0) return chosenTables([]);
  const size = found.reduce((sum, table) => sum + table.size, 0);
  const names = found.map(({ name }) => quotedName(name)).join(', ');
  return chosenTables((await ctx.ask.confirm(`Leave out the rows of ${names} (${bytes(size)})?`)) ? found : []);
}

/** The tables that Laravel and its packages fill and empty all the time. */
export const USUAL = /^(sessions|cache|cache_locks|jobs|job_batches|failed_jobs|telescope_.+|pulse_.+)$/;

/** Tables without their rows, as programs and people call them. */
export type RowlessTables = ReturnType<typeof chosenTables>;

const chosenTables = (tables: readonly Table[]) => ({
  words: tables.map(({ word }) => word),
  names: tables.map(({ name }) => name),
});

/** The tables of a site. A name has its schema, if that is not `public`. */
export async function tablesOf(ctx: Context, source: DatabaseSource) {
  const { driver } = source.credentials;
  const tables = await askObjects<{ schema: string; name: string; size: number; filled: boolean | number }>(ctx, source, queries[driver]);
  return tables.map(({ schema, name, ...table }) => ({ ...table, ...nameAndWord(schema, name, driver) }));
}

/** What people and programs call a table. */
export const nameAndWord = (schema: string, name: string, driver: Credentials['driver']) => ({
  name: schema === 'public' || driver === 'mysql' ? name : `${schema}.${name}`,
  word: driver === 'mysql' ? name : `${identifier(schema, { driver })}.${identifier(name, { driver })}`,
});

/** Those of MariaDB that keep their history are of a type of their own. */
export const MYSQL_TABLES = "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')";

const queries = {
  mysql: `SELECT JSON_OBJECT('schema', TABLE_SCHEMA, 'name', TABLE_NAME, 'size', COALESCE(DATA_LENGTH + INDEX_LENGTH, 0), 'filled', COALESCE(TABLE_ROWS, 1) > 0)
FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND ${MYSQL_TABLES} ORDER BY TABLE_NAME;`,
  pgsql: `SELECT json_build_object('schema', nspname, 'name', relname, 'size', pg_total_relation_size(c.oid), 'filled', pg_relation_size(c.oid) > 0)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' ORDER BY relname;`,
} as const;

function matching(tables: readonly Table[], names: readonly string[], { credentials: { database } }: DatabaseSource): readonly Table[] {
  return names.flatMap((name) => {
    const pattern = wildcard(name);
    const found = tables.filter((table) => pattern.test(table.name));
    if (found.length > 0 || name.includes('*')) return found;
    const known = tables.map((table) => table.name);
    throw new DnxError('not_found', `${quotedName(database)} has no table ${quotedName(name)}.${didYouMean(name, known)}`);
  });
}
