import { type Detail, DnxError, isError, usage } from '../../base/errors.ts';
import { bytes, plural, quotedName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done } from '../../cli/output/view.ts';
import { confirmName } from '../../cli/run/consent.ts';
import type { Targets } from '../../platform/names/names.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { openLocal } from '../env/local-file.ts';
import { resolveReferences } from '../env/references.ts';
import { maskingOf, readRules } from './anonymize.ts';
import { type Credentials, credentialsIn, type DatabaseSource, readDatabase } from './credentials.ts';
import { counting, dumpOf } from './dump.ts';
import { type Client, exclusively, findClient, importInto, openSql, Refused } from './local-server.ts';
import { canRestrict, portable } from './portable.ts';
import { askRemote } from './remote-client.ts';
import { type Contents, type Engine, type ImportAccount, identityQueries, namesFor, type PullNames, SettledSwap } from './swap/engine.ts';
import { mysqlEngine } from './swap/mysql.ts';
import { postgresEngine } from './swap/postgres.ts';
import { checkRowOptions, type RowOptions, rowlessTables, suggestRowless } from './tables.ts';

type PullOptions = TargetOptions & RowOptions & Given<{ user: string; anonymize: string }>;

/** `dnx db pull`: replaces a local database by a copy of that of a site. */
export async function pull(ctx: Context, targets: Targets, options: PullOptions) {
  checkRowOptions(options);
  const rules = readRules(ctx, options.anonymize);
  const target = await openTarget(ctx, options);
  const { client, sql, names } = target;
  const source = await readDatabase(ctx, targets, options.user);
  const { place } = source;
  const { database } = source.credentials;
  const server = place.machine.server.label;
  requireSameDriver(source, client);
  ctx.progress.spin('Comparing the databases');
  const identity = identityQueries[client.local.driver];
  const [here, there] = [await sql.run(`${identity};`), await askRemote(ctx, source, identity)];
  requireOther(source, target, here === there);
  await requireTrust(ctx, source, target);
  const asks = ctx.ask.allowed && [options.confirm, options.exclude_table_data, options.only].every((item) => item === undefined);
  const rowless = asks ? await suggestRowless(ctx, source) : await rowlessTables(ctx, source, options);
  const masking = await maskingOf(ctx, source, rules, rowless);
  await confirmReplacement(ctx, target, `${quotedName(database)} on ${server}`);
  const { contents, size, bytes, ms } = await replaceLocal(ctx, target, {
    step: `Copying ${quotedName(database)} to ${quotedName(names.target)}`,
    dump: dumpOf(ctx, source, masking),
    database,
    author: server,
    trusting: '--trust-server',
    unlike: client.local.driver === 'mysql' && makerOf(here) !== makerOf(there) ? differing(source, there, client, here) : undefined,
  });
  const { host, port, socket = null } = client.local;
  const { emptied, anonymized, uncovered } = masking;
  return done(
    `Copied ${quotedName(database)} from ${server} to ${quotedName(names.target)} (${size}) in ${duration(ms)}`,
    {
      site: place.domain,
      database,
      local_database: names.target,
      host,
      port,
      socket,
      tables: contents?.tables ?? 0,
      without_rows: emptied,
      anonymized,
      uncovered,
      bytes,
      duration_s: Math.round(ms / 1_000),
    },
    [...listed('without rows', emptied), ...listed('anonymized', anonymized ?? [])],
  );
}

const listed = (title: string, names: readonly string[]): readonly Detail[] =>
  names.length > 0 ? [[title, names.map(quotedName).join(', ')]] : [];

const makerOf = (identity: string): string => (/MariaDB/i.test(identity) ? 'MariaDB' : 'MySQL');

const differing = ({ place }: DatabaseSource, there: string, { local }: Client, here: string): string =>
  `${place.domain} uses ${makerOf(there)}, but ${local.source} names a server of ${makerOf(here)}, which does not know all of its SQL. Use ${makerOf(there)} here, too.`;

function requireSameDriver({ credentials, place }: DatabaseSource, { local }: Client): void {
  if (credentials.driver === local.driver) return;
  const name = { mysql: 'MySQL or MariaDB', pgsql: 'PostgreSQL' };
  throw usage(`${place.domain} uses ${name[credentials.driver]}, but ${local.source} names a database of ${name[local.driver]}.`);
}

/** Refuses to replace the database of the site itself, which a tunnel may lead to. */
function requireOther(source: DatabaseSource, { client, names }: LocalTarget, sameServer: boolean): void {
  if (!sameServer || ![names.target, names.incoming, names.outgoing].includes(source.credentials.database)) return;
  throw usage(`${client.local.source} names the database of ${source.place.domain} itself. Nothing was changed.`, OTHER);
}

