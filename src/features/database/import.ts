import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DnxError, isError, type Next, systemCode, systemReason, usage } from '../../base/errors.ts';
import { bytes, quotedName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done } from '../../cli/output/view.ts';
import { confirmName, requireName } from '../../cli/run/consent.ts';
import { pathOf } from '../../machine/world.ts';
import type { Targets } from '../../platform/names/names.ts';
import { chooseTarget, saveFile } from '../backup/download.ts';
import { readSiteOnMachine, type SiteOnMachine } from '../remote/machine.ts';
import { type Credentials, credentialsOf, type DatabaseSource } from './credentials.ts';
import { compressed, counting, dumpOf, ends, fileStamp, TAIL } from './dump.ts';
import { identifier } from './local-server.ts';
import { canRestrict, portable } from './portable.ts';
import { askRemote, parsedRows, runRemoteSql } from './remote-client.ts';
import { confirmReplacement, inWords, openTarget, replaceLocal, type TargetOptions } from './replace.ts';
import { listing } from './swap/mysql-code.ts';
import { tablesOf } from './tables.ts';

type DbImportOptions = TargetOptions & Given<{ user: string }> & { readonly file: string };

/** `dnx db import`: replaces a local database, or that of a site, by what a dump contains. */
export const importDump = async (ctx: Context, site: Targets | undefined, options: DbImportOptions) =>
  site ? importRemotely(ctx, site, options) : importLocally(ctx, options);

async function importLocally(ctx: Context, options: DbImportOptions) {
  const target = await openTarget(ctx, options);
  const { local } = target.client;
  const dump = await openDump(ctx, options.file, local);
  await confirmReplacement(ctx, target, dump.name);
  const { contents, size, ms } = await replaceLocal(ctx, target, {
    step: `Importing ${dump.name} into ${quotedName(local.database)}`,
    dump: dump.read(),
    database: dump.database ?? local.database,
    author: dump.name,
    trusting: '--trust-dump',
  });
  return done(`Imported ${dump.name} into ${quotedName(local.database)} (${size}) in ${duration(ms)}`, {
    file: dump.path,
    local_database: local.database,
    tables: contents?.tables ?? 0,
    bytes: dump.size,
    duration_s: Math.round(ms / 1_000),
  });
}

async function importRemotely(ctx: Context, targets: Targets, { file, user, confirm, into, force, trust }: DbImportOptions) {
  if (into !== undefined || force || trust)
    throw usage('--into, --force and --trust-dump are for a local database.', 'Leave out the site, or these.');
  const place = await readSiteOnMachine(ctx, targets, user);
  const named = { noun: 'site', label: place.domain };
  if (confirm !== undefined) requireName(confirm, named);
  const source = { place, credentials: await credentialsOf(ctx, place) };
  const { database, driver } = source.credentials;
  const dump = await openDump(ctx, file, source.credentials);
  const there = `${quotedName(database)} on ${place.machine.server.label}`;
  ctx.progress.spin(`Reading ${quotedName(database)}`);
  if (driver === 'pgsql') await requireSafePsql(ctx, source);
  const tables = await tablesOf(ctx, source);
  const emptied = await emptying(source.credentials, (query) => askRemote(ctx, source, query, MOST_NAMES));
  ctx.progress.done();
  const size = inWords({ tables: tables.length, size: tables.reduce((sum, table) => sum + table.size, 0) });
  ctx.progress.warn(`${dump.name} → ${there}, the database of ${place.domain} (${size} will be replaced)`);
  await confirmName(ctx, confirm, named);
  const started = ctx.clock.elapsed();
  const saved = await saveBefore(ctx, source);
  const back: Next = { command: ['db', 'import', place.domain, saved], why: 'To undo this' };
  try {
    await replaceRemote(ctx, source, dump, emptied);
  } catch (error) {
    // PostgreSQL has undone it.
    const state = driver === 'pgsql' ? `${quotedName(database)} is unchanged.` : `${quotedName(database)} is incomplete.`;
    throw isError(error) ? error.withHint(error.hint ? `${state} ${error.hint}` : state, ...(driver === 'pgsql' ? [] : [back])) : error;
  }
  const ms = ctx.clock.elapsed() - started;
  const data = { site: place.domain, database, file: dump.path, saved, bytes: dump.size, duration_s: Math.round(ms / 1_000) };
  return { view: done(`Imported ${dump.name} into ${there} in ${duration(ms)}`, data), next: [back] };
}

