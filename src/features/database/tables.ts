import { DnxError, usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { bytes, quotedName, wildcard } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import type { DatabaseSource } from './credentials.ts';
import { identifier } from './local-server.ts';
import { askRemote } from './remote-client.ts';

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

/** What Laravel and its packages keep for a while only. */
const USUAL = /^(sessions|cache|cache_locks|jobs|job_batches|failed_jobs|telescope_.+|pulse_.+)$/;

const chosenTables = (tables: readonly Table[]) => ({
  words: tables.map(({ word }) => word),
  names: tables.map(({ name }) => name),
});

const MOST = 4_000_000;

/** The tables of a site. A name has its schema, if that is not `public`. */
export async function tablesOf(ctx: Context, source: DatabaseSource) {
  const { driver } = source.credentials;
  const listed = await askRemote(ctx, source, queries[driver], MOST);
  return listed.split('\n').flatMap((line) => {
    const [schema = '', table = '', size = '', filled = ''] = line.split(/[\t|]/);
    if (table === '') return [];
    const [schemaName, name] = [schema, table].map((hex) => Buffer.from(hex, 'hex').toString()) as [string, string];
    const word = driver === 'mysql' ? name : `${identifier(schemaName, { driver })}.${identifier(name, { driver })}`;
    const shown = schemaName === 'public' || driver === 'mysql' ? name : `${schemaName}.${name}`;
    return [{ name: shown, word, size: Number(size), filled: filled === '1' }];
  });
}

/** Schemas and names in hexadecimal, sizes, and whether there are rows. */
const queries = {
  mysql: `SELECT HEX(TABLE_SCHEMA), HEX(TABLE_NAME), COALESCE(DATA_LENGTH + INDEX_LENGTH, 0), COALESCE(TABLE_ROWS, 1) > 0
FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME;`,
  pgsql: `SELECT encode(convert_to(nspname, 'UTF8'), 'hex'), encode(convert_to(relname, 'UTF8'), 'hex'), pg_total_relation_size(c.oid),
(pg_relation_size(c.oid) > 0)::int FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' ORDER BY 2;`,
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
