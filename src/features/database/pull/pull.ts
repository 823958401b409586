import { type DnxError, isError, usage } from '../../../base/errors.ts';
import { quotedName } from '../../../base/text.ts';
import { duration } from '../../../base/time.ts';
import type { Context } from '../../../cli/language/command.ts';
import { done, type View } from '../../../cli/output/view.ts';
import type { Targets } from '../../../platform/names/names.ts';
import { readSiteOnMachine } from '../../remote/machine.ts';
import { credentialsOf } from '../credentials.ts';
import { counting } from '../dump/progress.ts';
import { type Client, findClient } from '../local/client.ts';
import { readLocal } from '../local/env.ts';
import { exclusively } from '../local/lock.ts';
import { openSql, Refused } from '../local/sql.ts';
import { askRemote, dumpOf } from '../remote-dump/dump.ts';
import type { Source } from '../remote-dump/failure.ts';
import { type Contents, type Engine, identityQueries, Settled } from '../swap/engine.ts';
import { mysqlEngine } from '../swap/mysql.ts';
import { type Names, namesFor } from '../swap/names.ts';
import { postgresEngine } from '../swap/postgres.ts';
import { importInto } from './import.ts';
import { canRestrict, portable } from './portable.ts';
import { inWords, requireConfirmation } from './question.ts';

interface Options {
  readonly into: string | undefined;
  readonly user: string | undefined;
  readonly force: boolean | undefined;
  readonly confirm: string | undefined;
}

type Needs = Pick<Context, 'api' | 'ask' | 'clock' | 'progress' | 'settings' | 'world'>;

/** A pull whose source and target are known. */
interface Pull {
  readonly source: Source;
  readonly client: Client;
  readonly names: Names;
  readonly engine: Engine;
  /** Why the local server may refuse what the other one dumps; undefined if both are of one maker. */
  readonly unlike?: string | undefined;
}

/** `dnx db pull`: replaces a local database by a copy of that of a site. */
export async function pull(ctx: Needs, targets: Targets, { into, user, force = false, confirm }: Options): Promise<View> {
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
  const contents = await engine.contents('target');
  await engine.requireUnused();
  ctx.progress.done();
  await requireConfirmation(ctx, { source, local, contents, confirm });
  return exclusively(client, () => replace(ctx, { source, client, names, engine, unlike }));
}

/** Builds the new copy, and puts it into the place of the old one. */
async function replace(ctx: Needs, { source, client, names, engine, unlike }: Pull): Promise<View> {
  const { database } = source.credentials;
  const started = ctx.clock.elapsed();
  const tally = { bytes: 0 };
  const recovered = await engine.recover();
  if (recovered !== undefined) ctx.progress.note(recovered);
  let contents: Contents | undefined;
  try {
    await engine.prepare();
    const dump = counting(dumpOf(ctx, source, { tally }), `Copying ${quotedName(database)} to ${quotedName(names.target)}`, {
      ...ctx,
      tally,
    });
    await importInto(client, names.incoming, portable(dump, source.credentials));
    contents = await engine.contents('incoming');
    ctx.progress.step(`Replacing ${quotedName(names.target)}`);
    await engine.swap();
  } catch (error) {
    const told = error instanceof Refused && UNKNOWN_SQL.test(error.message) ? error.withHint(unlike) : error;
    throw told instanceof Settled ? told : await discarded(told, engine, names);
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

/** Undoes a pull that failed, and tells that the old copy is unchanged. */
async function discarded(error: unknown, engine: Engine, { target, incoming }: Names): Promise<unknown> {
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

const differing = ({ place }: Source, there: string, file: string, here: string): string =>
  `${place.domain} uses ${makerOf(there)}, but ${file} names a server of ${makerOf(here)}, which does not know all of its SQL. Use ${makerOf(there)} here, too.`;

function requireSameDriver({ credentials, place }: Source, { local }: Client): void {
  if (credentials.driver === local.driver) return;
  const name = { mysql: 'MySQL or MariaDB', pgsql: 'PostgreSQL' };
  throw usage(`${place.domain} uses ${name[credentials.driver]}, but ${local.source} names a database of ${name[local.driver]}.`);
}

/** Refuses to replace the database of the site itself, which a tunnel may lead to. */
function requireOther({ source, client, names }: Omit<Pull, 'engine'>, sameServer: boolean): void {
  if (!sameServer || !Object.values(names).includes(source.credentials.database)) return;
  throw usage(
    `${client.local.source} names the database of ${source.place.domain} itself. Nothing was changed.`,
    'Use --into for another file.',
  );
}
