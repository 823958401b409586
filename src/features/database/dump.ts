import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { usage } from '../../base/errors.ts';
import { bytes, quotedName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, stream, type View } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { chooseTarget, saveFile } from '../backup/download.ts';
import { readDatabase } from './credentials.ts';
import { counting, dumpOf } from './remote-dump.ts';
import { checkRowOptions, type RowOptions, rowlessTables } from './tables.ts';

interface Options extends RowOptions {
  /** A file, a folder, or `-` for standard output; default: the working directory. */
  readonly file: string | undefined;
  readonly user: string | undefined;
  readonly force: boolean | undefined;
  readonly schema_only: boolean | undefined;
}

type Needs = Pick<Context, 'api' | 'reach' | 'ask' | 'clock' | 'progress' | 'settings' | 'world'>;

/** `dnx db dump`: the database of a site, in a file that is complete or not there. */
export async function dump(ctx: Needs, targets: Targets, options: Options): Promise<View> {
  const { file, user, force, schema_only } = options;
  const { clock, world } = ctx;
  checkRowOptions(options);
  const toStdout = file === '-';
  if (toStdout && world.stdout.isTTY) throw usage('Cannot write a dump to a terminal.', 'Pipe it, or use -O FILE.');
  const overwrite = force ?? false;
  const target = toStdout ? undefined : chooseTarget(file, { fallback: 'dump.sql.gz', force: overwrite }, world);
  const source = await readDatabase(ctx, targets, user);
  const { database } = source.credentials;
  const { words: rowless } = await rowlessTables(ctx, source, options);
  const tally = { bytes: 0 };
  const started = clock.elapsed();
  const body = (into: string) =>
    counting(dumpOf(ctx, source, { tally, schemaOnly: schema_only, rowless }), `Dumping ${quotedName(database)} to ${into}`, {
      ...ctx,
      tally,
    });
  if (!target) {
    // Once it is printed, nothing can run again.
    await source.place.machine.check;
    return stream(body('standard output'));
  }
  const path = target.pathFor(`${database}-${fileStamp(clock.now())}.sql.gz`);
  const shown = target.shown(path);
  const size = await saveFile(path.endsWith('.sql') ? body(shown) : compressed(body(shown)), path, overwrite);
  const ms = clock.elapsed() - started;
  return done(`Saved ${quotedName(database)} to ${shown} (${bytes(size)}) in ${duration(ms)}`, {
    site: source.place.domain,
    database,
    file: path,
    size,
    bytes: tally.bytes,
    duration_s: Math.round(ms / 1_000),
  });
}

/** `20261126-031005`, in UTC. */
export const fileStamp = (now: number): string => new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);

/** Compresses what is read, no faster than it is taken. */
export const compressed = (body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> =>
  // The error of `pipeline` is that of the stream, whose reader throws it.
  pipeline(Readable.from(body, { objectMode: false }), createGzip(), () => {});