/** Fills the database of a site that was just created. Nothing of what it has is kept. */
export async function fillDatabase(ctx: Context, place: SiteOnMachine, file: string): Promise<void> {
  const source = { place, credentials: await credentialsOf(ctx, place) };
  const dump = await openDump(ctx, file, source.credentials);
  if (source.credentials.driver === 'pgsql') await requireSafePsql(ctx, source);
  await replaceRemote(ctx, source, dump, await emptying(source.credentials, (query) => askRemote(ctx, source, query, MOST_NAMES)));
}

/** Replaces the database of a site by what a dump contains. `emptied`: the SQL that removes what it has. */
async function replaceRemote(ctx: Context, source: DatabaseSource, dump: Dump, emptied: string): Promise<void> {
  const { database, driver } = source.credentials;
  const body = counting(dump.read(), `Importing ${dump.name} into ${quotedName(database)} on ${source.place.machine.server.label}`, ctx);
  const sql = between(emptied, portable(body, { driver, database: dump.database ?? database }), driver === 'pgsql' ? 'COMMIT;\n' : '');
  await runRemoteSql(ctx, source, sql, { args: clients[driver], most: MOST_SAID, act: `import ${dump.name} into` });
}

/** How much the names of tables, and what a client prints, may take, in bytes. */
const MOST_NAMES = 4_000_000;
const MOST_SAID = 1_000_000;

const clients = {
  mysql: ['--comments', '--max-allowed-packet=1G', '--skip-column-names'],
  pgsql: ['--output=/dev/null'],
} as const;

/** A dump may contain commands of psql, which an old one would run. */
async function requireSafePsql(ctx: Context, source: DatabaseSource): Promise<void> {
  const version = await askRemote(ctx, source, '\\echo :VERSION');
  if (!canRestrict(version))
    throw new DnxError('failed', `The psql on ${source.place.machine.server.label} cannot import a dump safely: ${version}.`, {
      hint: 'Update the client of PostgreSQL there.',
    });
}

/** If the line is cut, a client takes that for the end of its input: only the last statement makes it happen. */
async function* between(first: string, body: AsyncIterable<Buffer>, last: string): AsyncGenerator<Buffer> {
  yield Buffer.from(first);
  yield* body;
  yield Buffer.from(last);
}

async function saveBefore(ctx: Context, source: DatabaseSource): Promise<string> {
  const { database } = source.credentials;
  const target = chooseTarget(undefined, { fallback: 'before-import.sql.gz', force: false }, ctx.world);
  const path = target.pathFor(`${database}-before-import-${fileStamp(ctx.clock.now())}.sql.gz`);
  const body = counting(dumpOf(ctx, source), `Saving ${quotedName(database)} to ${target.shown(path)}`, ctx);
  const size = await saveFile(compressed(body), path, false);
  ctx.progress.note(`Saved ${quotedName(database)} to ${target.shown(path)} (${bytes(size)})`);
  return target.shown(path);
}

const HEAD = 65_536;

/** A dump that was checked. */
type Dump = Awaited<ReturnType<typeof openDump>>;

async function openDump(ctx: Context, name: string, { driver }: Credentials) {
  const path = pathOf(name, ctx.world);
  const magic = await firstBytes(path, name);
  if (/^(PGDMP|PK|BZh|\x28\xb5\x2f\xfd)/.test(magic))
    throw usage(
      `${name} is not SQL.`,
      magic.startsWith('PGDMP') ? 'It is an archive of pg_dump. Convert it with: pg_restore -f FILE.sql' : 'Extract it first.',
    );
  const read = (): AsyncIterable<Buffer> =>
    magic.startsWith('\x1f\x8b') ? pipeline(createReadStream(path), createGunzip(), () => {}) : createReadStream(path);
  let [size, head, tail] = [0, Buffer.alloc(0), Buffer.alloc(0)];
  ctx.progress.spin(`Checking ${name}`);
  try {
    for await (const chunk of read()) {
      ctx.world.signal.throwIfAborted();
      size += chunk.length;
      if (head.length < HEAD) head = Buffer.concat([head, chunk]).subarray(0, HEAD);
      tail = Buffer.concat([tail, chunk.subarray(-TAIL)]).subarray(-TAIL);
    }
  } catch (error) {
    throw systemCode(error)?.startsWith('Z_') ? new DnxError('failed', `${name} is damaged: ${(error as Error).message}.`) : error;
  } finally {
    ctx.progress.done();
  }
  if (size === 0) throw usage(`${name} is empty.`);
  requireWhole(name, driver, head.toString('latin1'), tail.toString('latin1'));
  return { name, path, size, database: /^-- Host: .* {4}Database: (.+)$/m.exec(head.toString())?.[1], read };
}

