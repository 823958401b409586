import { DnxError, isError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { LogPart } from '../../cli/output/view.ts';
import { watchReader } from '../watch/watch.ts';
import { type Connection, type Frame, type LogRequest, type Memory, openConnection } from './connection.ts';
import { unreadNote } from './survey.ts';

/** The pauses before another connection, in ms. */
const FIRST_MS = 2_000;
const LONGEST_MS = 30_000;
const SETTLE_MS = 100;

/** The pause before the next connection, in ms. It grows until a connection has shown that it works. */
interface Pace {
  pause: number;
}

/** What was said last of the connection to each server. Several sites may lose theirs at once. */
export type Said = Map<string, string>;

/** Yields the parts of logs from an open connection. With `follow`, connects again if it is lost, until nobody reads the output. */
export async function* partsFrom(
  ctx: Context,
  request: LogRequest,
  memory: Memory,
  first: Connection,
  said: Said,
): AsyncGenerator<LogPart> {
  const reader = request.follow ? watchReader(ctx) : undefined;
  const pace: Pace = { pause: FIRST_MS };
  let connection: Connection | undefined = first;
  reader?.onGone(() => connection?.stop());
  try {
    while (connection) {
      const finished: boolean = yield* partsOf(ctx, request, memory, connection, pace);
      ctx.signal.throwIfAborted();
      if (finished || reader?.gone()) return;
      connection.stop();
      const name = request.machine.server.label;
      if (!request.follow) throw new DnxError('network', `The output is incomplete: the connection to ${name} was lost.`);
      connection = await connectAgain(ctx, request, memory, { pace, said, unwanted: () => reader?.gone() === true });
    }
  } finally {
    connection?.stop();
    reader?.stop();
  }
}

const NONE = new Uint8Array();

/** Yields the parts of one connection. Returns false if it was lost. */
async function* partsOf(
  { progress }: Context,
  { source, site }: LogRequest,
  memory: Memory,
  { frames }: Connection,
  pace: Pace,
): AsyncGenerator<LogPart, boolean> {
  let file = { source: source ?? null, site, file: '', id: '' };
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const frame = next.value;
    memory.note(frame);
    pace.pause = FIRST_MS;
    if (frame.kind === 'finished') return true;
    if (frame.kind === 'file') file = { ...file, file: frame.name, id: frame.id };
    if (frame.kind === 'unread') progress.warn(unreadNote(frame.reason, frame.path));
    if (frame.kind === 'release') progress.note(`Release changed: ${frame.path.split('/').at(-1)}`);
    if (frame.kind === 'bytes') yield { ...file, bytes: frame.bytes };
    if (frame.kind === 'begun' || frame.kind === 'idle') yield { ...file, bytes: NONE, pause: frame.kind === 'begun' ? 'begun' : 'quiet' };
  }
  return false;
}

/** Connects again, however long it takes. Throws if the server refuses it, and returns undefined if nobody waits for it. */
async function connectAgain(
  ctx: Context,
  request: LogRequest,
  memory: Memory,
  { pace, said, unwanted }: { readonly pace: Pace; readonly said: Said; readonly unwanted: () => boolean },
) {
  const { clock, progress, signal } = ctx;
  const name = request.machine.server.label;
  const note = (text: string) => {
    if (said.get(name) !== text) progress.note(text);
    said.set(name, text);
  };
  // The signal that ended ssh may arrive a moment later: a terminal that is closed ends both.
  await clock.sleep(SETTLE_MS, signal);
  for (;;) {
    note(`Connection to ${name} lost; reconnecting in ${pace.pause / 1000}s`);
    await clock.sleep(pace.pause, signal);
    pace.pause = Math.min(pace.pause * 2, LONGEST_MS);
    if (unwanted()) return undefined;
    const connection = await openConnection(ctx, request, memory);
    if (await beginning(connection, memory)) {
      note(`Reconnected to ${name}`);
      return connection;
    }
    signal.throwIfAborted();
    const error = await connection.failure();
    if (!isError(error, 'network')) throw error;
  }
}

/** The frames before the logs; undefined if the connection ended. */
export async function beginning({ frames }: Connection, memory?: Memory): Promise<readonly Frame[] | undefined> {
  const read: Frame[] = [];
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    memory?.note(next.value);
    if (next.value.kind === 'surveyed') return read;
    read.push(next.value);
  }
  return undefined;
}
