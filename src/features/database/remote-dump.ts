import { DnxError } from '../../base/errors.ts';
import { bytes, quotedName } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { DatabaseSource } from './credentials.ts';
import { afterMark, listenTo, remoteFailure, startScript } from './remote-client.ts';

type Needs = Pick<Context, 'ask' | 'progress' | 'settings' | 'world'>;

/** What has been read of a dump. */
export interface Tally {
  bytes: number;
}

interface DumpOptions {
  readonly tally: Tally;
  /** Leaves out all rows. */
  readonly schemaOnly?: boolean | undefined;
  /** The tables whose rows are left out, in the words of the programs: see `tables.ts`. */
  readonly rowless?: readonly string[];
}

/** The last line of a complete dump, but for blank ones; after it, newer programs of PostgreSQL end what they restricted. */
export const ends = {
  mysql: /^-- Dump completed\b[^\n]*\n\s*$/m,
  pgsql: /^-- PostgreSQL database dump complete\n--\s*(\\unrestrict \w+\s*)?$/m,
};
/** How much of its end tells, in bytes. */
export const TAIL = 1_024;

/** The options of the program that leave out the rows. */
const withoutRows = { mysql: '--no-data', pgsql: '--schema-only' };

/**
 * Dumps a database on the server of its site, and yields SQL as it arrives. Ends without an error only if the dump is complete. The
 * password goes through standard input, so it is no argument of any process.
 */
export async function* dumpOf(
  ctx: Needs,
  source: DatabaseSource,
  { tally, schemaOnly = false, rowless = [] }: DumpOptions,
): AsyncGenerator<Buffer> {
  const { credentials, place } = source;
  const rows = schemaOnly ? withoutRows[credentials.driver] : '';
  const child = await startScript(ctx, source, 'dump', [rows, ...rowless]);
  child.stdin?.end();
  const said = listenTo(child, source);
  let tail = Buffer.alloc(0);
  try {
    for await (const chunk of afterMark(child.stdout, source)) {
      tally.bytes += chunk.length;
      tail = Buffer.concat([tail.subarray(-TAIL), chunk.subarray(-TAIL)]).subarray(-TAIL);
      yield chunk;
    }
    const code = await child.ended;
    ctx.world.signal.throwIfAborted();
    if (code !== 0) throw remoteFailure('dump', source, { code, stderr: said(), bytes: tally.bytes }, ctx.world);
    if (!ends[credentials.driver].test(tail.toString('latin1')))
      throw new DnxError('failed', `The dump of ${quotedName(credentials.database)} is incomplete: its last line is missing.`);
    for (const what of leftOutIn(said()))
      ctx.progress.warn(`Left out the ${what} of ${quotedName(credentials.database)}: ${credentials.username} cannot read them.`);
  } catch (error) {
    ctx.world.signal.throwIfAborted();
    throw error instanceof DnxError
      ? error
      : new DnxError('network', `The connection to ${place.machine.server.label} was lost.`, { cause: error });
  } finally {
    child.stop();
  }
}

/** What a script left out: `routines`. */
const leftOutIn = (said: string): readonly string[] => [...said.matchAll(/^dnx: without (\w+)$/gm)].map(([, what = '']) => what);

/** Passes on the bytes and shows how many there were, and how fast. */
export async function* counting(
  body: AsyncIterable<Buffer>,
  sentence: string,
  { progress, clock, tally }: Pick<Context, 'progress' | 'clock'> & { readonly tally: Tally },
): AsyncGenerator<Buffer> {
  const started = clock.elapsed();
  const detail = () => {
    const ms = clock.elapsed() - started;
    const rate = ms > 0 ? `  ${bytes(Math.round((tally.bytes / ms) * 1_000))}/s` : '';
    return `${bytes(tally.bytes)}${rate}`;
  };
  try {
    progress.step(sentence, detail);
    yield* body;
  } finally {
    progress.done();
  }
}
