import { DnxError } from '../../../base/errors.ts';
import { quotedName } from '../../../base/text.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Started } from '../../../machine/world.ts';
import { withoutSsh } from '../../remote/failure.ts';
import { quietly } from '../../remote/run.ts';
import { scripted, sshProgram } from '../../remote/ssh.ts';
import { remoteFailure, type Source } from './failure.ts';
import { afterMark, leftOutIn, listenTo } from './output.ts';
import { argumentsOf, dumpScripts, queryScripts } from './scripts.ts';

type Needs = Pick<Context, 'ask' | 'world' | 'progress'>;

/** What has been read of a dump. */
export interface Tally {
  bytes: number;
}

/** SQL compresses well. A line that is silently gone ends after a minute. */
const LINE = ['-C', '-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=4'];

/** The last line of a complete dump, but for blank ones; after it, newer programs of PostgreSQL end what they restricted. */
const ends = {
  mysql: /^-- Dump completed\b[^\n]*\n\s*$/m,
  pgsql: /^-- PostgreSQL database dump complete\n--\s*(\\unrestrict \w+\s*)?$/m,
};
const TAIL = 1_024;

/** The options of the program that leave out the rows. */
const withoutRows = { mysql: '--no-data', pgsql: '--schema-only' };

/**
 * Dumps a database on the server of its site, and yields SQL as it arrives. Ends without an error only if the dump is complete. The
 * password goes through standard input, so it is no argument of any process.
 */
export async function* dumpOf(
  ctx: Needs,
  source: Source,
  { tally, schemaOnly = false }: { readonly tally: Tally; readonly schemaOnly?: boolean | undefined },
): AsyncGenerator<Buffer> {
  const { credentials, place } = source;
  const rows = schemaOnly ? withoutRows[credentials.driver] : '';
  const child = await startScript(ctx, source, dumpScripts[credentials.driver], rows);
  const said = listenTo(child.stderr);
  let tail = Buffer.alloc(0);
  try {
    for await (const chunk of afterMark(child.stdout)) {
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

/** Asks the database on the server of its site, and returns the output without its last newline. */
export async function askRemote(ctx: Needs, source: Source, query: string): Promise<string> {
  const child = await startScript(ctx, source, queryScripts[source.credentials.driver], query);
  const said = listenTo(child.stderr);
  const chunks: Buffer[] = [];
  for await (const chunk of afterMark(child.stdout)) chunks.push(chunk);
  const code = await child.ended;
  ctx.world.signal.throwIfAborted();
  if (code !== 0) throw remoteFailure('read', source, { code, stderr: said(), bytes: 0 }, ctx.world);
  return Buffer.concat(chunks).toString().trimEnd();
}

async function startScript(ctx: Needs, { place, credentials }: Source, script: string, last: string): Promise<Started> {
  const command = scripted(script, ...argumentsOf(credentials), last);
  const program = await sshProgram(place.machine, { options: [...quietly(ctx), ...LINE], command }, ctx.world);
  const child = await ctx.world.start({ ...program, stdin: 'pipe' });
  if (!child) throw withoutSsh(ctx.world);
  child.stdin?.end(credentials.password);
  return child;
}