/** Refuses a dump of another kind of database, one that ends too early, and one that chooses a database itself. */
function requireWhole(name: string, driver: Credentials['driver'], head: string, tail: string): void {
  const maker = /^-- (?:(MySQL|MariaDB)|PostgreSQL database) dump/m.exec(head);
  if (maker && (maker[1] === undefined) !== (driver === 'pgsql'))
    throw usage(`${name} is a dump of ${maker[1] ?? 'PostgreSQL'}, but the database is not. Nothing was changed.`);
  if (maker && !ends[driver].test(tail))
    throw new DnxError('failed', `${name} is incomplete: its last line is missing. Nothing was changed.`);
  const elsewhere = /^(CREATE DATABASE|USE `|\\connect ).*/m.exec(head)?.[0];
  if (elsewhere)
    throw usage(`${name} chooses a database itself: ${elsewhere}`, 'Dump it without --databases, --create and --all-databases.');
}

/** The first bytes of a file. Fails if it cannot be read. */
export async function firstBytes(path: string, name: string): Promise<string> {
  try {
    let bytes = '';
    for await (const chunk of createReadStream(path, { encoding: 'latin1', start: 0, end: 7 })) bytes += chunk;
    return bytes;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') throw usage(`Could not find ${name}.`);
    if (code === 'EISDIR') throw usage(`${name} is not a regular file.`);
    throw new DnxError('failed', `Could not read ${name}: ${systemReason(error)}.`, { cause: error });
  }
}

/** SQL that removes everything that a dump of a database contains, for an account that may not create another database. */
async function emptying({ driver, database }: Credentials, ask: (query: string) => Promise<string>): Promise<string> {
  if (driver === 'pgsql') return DROP_ALL;
  const id = (name: string) => identifier(name, { driver });
  const dropped = parsedRows(await ask(listing(database))).flatMap(([kind = '', name = '', type = '']) =>
    kind === 'table'
      ? [`DROP TABLE IF EXISTS ${id(name)};`]
      : ['view', 'routine', 'event'].includes(kind)
        ? [`DROP ${type} IF EXISTS ${id(name)};`]
        : [],
  );
  return ['SET FOREIGN_KEY_CHECKS = 0;', ...dropped, 'SET FOREIGN_KEY_CHECKS = 1;', ''].join('\n');
}

/** Begins the transaction that includes the dump. What belongs to extensions stays. What depends on something else may already be gone. */
const DROP_ALL = `BEGIN;
SET LOCAL client_min_messages = warning;
DO $dnx$
DECLARE statement text;
BEGIN
FOR statement IN
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace n
WHERE nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\\_%' AND pg_has_role(nspowner, 'USAGE')
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = n.oid AND deptype = 'e')
LOOP EXECUTE statement; END LOOP;
FOR statement IN
SELECT format('DROP %s IF EXISTS public.%I CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, relname) FROM pg_class c
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND NOT relispartition
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND deptype = 'e')
ORDER BY position(relkind::text IN 'prfmvS')
LOOP EXECUTE statement; END LOOP;
FOR statement IN
SELECT format('DROP %s IF EXISTS %s CASCADE', CASE prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'ROUTINE' END, p.oid::regprocedure) FROM pg_proc p
WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND deptype = 'e')
LOOP EXECUTE statement; END LOOP;
FOR statement IN
SELECT format('DROP TYPE IF EXISTS public.%I CASCADE', typname) FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
WHERE typnamespace = 'public'::regnamespace AND (typtype IN ('e', 'd', 'r') OR relkind = 'c')
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND deptype = 'e')
LOOP EXECUTE statement; END LOOP;
PERFORM lo_unlink(oid) FROM pg_largeobject_metadata WHERE pg_has_role(lomowner, 'USAGE');
END $dnx$;
`;
