import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { DnxError, usage } from '../../base/errors.ts';
import { bytes, quotedName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done, stream } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { chooseTarget, downloaded, saveFile } from '../backup/download.ts';
import { type Masking, maskingOf, readRules } from './anonymize.ts';
import { type DatabaseSource, readDatabase } from './credentials.ts';
import { afterMark, listenTo, remoteFailure, startScript } from './remote-client.ts';
import { checkRowOptions, type RowOptions, rowlessTables } from './tables.ts';

type DbDumpOptions = RowOptions & Given<{ file: string; user: string; force: boolean; schema_only: boolean; anonymize: string }>;

/** `dnx db dump`: the database of a site, in a file that is complete or not there. */
export async function dump(ctx: Context, targets: Targets, options: DbDumpOptions) {
  const { file, user, force = false, schema_only = false, anonymize } = options;
  const { clock, world } = ctx;
  checkRowOptions(options);
  const rules = readRules(ctx, anonymize);
  const toStdout = file === '-';
  if (toStdout && world.stdout.isTTY) throw usage('Cannot write a dump to a terminal.', 'Pipe it, or use -O FILE.');
  const target = toStdout ? undefined : chooseTarget(file, { fallback: 'dump.sql.gz', force }, world);
  const source = await readDatabase(ctx, targets, user);
  const { database } = source.credentials;
  const masking = await maskingOf(ctx, source, rules, await rowlessTables(ctx, source, options));
  const tally = { bytes: 0 };
  const started = clock.elapsed();
  const body = (into: string) =>
    counting(dumpOf(ctx, source, { ...masking, schemaOnly: schema_only }), `Dumping ${quotedName(database)} to ${into}`, ctx, tally);
  if (!target) {
    // Once it is printed, nothing can run again.
    await source.place.machine.check;
    return stream(body('standard output'));
  }
  const path = target.pathFor(`${database}-${fileStamp(clock.now())}.sql.gz`);
  const shown = target.shown(path);
  const size = await saveFile(path.endsWith('.sql') ? body(shown) : compressed(body(shown)), path, force);
  const ms = clock.elapsed() - started;
  return done(`Saved ${quotedName(database)} to ${shown} (${bytes(size)}) in ${duration(ms)}`, {
    site: source.place.domain,
    database,
    file: path,
    size,
    bytes: tally.bytes,
    duration_s: Math.round(ms / 1_000),
    anonymized: masking.anonymized,
    uncovered: masking.uncovered,
  });
}

/** `20261126-031005`, in UTC. */
export const fileStamp = (now: number): string => new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);

/** Compresses what is read, no faster than it is taken. */
export const compressed = (body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> =>
  // The error of `pipeline` is that of the stream, whose reader throws it.
  pipeline(Readable.from(body, { objectMode: false }), createGzip(), () => {});

/** The last line of a complete dump, but for blank ones; after it, newer programs of PostgreSQL end what they restricted. */
export const ends = {
  mysql: /^-- Dump completed\b[^\n]*\n\s*$/m,
  pgsql: /^-- PostgreSQL database dump complete\n--\s*(\\unrestrict \w+\s*)?$/m,
};
/** How much of its end tells, in bytes. */
export const TAIL = 1_024;

const withoutRows = { mysql: '--no-data', pgsql: '--schema-only' };

/** What a dump leaves out or changes. `rowless`: what `tables.ts` leaves out. */
type DumpOptions = Partial<Pick<Masking, 'rowless' | 'masked' | 'input'>> & { readonly schemaOnly?: boolean };

/**
 * Dumps a database on the server of its site, and yields SQL as it arrives. Ends without an error only if the dump is complete. The
 * password goes through standard input, so it is no argument of any process.
 */
export async function* dumpOf(ctx: Context, source: DatabaseSource, options: DumpOptions = {}) {
  const { rowless = [], schemaOnly = false } = options;
  const { credentials, place } = source;
  const [rows, masked] = schemaOnly ? [withoutRows[credentials.driver], 0] : ['', options.masked ?? 0];
  const child = await startScript(ctx, source, 'dump', [rows, String(masked), ...rowless]);
  child.stdin?.end(masked > 0 ? options.input : '');
  const said = listenTo(child, source);
  let [size, tail] = [0, Buffer.alloc(0)];
  try {
    for await (const chunk of afterMark(child.stdout, source)) {
      size += chunk.length;
      tail = Buffer.concat([tail.subarray(-TAIL), chunk.subarray(-TAIL)]).subarray(-TAIL);
      yield chunk;
    }
    const code = await child.ended;
    ctx.world.signal.throwIfAborted();
    if (code !== 0) throw remoteFailure('dump', source, { code, stderr: said() }, ctx.world, size);
    if (!ends[credentials.driver].test(tail.toString('latin1')))
      throw new DnxError('failed', `The dump of ${quotedName(credentials.database)} is incomplete: its last line is missing.`);
    for (const [, perhaps, what] of said().matchAll(/^dnx: (perhaps )?without (\w+)$/gm))
      ctx.progress.warn(
        `Left out the ${what} of ${quotedName(credentials.database)}${perhaps ? ', if it has any' : ''}: ${credentials.username} cannot ${perhaps ? 'see' : 'read'} them.`,
      );
  } catch (error) {
    ctx.world.signal.throwIfAborted();
    throw error instanceof DnxError
      ? error
      : new DnxError('network', `The connection to ${place.machine.server.label} was lost.`, { cause: error });
  } finally {
    child.stop();
  }
}

/** Passes on the bytes, counts them, and shows how many there were and how fast. */
export async function* counting(body: AsyncIterable<Buffer>, sentence: string, { progress, clock }: Context, tally = { bytes: 0 }) {
  const started = clock.elapsed();
  try {
    progress.step(sentence, () => downloaded(tally.bytes, undefined, clock.elapsed() - started));
    for await (const chunk of body) {
      tally.bytes += chunk.length;
      yield chunk;
    }
  } finally {
    progress.done();
  }
}
