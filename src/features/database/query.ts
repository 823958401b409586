import { randomBytes } from 'node:crypto';
import { DnxError, usage } from '../../base/errors.ts';
import { quotedName } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, type Item, rows, type View } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { type DatabaseSource, readDatabase } from './credentials.ts';
import { runRemoteSql } from './remote-dump.ts';

interface Options {
  readonly sql: string;
  readonly write: boolean | undefined;
  readonly user: string | undefined;
}

type Needs = Pick<Context, 'api' | 'reach' | 'ask' | 'progress' | 'settings' | 'world'>;

/** `dnx db query`: the rows that a statement yields on the server of a site, or how many it changed. */
export async function query(ctx: Needs, targets: Targets, { sql, write = false, user }: Options): Promise<View> {
  if (sql.trim() === '') throw usage('The statement is empty.');
  if (sql.includes('\0')) throw usage('The statement contains a NUL character.');
  if (write && ctx.settings.readOnly) throw new DnxError('read_only', 'DNX_READ_ONLY does not allow --write. Nothing was sent.');
  const source = await readDatabase(ctx, targets, user);
  const { place } = source;
  const { driver, database } = source.credentials;
  ctx.progress.spin(`Querying ${quotedName(database)}`);
  const mark = `dnx_${randomBytes(8).toString('hex')}`;
  const output = await answer(ctx, source, { sql, write, mark });
  const { names, values } = driver === 'mysql' ? fromXml(output) : fromCsv(output, mark);
  if (names[0] === mark) {
    const changed = Math.max(0, Number(values[0]?.[0] ?? 0));
    const words = `${changed === 0 ? 'no' : changed} ${changed === 1 ? 'row' : 'rows'} changed`;
    return done(`Ran it on ${quotedName(database)} on ${place.machine.server.label}: ${words}`, {
      site: place.domain,
      database,
      rows_changed: changed,
    });
  }
  const keys = distinct(names);
  const items: Item[] = values.map((row) => Object.fromEntries(keys.map((key, at) => [key, row[at] ?? null])));
  return rows(
    items,
    keys.map((key) => ({ key, verbatim: true })),
    'No rows.',
  );
}

interface Statement {
  readonly sql: string;
  readonly write: boolean;
  /** The name of the column that tells how many rows changed. */
  readonly mark: string;
}

/** The size of an answer at most, in bytes. */
const MOST = 64_000_000;

async function answer(ctx: Needs, source: DatabaseSource, statement: Statement): Promise<string> {
  const { driver } = source.credentials;
  const args = driver === 'mysql' ? ['--xml', '--loose-binary-as-hex'] : ['--csv', `--pset=null=${statement.mark}`];
  try {
    return await runRemoteSql(ctx, source, scripts[driver](statement), { args, most: MOST, act: 'query' });
  } catch (error) {
    throw error instanceof DnxError ? explained(error, statement) : error;
  }
}

/** The error of the database, without the lines of what the client ran, and what to do. */
function explained(error: DnxError, { sql, write }: Statement): DnxError {
  const message = error.message.replace(/(ERROR \d+ \(\w+\)) at line \d+/, '$1');
  const told = new DnxError(error.code, message, { details: error.details, hint: error.hint, next: error.next });
  if (/multi-query|prepared statement protocol|transaction block/.test(message) || (/syntax/.test(message) && /;\s*\S/.test(sql)))
    return told.withHint('It must be one statement. For scripts, use: dnx db shell');
  if (!write && /read.only transaction|cannot open .* query as cursor/i.test(message))
    return told.withHint('If it may change the database, use --write.');
  return told;
}

/**
 * What the clients run. The server itself sees to it that this is one statement, which changes nothing unless it may: the first by preparing
 * it or opening a cursor, the second by a transaction. As a string in hexadecimal, no client reads commands in it.
 */
const scripts = {
  mysql: ({ sql, write, mark }: Statement): string =>
    [
      ...(write ? [] : ['SET SESSION TRANSACTION READ ONLY;']),
      `SET @dnx = CONVERT(0x${Buffer.from(sql).toString('hex')} USING utf8mb4);`,
      'PREPARE dnx FROM @dnx;',
      ...(write ? ['EXECUTE dnx;', `SELECT ROW_COUNT() AS ${mark};`] : ['START TRANSACTION READ ONLY;', 'EXECUTE dnx;']),
      '',
    ].join('\n'),
  pgsql({ sql, write, mark }: Statement): string {
    const text = `pg_catalog.convert_from(pg_catalog.decode('${Buffer.from(sql).toString('hex')}', 'hex'), 'UTF8')`;
    // What yields no rows has no cursor.
    const otherwise = `EXCEPTION WHEN invalid_cursor_definition THEN IF SQLERRM LIKE '%multi-query%' THEN RAISE; END IF;
EXECUTE statement; GET DIAGNOSTICS changed = ROW_COUNT; OPEN dnx FOR SELECT changed AS ${mark};`;
    return `BEGIN TRANSACTION READ ${write ? 'WRITE' : 'ONLY'};
DO $dnx$ DECLARE dnx refcursor := 'dnx'; changed bigint; statement text := ${text};
BEGIN OPEN dnx FOR EXECUTE statement; ${write ? otherwise : ''} END $dnx$;
FETCH ALL FROM dnx;
${write ? 'COMMIT' : 'ROLLBACK'};
`;
  },
};

/** The answer of a statement. */
interface Answer {
  readonly names: readonly string[];
  /** Null is NULL. */
  readonly values: readonly (readonly (string | null)[])[];
}

/** Reads what the clients of MySQL and MariaDB print with `--xml`: the first result, which names its columns only if it has rows. */
function fromXml(output: string): Answer {
  const [, first = ''] = /<resultset [^>]*>(.*?)<\/resultset>/s.exec(output) ?? [];
  const found = [...first.matchAll(/<row>(.*?)<\/row>/gs)].map(([, row = '']) => [
    ...row.matchAll(/<field name="([^"]*)"(?: xsi:nil="true" \/>|>([^<]*)<\/field>)/g),
  ]);
  return {
    names: (found[0] ?? []).map(([, name = '']) => unescaped(name)),
    values: found.map((fields) => fields.map(([, , value]) => (value === undefined ? null : unescaped(value)))),
  };
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };
const unescaped = (text: string): string => text.replace(/&(lt|gt|quot|amp);/g, (_, name: string) => entities[name] ?? '');

/** Reads CSV, in which this word stands for NULL. */
function fromCsv(output: string, absent: string): Answer {
  const all: (string | null)[][] = [];
  let row: (string | null)[] = [];
  for (const [, quoted, plain = '', end] of output.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    if (end === '' && quoted === undefined && plain === '' && row.length === 0) break;
    row.push(quoted === undefined && plain === absent ? null : (quoted?.replaceAll('""', '"') ?? plain));
    if (end === ',') continue;
    all.push(row);
    row = [];
  }
  const [names = [], ...values] = all;
  return { names: names.map((name) => name ?? absent), values };
}

/** Names of columns, of which no two are the same: `id`, `id_2`. */
function distinct(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  for (const name of names) {
    let own = name;
    for (let count = 2; taken.has(own); count += 1) own = `${name}_${count}`;
    taken.add(own);
  }
  return [...taken];
}
