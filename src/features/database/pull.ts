import { DnxError, isError, usage } from '../../base/errors.ts';
import { bytes, plural, quotedName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, type View } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { readSiteOnMachine } from '../remote/machine.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { readLocal } from './local.ts';
import { type Client, exclusively, findClient, importInto, openSql, Refused } from './local-server.ts';
import { canRestrict, portable } from './portable.ts';
import { askRemote, counting, type DatabaseSource, dumpOf } from './remote-dump.ts';
import { type Contents, type Engine, type ImportAccount, identityQueries, namesFor, type PullNames, SettledSwap } from './swap/engine.ts';
import { mysqlEngine } from './swap/mysql.ts';
import { postgresEngine } from './swap/postgres.ts';

interface Options {
  readonly into: string | undefined;
  readonly user: string | undefined;
  readonly force: boolean | undefined;
  readonly confirm: string | undefined;
  readonly trust_server: boolean | undefined;
}

type Needs = Pick<Context, 'api' | 'reach' | 'ask' | 'clock' | 'progress' | 'settings' | 'world'>;

/** A pull whose source and target are known. */
interface Pull {
  readonly source: DatabaseSource;
  readonly client: Client;
  readonly names: PullNames;
  readonly engine: Engine;
  /** Why the local server may refuse what the other one dumps; undefined if both are of one maker. */
  readonly unlike?: string | undefined;
  /** Imports with the local account, whatever its rights are. */
  readonly trusted: boolean;
}

/** `dnx db pull`: replaces a local database by a copy of that of a site. */
export async function pull(
  ctx: Needs,
  targets: Targets,
  { into, user, force = false, confirm, trust_server: trusted = false }: Options,
): Promise<View> {
  const local = await readLocal(ctx, into);
  if (confirm !== undefined && confirm !== local.database)
    throw usage(`'${confirm}' does not match. Nothing was changed.`, `Expected '${local.database}', the database in ${local.source}.`);
  const client = await findClient(ctx, local);
  if (local.driver === 'pgsql' && !canRestrict(client.version))
    throw usage(`This psql cannot import a dump safely: ${client.version.trim()}.`, 'Update the client of PostgreSQL.');
  const place = await readSiteOnMachine(ctx, targets, user);
  const source = { place, credentials: await credentialsOf(ctx, place) };
  requireSameDriver(source, client);
  const names = namesFor(local.database);
  const sql = openSql(client);
  const engine = local.driver === 'mysql' ? mysqlEngine(sql, names) : postgresEngine(sql, names, force);
  ctx.progress.spin('Comparing the databases');
  const here = await engine.identity();
  const there = await askRemote(ctx, source, identityQueries[local.driver]);
  requireOther({ source, client, names }, here === there);
  const unlike = local.driver === 'mysql' && makerOf(here) !== makerOf(there) ? differing(source, there, local.source, here) : undefined;
  // First: the connection that counts would be one of the users.
  await engine.requireUnused();
  const contents = await engine.contents('target');
  ctx.progress.done();
  await requireConfirmation(ctx, { source, local, contents, confirm });
  return exclusively(client, () => replace(ctx, { source, client, names, engine, unlike, trusted }));
}

/** Builds the new copy, and puts it into the place of the old one. */
async function replace(ctx: Needs, { source, client, names, engine, unlike, trusted }: Pull): Promise<View> {
  const { database } = source.credentials;
  const started = ctx.clock.elapsed();
  const tally = { bytes: 0 };
  const recovered = await engine.recover();
  if (recovered !== undefined) ctx.progress.note(recovered);
  let contents: Contents | undefined;
  let account: ImportAccount | undefined;
  try {
    await engine.prepare();
    account = trusted ? undefined : await restricted(engine, client);
    const dump = counting(dumpOf(ctx, source, { tally }), `Copying ${quotedName(database)} to ${quotedName(names.target)}`, {
      ...ctx,
      tally,
    });
    const importer = account ? { ...client, local: { ...client.local, ...account } } : client;
    await importInto(importer, names.incoming, portable(dump, source.credentials));
    await engine.seal();
    account = undefined;
    contents = await engine.contents('incoming');
    ctx.progress.step(`Replacing ${quotedName(names.target)}`);
    await engine.swap();
  } catch (error) {
    const told = error instanceof Refused ? explained(error, { unlike, account, source }) : error;
    throw told instanceof SettledSwap ? told : await discarded(told, engine, names);
  }
  const ms = ctx.clock.elapsed() - started;
  const from = `${quotedName(database)} from ${source.place.machine.server.label}`;
  return done(`Copied ${from} to ${quotedName(names.target)} (${contents ? inWords(contents) : 'empty'}) in ${duration(ms)}`, {
    site: source.place.domain,
    database,
    local_database: names.target,
    host: client.local.host,
    port: client.local.port,
    socket: client.local.socket ?? null,
    tables: contents?.tables ?? 0,
    bytes: tally.bytes,
    duration_s: Math.round(ms / 1_000),
  });
}

