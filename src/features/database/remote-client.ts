import { constants } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { attempt, DnxError } from '../../base/errors.ts';
import { bytes, quotedName } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Started, World } from '../../machine/world.ts';
import { SSH_FAILED, sshFailure } from '../remote/failure.ts';
import { notReached } from '../remote/forward.ts';
import { quietly, scripted, startSsh } from '../remote/ssh.ts';
import CLIENTS from './clients.sh';
import { type Credentials, type DatabaseSource, databaseEnd, MARK } from './credentials.ts';
import MYSQL from './mysql.sh';
import PGSQL from './pgsql.sh';

/** SQL compresses well. A line that is silently gone ends after a minute. */
const LINE = ['-C', '-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=4'];

/** Starts a script for the programs of the database. What it reads after the password is up to the caller. `life` ends it, not Ctrl-C. */
export async function startScript(
  ctx: Context,
  { place, credentials }: DatabaseSource,
  task: 'dump' | 'sql' | 'query',
  args: readonly string[],
  life?: AbortSignal,
): Promise<Started> {
  const command = scripted(CLIENTS + scripts[credentials.driver], ...connectionWords(credentials), task, ...args);
  const within = life ? { ...ctx, world: { ...ctx.world, signal: life } } : ctx;
  // Ctrl-C in the terminal would end ssh before dnx.
  const streams = { stdin: 'pipe', ...(life && { background: true as const }) } as const;
  const child = await startSsh(place.machine, { options: [...quietly(ctx), ...LINE], command }, within, streams);
  child.stdin?.write(`${credentials.password}\n${END_OF_PASSWORD}\n`);
  return child;
}

const END_OF_PASSWORD = 'dnx: password';
const END_OF_QUERY = 'dnx: query';

const scripts = { mysql: MYSQL, pgsql: PGSQL };

/** Host, port, socket, user and database. For `localhost`, the clients of MySQL use the socket, unless they are given a port. */
export const connectionWords = ({ driver, host, port, socket, username, database }: Credentials): readonly string[] => [
  host,
  driver === 'mysql' && (host === 'localhost' || socket !== undefined) ? '' : String(port),
  socket ?? '',
  username,
  database,
];

/** The most that may come before the mark, in the answer to a query, and that is kept of stderr, in bytes. */
export const LIMIT = 65_536;
/** The most that a program may say on stderr, in bytes. */
const MOST_SAID = 1_000_000;

/** The output of a script, which begins after the mark. Without a mark there is none. */
export async function* afterMark(output: AsyncIterable<Buffer>, source: DatabaseSource, begun?: () => void): AsyncGenerator<Buffer> {
  let before: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of output) {
    if (!before) yield chunk;
    else {
      before = Buffer.concat([before, chunk]);
      const at = before.indexOf(`${MARK}\n`);
      if (at < 0 && before.length > LIMIT) throw tooMuch(source, LIMIT);
      if (at < 0) continue;
      const rest = before.subarray(at + MARK.length + 1);
      before = undefined;
      begun?.();
      if (rest.length > 0) yield rest;
    }
  }
}

/** What a program says on stderr: its last 64 kB. Ends one that says too much. */
export function listenTo({ stderr, stop }: Started, source: DatabaseSource): () => string {
  let said = Buffer.alloc(0);
  let size = 0;
  stderr.on('data', (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]).subarray(-LIMIT);
    size += chunk.length;
    if (size > MOST_SAID) stop();
  });
  return () => {
    if (size > MOST_SAID) throw tooMuch(source, MOST_SAID);
    return said.toString();
  };
}

const tooMuch = ({ place, credentials }: DatabaseSource, most: number): DnxError => {
  const what = `${place.machine.server.label} printed more than ${bytes(most)} besides the contents of ${quotedName(credentials.database)}.`;
  return new DnxError('failed', what, { hint: 'Check what the login shell prints there, and the programs of the database.' });
};

const missingIn = (said: string): string | undefined => /^dnx: missing (.*)$/m.exec(said)?.[1];