const OTHER = 'Use --into for another file.';

/** Refuses triggers and functions that the local server would refuse, but only once all rows are there. */
async function requireTrust(ctx: Context, source: DatabaseSource, { client, engine }: LocalTarget): Promise<void> {
  if (!(await engine.distrusts()) || (await askRemote(ctx, source, CREATORS)) === '0') return;
  const name = quotedName(source.credentials.database);
  throw new DnxError('failed', `${client.local.username} may not create the triggers and functions of ${name} here.`, { hint: TRUSTING });
}

const CREATORS = `SELECT (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE())
+ (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'FUNCTION');`;

const TRUSTING =
  'The local server keeps a binary log. As its root, run: SET GLOBAL log_bin_trust_function_creators = 1;\nOr use an account with all rights in the dotenv file.';

/** The local database that a project's dotenv file names. Refuses what may not be a copy to work with. */
async function readLocal(ctx: Context, file = '.env'): Promise<Credentials> {
  const { text, directory } = openLocal(file, ctx);
  if (text === undefined) throw usage(`Could not find ${file}.`, 'Run this in the directory of the project, or use --into.');
  const { variables, references } = parseDotenv(text, file);
  const needed = [...references].filter(([key]) => /^(DB_|DATABASE_URL$)/.test(key));
  const resolved = await resolveReferences({ variables, references: new Map(needed) }, { directory, allowed: 'all' }, ctx);
  if (/^prod(uction)?$/i.test(variables.get('APP_ENV') ?? ''))
    throw usage(`${file} is for production: APP_ENV=${variables.get('APP_ENV')}. Nothing was changed.`, OTHER);
  const local = credentialsOf(Object.fromEntries(resolved), file);
  if (serverDatabases[local.driver].includes(local.database.toLowerCase()))
    throw usage(`${file} names ${local.database}, which is the server's own database. Nothing was changed.`, OTHER);
  if (local.socket === undefined && !isLoopback(local.host))
    throw usage(`${file} names a database on ${local.host}, which is not this machine. Nothing was changed.`, HINT);
  return local;
}

const serverDatabases: Readonly<Record<Credentials['driver'], readonly string[]>> = {
  mysql: ['information_schema', 'mysql', 'performance_schema', 'sys'],
  pgsql: ['postgres', 'template0', 'template1'],
};

/** The names of containers, too, mean another machine: only their forwarded ports are on this one. */
const HINT = 'For a container, use --into with a file that has DB_HOST=127.0.0.1 and the forwarded DB_PORT.';

function credentialsOf(values: Readonly<Record<string, string>>, file: string): Credentials {
  try {
    return credentialsIn(values, file, file);
  } catch (error) {
    throw isError(error) ? new DnxError('usage', error.message, { hint: `Fix ${file}, or use --into for another file.` }) : error;
  }
}

const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1|0:0:0:0:0:0:0:1)$/i.test(host);

/** Options for a local database to replace. `trust`: imports with the local account, whatever its rights are. */
export type TargetOptions = Given<{ into: string; force: boolean; confirm: string; trust: boolean }>;

type LocalTarget = Awaited<ReturnType<typeof openTarget>>;

interface Replacement {
  readonly step: string;
  readonly dump: AsyncIterable<Buffer>;
  readonly database: string;
  /** Who is trusted with this machine: `web-1`. */
  readonly author: string;
  readonly trusting: '--trust-server' | '--trust-dump';
  /** Why the local server may refuse what the other one dumps; undefined if both are of one maker. */
  readonly unlike?: string | undefined;
}

/** Finds the local database and its client, before anything else is read. */
export async function openTarget(ctx: Context, { into, force = false, confirm, trust: trusted = false }: TargetOptions) {
  const local = await readLocal(ctx, into);
  if (confirm !== undefined && confirm !== local.database)
    throw usage(`'${confirm}' does not match. Nothing was changed.`, `Expected '${local.database}', the database in ${local.source}.`);
  const client = await findClient(ctx, local);
  if (local.driver === 'pgsql' && !canRestrict(client.version))
    throw usage(`This psql cannot import a dump safely: ${client.version.trim()}.`, 'Update the client of PostgreSQL.');
  const names = namesFor(local.database);
  const sql = openSql(client);
  const engine = local.driver === 'mysql' ? mysqlEngine(sql, names) : postgresEngine(sql, names, force);
  return { client, sql, names, engine, confirm, trusted };
}