/** The account without rights to import with, or undefined for the local one. */
async function restricted(engine: Engine, { local }: Client): Promise<ImportAccount | undefined> {
  try {
    return await engine.restrict();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const sentence = `${local.username} may write files or run programs, and dnx could not create an account without these rights`;
    throw new DnxError('failed', `${sentence}. ${error.message}`, {
      hint: `Use another account, or --trust-server if the dump may do so, too.`,
    });
  }
}

/** Adds why the local server may have refused what the dump says. */
function explained(
  error: Refused,
  { unlike, account, source }: Pick<Pull, 'unlike' | 'source'> & { readonly account: ImportAccount | undefined },
) {
  if (account && DENIED.test(error.message))
    return error.withHint(
      `The import may neither run programs nor write files. If you trust ${source.place.machine.server.label} with this machine, use --trust-server.`,
    );
  return UNKNOWN_SQL.test(error.message) ? error.withHint(unlike) : error;
}

/** What a server says about a missing right, and about an account that it does not let in. */
const DENIED = /denied|must be (a )?(superuser|owner)|authentication failed|pg_hba|SUPER/i;

/** Undoes a pull that failed, and tells that the old copy is unchanged. */
async function discarded(error: unknown, engine: Engine, { target, incoming }: PullNames): Promise<unknown> {
  const left = await engine.discard().then(
    () => '',
    () => ` The next pull removes the database ${quotedName(incoming)}.`,
  );
  return isError(error) ? unchanged(error, `${quotedName(target)} is unchanged.${left}`) : error;
}

const unchanged = (error: DnxError, sentence: string): DnxError =>
  error.with({ hint: error.hint === undefined ? sentence : `${sentence} ${error.hint}` });

/** What a server says about SQL that it does not know, such as a collation or a mode. */
const UNKNOWN_SQL = /unknown|syntax|sql_mode/i;

const makerOf = (identity: string): string => (/MariaDB/i.test(identity) ? 'MariaDB' : 'MySQL');

const differing = ({ place }: DatabaseSource, there: string, file: string, here: string): string =>
  `${place.domain} uses ${makerOf(there)}, but ${file} names a server of ${makerOf(here)}, which does not know all of its SQL. Use ${makerOf(there)} here, too.`;

function requireSameDriver({ credentials, place }: DatabaseSource, { local }: Client): void {
  if (credentials.driver === local.driver) return;
  const name = { mysql: 'MySQL or MariaDB', pgsql: 'PostgreSQL' };
  throw usage(`${place.domain} uses ${name[credentials.driver]}, but ${local.source} names a database of ${name[local.driver]}.`);
}

/** Refuses to replace the database of the site itself, which a tunnel may lead to. */
function requireOther({ source, client, names }: Pick<Pull, 'source' | 'client' | 'names'>, sameServer: boolean): void {
  if (!sameServer || ![names.target, names.incoming, names.outgoing].includes(source.credentials.database)) return;
  throw usage(
    `${client.local.source} names the database of ${source.place.domain} itself. Nothing was changed.`,
    'Use --into for another file.',
  );
}

/** Shows what replaces what, and asks for the name of the local database, unless `confirm` gives it. */
async function requireConfirmation(
  { ask, progress }: Pick<Context, 'ask' | 'progress'>,
  {
    source,
    local,
    contents,
    confirm,
  }: { source: DatabaseSource; local: Credentials; contents: Contents | undefined; confirm: string | undefined },
): Promise<void> {
  const from = `${quotedName(source.credentials.database)} on ${source.place.machine.server.label}`;
  progress.warn(`${from} → ${quotedName(local.database)} on ${addressOf(local)} (${replaced(contents)})`);
  const typed = confirm ?? (await ask.input(`Type '${local.database}' to continue:`));
  if (typed !== local.database) throw usage(`'${typed}' does not match. Nothing was changed.`, `Expected '${local.database}'.`);
}

/** `127.0.0.1:3306`, or the path of a socket. */
const addressOf = ({ host, port, socket }: Credentials): string => socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;

const replaced = (contents: Contents | undefined): string => {
  if (!contents) return 'new';
  return contents.tables === 0 ? 'empty' : `${inWords(contents)} will be replaced`;
};

/** `612 MB in 42 tables`. */
const inWords = ({ tables, size }: Contents): string => `${bytes(size)} in ${tables} ${tables === 1 ? 'table' : plural('table')}`;