/** Lines that are no reason for a failure: from dnx itself, about options that a program lacks, and ssh's own notices. */
const noise = /^(dnx: |\^|QUERY: |CONTEXT: |.*\bunknown (variable|option) '(--)?loose-|-+$|\*\* |Warning: Permanently added )/;

/** The lines that say why a program failed, never with the password. */
export function reasonsIn(said: string, password: string): readonly string[] {
  // In batch mode, the client of MariaDB prints the statement between two lines of dashes, and mariadb-dump in quotes.
  const shown = said.replace(/^-{14}\n[\s\S]*?\n-{14}\n/gm, '').replace(/Couldn't execute '.*': (?=.* \(\d+\)$)/gm, '');
  const told = shown.replace(/^psql:<stdin>:\d+: /gm, '');
  const known = told.split('\n').map((item) => item.trim());
  const lines = known.filter((item) => item !== '' && !noise.test(item));
  return password.length < 4 ? lines : lines.map((line) => line.replaceAll(password, '[hidden]'));
}

/** The error for a program on the server that failed. `act`: `dump`. `printed`: what it had printed by then, in bytes. */
export function remoteFailure(
  act: string,
  { place: { machine }, credentials }: DatabaseSource,
  { code, stderr }: Pick<QueryResult, 'code' | 'stderr'>,
  world: World,
  printed = 0,
): DnxError {
  const server = machine.server.label;
  if (code === SSH_FAILED) {
    if (printed === 0) return sshFailure(stderr, machine, world);
    return new DnxError('network', `The connection to ${server} was lost after ${bytes(printed)}.`, { hint: 'Try again.' });
  }
  const missing = missingIn(stderr);
  if (missing !== undefined)
    return new DnxError('failed', `Could not find ${missing} on ${server}.`, {
      hint: `Install ${credentials.driver === 'mysql' ? 'mariadb-client or mysql-client' : 'postgresql-client'} there.`,
    });
  const down = DOWN.exec(stderr);
  if (down) return notReached(down.slice(1).find(Boolean)?.trim(), { machine, far: databaseEnd(credentials) });
  const what = `Could not ${act} ${quotedName(credentials.database)} on ${server}`;
  if (code > 128) return new DnxError('failed', `${what}: the program was killed (${signalName(code - 128)}).`);
  const reasons = reasonsIn(stderr, credentials.password);
  const first = reasons.find((reason) => /error|denied|fail|fatal|unknown/i.test(reason)) ?? reasons.at(-1);
  return new DnxError('failed', `${what}: ${first ?? `the program ended with exit code ${code}.`}`, {
    details: reasons
      .filter((item) => item !== first)
      .slice(0, 5)
      .map((item) => [server, item] as const),
    hint: /denied|authentication failed/i.test(first ?? '') ? `The credentials are those of ${credentials.source}.` : undefined,
  });
}

/** What the programs say if no database answers where it should be. The one of MariaDB gives no reason. */
const DOWN =
  /Can't connect to |Unknown (?:MySQL |MariaDB )?server host|could not (?:translate host name|connect to server)|connection to server .* failed: (?:FATAL: +(the database system is .*)|(?!FATAL)(?!fe_sendauth)(.*))/;

const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;

/** Asks the database on the server of its site, and returns the output without its last newline. `most`: its size at most, in bytes. */
export async function askRemote(ctx: Context, source: DatabaseSource, query: string, most = LIMIT): Promise<string> {
  const output = await runRemoteSql(ctx, source, query, { args: bare[source.credentials.driver], most });
  return output.trimEnd();
}

/** Asks for objects in JSON, a line each. */
export async function askObjects<T>(ctx: Context, source: DatabaseSource, query: string): Promise<readonly T[]> {
  return objectsIn<T>(source, await askRemote(ctx, source, query, MOST_LISTED));
}

/** Objects in JSON, as a client prints them without headings. */
export function objectsIn<T>({ place, credentials }: DatabaseSource, output: string): readonly T[] {
  const lines =
    credentials.driver === 'mysql' ? parsedRows(output.trimEnd()).map(([cell = '']) => cell) : output.split('\n').filter(Boolean);
  const objects = attempt(() => lines.map((line) => JSON.parse(line)));
  if (objects) return objects;
  throw new DnxError('failed', `The client of the database on ${place.machine.server.label} did not print what it was asked for.`);
}

/** The most that a list of tables, or of what is in them, takes in bytes. */
export const MOST_LISTED = 16_000_000;

/** Rows of cells, as the clients of MySQL and MariaDB print them with `--batch`. */
export const parsedRows = (output: string): readonly (readonly string[])[] =>
  output === '' ? [] : output.split('\n').map((row) => row.split('\t').map(unescaped));

const unescaped = (cell: string): string =>
  cell.replace(/\\([nt0\\])/g, (_, letter: string) => ({ n: '\n', t: '\t', 0: '\0' })[letter] ?? '\\');

/** The options of a client that prints values alone. */
export const bare = { mysql: ['--skip-column-names'], pgsql: ['--no-align', '--tuples-only'] } as const;

interface SqlOptions {
  readonly args: readonly string[];
  /** The size of the output at most, in bytes. */
  readonly most: number;
  /** The error for more than that. */
  readonly tooMuch?: DnxError | undefined;
  /** What could not be done: `read`. */
  readonly act?: string;
}

/** Runs SQL on the server of a site, as it arrives, and returns the output. It goes through standard input, as the password does. */
export async function runRemoteSql(
  ctx: Context,
  source: DatabaseSource,
  sql: string | AsyncIterable<Buffer>,
  { args, most, act = 'read' }: SqlOptions,
): Promise<string> {
  const child = await startScript(ctx, source, 'sql', args);
  const sent = child.stdin ? pipeline(typeof sql === 'string' ? [Buffer.from(sql)] : sql, child.stdin) : undefined;
  // A client that stops reading says why; what else fails is thrown below.
  sent?.catch(() => {});
  try {
    const ran = await outcomeOf(child, source, { most });
    ctx.world.signal.throwIfAborted();
    if (ran.code !== 0) throw remoteFailure(act, source, ran, ctx.world);
    await sent;
    return ran.output;
  } finally {
    child.stop();
  }
}

const END_MS = 3_000;

/**
 * The same for a query, which Ctrl-C and the death of dnx end in the database, too: standard input stays open while it runs, and its end
 * interrupts the client. `interrupted` makes the error of Ctrl-C from how the client ended.
 */
export async function runRemoteQuery(
  ctx: Context,
  source: DatabaseSource,
  sql: string,
  { args, most, tooMuch, act = 'query' }: SqlOptions,
  interrupted: (result: QueryResult, reason: unknown) => unknown,
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
    const ran = await outcomeOf(child, source, { most, tooMuch }, () => {
      running = child;
    });
    if (signal.aborted) throw interrupted(ran, signal.reason);
    if (ran.code !== 0) throw remoteFailure(act, source, ran, ctx.world);
    return ran.output;
  } finally {
    signal.removeEventListener('abort', interrupt);
    child.stop();
  }
}

/** How a client ended. */
export interface QueryResult {
  readonly code: number;
  readonly stderr: string;
  readonly output: string;
}

/** Waits until a client has ended. `begun` is called once it starts. */
async function outcomeOf(
  child: Started,
  source: DatabaseSource,
  { most, tooMuch: error }: Pick<SqlOptions, 'most' | 'tooMuch'>,
  begun?: () => void,
): Promise<QueryResult> {
  const said = listenTo(child, source);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of afterMark(child.stdout, source, begun)) {
    size += chunk.length;
    if (size > most) throw error ?? tooMuch(source, most);
    chunks.push(chunk);
  }
  return { code: await child.ended, stderr: said(), output: Buffer.concat(chunks).toString() };
}