/** Shows what replaces what, and asks for the name of the local database if something is lost, unless `--confirm` gives it. */
export async function confirmReplacement({ ask, progress }: Context, target: LocalTarget, from: string): Promise<void> {
  const { client, engine, confirm } = target;
  const { local } = client;
  // First: the connection that counts would be one of the users.
  await engine.requireUnused();
  const contents = await engine.contents('target');
  progress.done();
  progress.warn(`${from} → ${quotedName(local.database)} on ${addressOf(local)} (${lossOf(contents)})`);
  if (!contents) return;
  await confirmName({ ask }, confirm, { noun: 'database', label: local.database });
}

/** `127.0.0.1:3306`, or the path of a socket. */
const addressOf = ({ host, port, socket }: Credentials): string => socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;

const lossOf = (contents: Contents | undefined): string => {
  if (!contents) return 'new';
  return contents.tables === 0 ? 'empty' : `${inWords(contents)} will be replaced`;
};

/** `612 MB in 42 tables`. */
export const inWords = ({ tables, size }: Contents): string => `${bytes(size)} in ${tables} ${tables === 1 ? 'table' : plural('table')}`;

/** Builds the new copy, and puts it into the place of the old one. Two at the same time are refused. */
export const replaceLocal = (ctx: Context, target: LocalTarget, replacement: Replacement) =>
  exclusively(target.client, () => replace(ctx, target, replacement));

async function replace(ctx: Context, { client, names, engine, trusted }: LocalTarget, replacement: Replacement) {
  const started = ctx.clock.elapsed();
  const tally = { bytes: 0 };
  const recovered = await engine.recover();
  if (recovered !== undefined) ctx.progress.note(recovered);
  let contents: Contents | undefined;
  let account: ImportAccount | undefined;
  try {
    await engine.prepare();
    account = trusted ? undefined : await restricted(engine, client, replacement);
    const dump = counting(replacement.dump, replacement.step, ctx, tally);
    const importer = account ? { ...client, local: { ...client.local, ...account } } : client;
    await importInto(importer, names.incoming, portable(dump, { driver: client.local.driver, database: replacement.database }));
    await engine.seal();
    account = undefined;
    contents = await engine.contents('incoming');
    ctx.progress.step(`Replacing ${quotedName(names.target)}`);
    await engine.swap();
  } catch (error) {
    const told = error instanceof Refused ? explained(error, account, replacement) : error;
    throw told instanceof SettledSwap ? told : await discarded(told, engine, names);
  }
  const ms = ctx.clock.elapsed() - started;
  return { contents, size: contents ? inWords(contents) : 'empty', bytes: tally.bytes, ms };
}

/** The account without rights to import with, or undefined for the local one. */
async function restricted(engine: Engine, { local }: Client, { trusting }: Replacement): Promise<ImportAccount | undefined> {
  try {
    return await engine.restrict();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const sentence = `${local.username} may write files or run programs, and dnx could not create an account without these rights`;
    throw new DnxError('failed', `${sentence}. ${error.message}`, {
      hint: `Use another account, or ${trusting} if the dump may do so, too.`,
    });
  }
}

function explained(error: Refused, account: ImportAccount | undefined, { author, unlike, trusting }: Replacement) {
  if (account && DENIED.test(error.message))
    return error.withHint(
      `The import may neither run programs nor write files. If you trust ${author} with this machine, use ${trusting}.`,
    );
  if (error.message.includes('ERROR 1419')) return error.withHint(TRUSTING);
  if (/violates foreign key constraint/.test(error.message))
    return error.withHint('Rows refer to a table whose rows were left out. Leave out both, or neither.');
  if (/role ".*" does not exist/.test(error.message))
    return error.withHint('The dump names its owner. Create that role, or dump it with --no-owner, as dnx db dump does.');
  if (/^ERROR 4025|violates check constraint/.test(error.message.replace(/^.*?reported: /, '')))
    return error.withHint('With --anonymize, use a rule for that column whose values the table takes.');
  return UNKNOWN_SQL.test(error.message) ? error.withHint(unlike) : error;
}

const DENIED = /denied|must be (a )?(superuser|owner)|authentication failed|pg_hba|SUPER/i;

async function discarded(error: unknown, engine: Engine, { target, incoming }: PullNames): Promise<unknown> {
  const left = await engine.discard().then(
    () => '',
    () => ` The next pull removes the database ${quotedName(incoming)}.`,
  );
  return isError(error) ? unchanged(error, `${quotedName(target)} is unchanged.${left}`) : error;
}

const unchanged = (error: DnxError, sentence: string): DnxError =>
  error.with({ hint: error.hint === undefined ? sentence : `${sentence} ${error.hint}` });

const UNKNOWN_SQL = /unknown|syntax|sql_mode/i;
