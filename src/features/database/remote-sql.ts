import { pipeline } from 'node:stream/promises';
import type { Context } from '../../cli/language/command.ts';
import type { Started } from '../../machine/world.ts';
import type { DatabaseSource } from './credentials.ts';
import { afterMark, END_OF_QUERY, LIMIT, listenTo, remoteFailure, startScript, tooMuch } from './remote-client.ts';

type Needs = Pick<Context, 'ask' | 'settings' | 'world'>;

/** Asks the database on the server of its site, and returns the output without its last newline. `most`: its size at most, in bytes. */
export async function askRemote(ctx: Needs, source: DatabaseSource, query: string, most = LIMIT): Promise<string> {
  const output = await runRemoteSql(ctx, source, query, { args: bare[source.credentials.driver], most });
  return output.trimEnd();
}

/** The options of the clients for values without headings. */
const bare = { mysql: ['--skip-column-names'], pgsql: ['--no-align', '--tuples-only'] } as const;

/** How to run SQL. */
interface SqlOptions {
  /** Options of the client. */
  readonly args: readonly string[];
  /** The size of the output at most, in bytes. */
  readonly most: number;
  /** What could not be done: `read`. */
  readonly act?: string;
}

/** Runs SQL on the server of a site, as it arrives, and returns the output. It goes through standard input, as the password does. */
export async function runRemoteSql(
  ctx: Needs,
  source: DatabaseSource,
  sql: string | AsyncIterable<Buffer>,
  { args, most, act = 'read' }: SqlOptions,
): Promise<string> {
  const child = await startScript(ctx, source, 'sql', args);
  const sent = child.stdin ? pipeline(typeof sql === 'string' ? [Buffer.from(sql)] : sql, child.stdin) : undefined;
  // A client that stops reading says why; what else fails is thrown below.
  sent?.catch(() => {});
  try {
    const ran = await outcomeOf(child, source, most);
    ctx.world.signal.throwIfAborted();
    if (ran.code !== 0) throw remoteFailure(act, source, { ...ran, bytes: 0 }, ctx.world);
    await sent;
    return ran.output;
  } finally {
    child.stop();
  }
}

/** How long a query may take to end after Ctrl-C, in ms. */
const END_MS = 3_000;

/**
 * The same for a query, which Ctrl-C and the death of dnx end in the database, too: standard input stays open while it runs, and its end
 * interrupts the client. `interrupted` makes the error of Ctrl-C from how the client ended.
 */
export async function runRemoteQuery(
  ctx: Needs,
  source: DatabaseSource,
  sql: string,
  { args, most, act = 'query' }: SqlOptions,
  interrupted: (ran: Ran, reason: unknown) => unknown,
): Promise<string> {
  const { signal, clock } = ctx.world;
  const life = new AbortController();
  let running: Started | undefined;
  const interrupt = () => {
    running?.stdin?.end();
    const ends = running ? clock.sleep(END_MS) : Promise.resolve();
    void ends.then(() => life.abort(signal.reason));
  };
  signal.addEventListener('abort', interrupt, { once: true });
  const child = await startScript(ctx, source, 'query', args, life.signal);
  child.stdin?.write(`${sql}${END_OF_QUERY}\n`);
  try {
    const ran = await outcomeOf(child, source, most, () => {
      running = child;
    });
    if (signal.aborted) throw interrupted(ran, signal.reason);
    if (ran.code !== 0) throw remoteFailure(act, source, { ...ran, bytes: 0 }, ctx.world);
    return ran.output;
  } finally {
    signal.removeEventListener('abort', interrupt);
    child.stop();
  }
}

/** How a client ended. */
export interface Ran {
  readonly code: number;
  readonly stderr: string;
  readonly output: string;
}

/** Waits until a client has ended. `begun` is called once it starts. */
async function outcomeOf(child: Started, source: DatabaseSource, most: number, begun?: () => void): Promise<Ran> {
  const said = listenTo(child, source);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of afterMark(child.stdout, source, begun)) {
    size += chunk.length;
    if (size > most) throw tooMuch(source, most);
    chunks.push(chunk);
  }
  return { code: await child.ended, stderr: said(), output: Buffer.concat(chunks).toString() };
}
