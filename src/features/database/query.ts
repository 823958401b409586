import { randomBytes } from 'node:crypto';
import { DnxError, usage } from '../../base/errors.ts';
import { bytes, quotedName } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done, rows } from '../../cli/output/view.ts';
import { Moved, type Targets } from '../../platform/names/names.ts';
import { type DatabaseSource, readDatabase } from './credentials.ts';
import { type QueryResult, runRemoteQuery } from './remote-client.ts';
import { type Read, readIn } from './statement.ts';

/** `dnx db query`: the rows that a statement yields on the server of a site, or how many it changed. */
export async function query(
  ctx: Context,
  targets: Targets,
  { sql, ...options }: Given<{ write: boolean; user: string }> & { readonly sql: string },
) {
  if (sql.trim() === '') throw usage('The statement is empty.');
  if (sql.includes('\0')) throw usage('The statement contains a NUL character.');
  const source = await readDatabase(ctx, targets, options.user);
  const { place } = source;
  const { driver, database } = source.credentials;
  const refused = (word: string): DnxError =>
    ctx.settings.readOnly
      ? new DnxError('read_only', `DNX_READ_ONLY does not allow '${word}'. Nothing ran.`)
      : usage(`'${word}' needs --write. Nothing ran.`, 'Without it, dnx db query only reads.');
  const read = options.write ? undefined : readIn(sql, driver, refused);
  ctx.progress.spin(`Querying ${quotedName(database)}`);
  const mark = `dnx_${randomBytes(8).toString('hex')}`;
  const output = await answer(ctx, source, { sql, read, mark });
  const { names, values } = driver === 'mysql' ? fromXml(output) : fromCsv(output, mark);
  if (names[0] === mark) {
    const changed = Math.max(0, Number(values[0]?.[0] ?? 0));
    const words = `${changed === 0 ? 'no' : changed} ${changed === 1 ? 'row' : 'rows'} changed`;
    const data = { site: place.domain, database, rows_changed: changed };
    return done(`Ran it on ${quotedName(database)} on ${place.machine.server.label}: ${words}`, data);
  }
  const keys = distinct(names);
  const items = values.map(
    (row): Readonly<Record<string, string | null>> => Object.fromEntries(keys.map((key, at) => [key, row[at] ?? null])),
  );
  const columns = keys.map((key) => ({ key, verbatim: true as const }));
  return rows(items, columns, 'No rows.');
}

interface Statement {
  readonly sql: string;
  readonly read: Read | undefined;
  /** The name of the column that tells how many rows changed. */
  readonly mark: string;
}

const MOST = 64_000_000;
const TOO_MUCH = new DnxError('failed', `The rows take more than ${bytes(MOST)}.`, {
  hint: 'Add a LIMIT, or save whole tables with: dnx db dump',
});

async function answer(ctx: Context, source: DatabaseSource, statement: Statement): Promise<string> {
  const { driver } = source.credentials;
  const args = driver === 'mysql' ? ['--xml', '--loose-binary-as-hex'] : ['--csv', `--pset=null=${statement.mark}`];
  try {
    const script = scripts[driver](statement);
    return await runRemoteQuery(ctx, source, script, { args, most: MOST, tooMuch: TOO_MUCH }, (ran) =>
      interrupted(ctx, source, statement, ran),
    );
  } catch (error) {
    // What only moved runs again.
    throw error instanceof DnxError && !(error instanceof Moved) ? explained(error, statement) : error;
  }
}

const CANCELED = /ERROR 1317|canceling statement due to user request/;

function interrupted({ world }: Context, { place }: DatabaseSource, { read }: Statement, { code, stderr }: QueryResult) {
  const { reason } = world.signal;
  if (!(reason instanceof DnxError)) return reason;
  const told = (message: string, more: ConstructorParameters<typeof DnxError>[2] = {}) =>
    new DnxError(reason.code, `${reason.message.replace(/\.$/, '')}; ${message}`, { ...more, cause: reason });
  if (CANCELED.test(stderr)) return told('the database stopped the statement.');
  if (code === 0) return read ? reason : told('but the statement had run to its end.');
  return told(`the statement may still run on ${place.machine.server.label}.`, {
    hint: `To stop it, use: dnx db kill ${place.domain} ID`,
    next: [{ command: ['db', 'ps', place.domain], why: 'See what runs' }],
  });
}

/** The error of the database, without the lines of what the client ran, and what to do. */
function explained(error: DnxError, { sql, read }: Statement): DnxError {
  const message = error.message.replace(/(ERROR \d+ \(\w+\)) at line \d+/, '$1');
  const told = new DnxError(error.code, message, { details: error.details, hint: error.hint, next: error.next });
  if (/multi-query|prepared statement protocol|transaction block/.test(message) || (/syntax/.test(message) && /;\s*\S/.test(sql)))
    return told.withHint('It must be one statement. For scripts, use: dnx db shell');
  if (read && /read.only transaction|cannot open .* query as cursor/i.test(message))
    return told.withHint('If it may change the database, use --write.');
  return told;
}

/**
 * What the clients run. The server itself sees to it that this is one statement, which changes nothing unless it may: the first by preparing
 * it or opening a cursor, the second by a transaction and, for MySQL, by preparing it as part of another query too, where it can be nothing
 * else. As a string in hexadecimal, no client reads commands in it. The settings decide where its strings end.
 */
const scripts = {
  mysql({ sql, read, mark }: Statement): string {
    const set = (name: string, text: string) => `SET @${name} = CONVERT(0x${Buffer.from(text).toString('hex')} USING utf8mb4);`;
    const prepared = (name: string, text: string) => [set(name, text), `PREPARE ${name} FROM @${name};`];
    if (!read) return [...prepared('dnx', sql), 'EXECUTE dnx;', `SELECT ROW_COUNT() AS ${mark};`, ''].join('\n');
    return [
      "SET SESSION sql_mode = '';",
      'SET SESSION TRANSACTION READ ONLY;',
      'START TRANSACTION READ ONLY;',
      ...prepared('dnx', read.sql),
      ...(read.query === undefined ? [] : prepared('dnx_query', `SELECT EXISTS (\n${read.query}\n)`)),
      'EXECUTE dnx;',
      '',
    ].join('\n');
  },
  pgsql({ sql, read, mark }: Statement): string {
    const text = `pg_catalog.convert_from(pg_catalog.decode('${Buffer.from(read?.sql ?? sql).toString('hex')}', 'hex'), 'UTF8')`;
    // What yields no rows has no cursor.
    const otherwise = `EXCEPTION WHEN invalid_cursor_definition THEN IF SQLERRM LIKE '%multi-query%' THEN RAISE; END IF;
EXECUTE statement; GET DIAGNOSTICS changed = ROW_COUNT; OPEN dnx FOR SELECT changed AS ${mark};`;
    return `BEGIN TRANSACTION READ ${read ? 'ONLY' : 'WRITE'};
${read ? 'SET LOCAL standard_conforming_strings = on;' : ''}
DO $dnx$ DECLARE dnx refcursor := 'dnx'; changed bigint; statement text := ${text};
BEGIN OPEN dnx FOR EXECUTE statement; ${read ? '' : otherwise} END $dnx$;
FETCH ALL FROM dnx;
${read ? 'ROLLBACK' : 'COMMIT'};
`;
  },
};

/** Null is NULL. */
type Answer = { readonly names: readonly string[]; readonly values: readonly (readonly (string | null)[])[] };

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

function distinct(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  for (const name of names) {
    let unique = name;
    for (let count = 2; taken.has(unique); count += 1) unique = `${name}_${count}`;
    taken.add(unique);
  }
  return [...taken];
}
