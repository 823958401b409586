import { DnxError, isError } from '../../base/errors.ts';
import type { Clock } from '../../machine/world.ts';
import { FAULTS_IN_A_ROW, goesOn, isFault, lost } from './rules.ts';

/** One thing that happened while a command waits, as `-o ndjson` prints it. Times are ISO 8601. */
export interface WaitingEvent {
  /** `heartbeat`: nothing new for a while. `fault`: no answer this time. */
  readonly type: 'status' | 'heartbeat' | 'fault';
  readonly at: string;
  /** What is waited for. */
  readonly target: string;
  readonly status: string;
  readonly elapsed_s: number;
}

/** What a wait uses: time, a way to be stopped, and somebody to tell how it goes. */
export interface Waiting {
  readonly clock: Clock;
  /** When the wait is over, in ms of the monotonic clock. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly progress: {
    note(sentence: string): void;
    warn(sentence: string): void;
    step(sentence: string, detail?: string | (() => string)): void;
    spin(sentence: string, detail?: string | (() => string)): void;
    event(event: WaitingEvent): void;
    done(): void;
  };
}

/** What one poll found: a status, and the verdict once there is one. */
export interface Reading<T> {
  readonly status: string;
  /** The status in words for a person, where the bare word would mislead. */
  readonly words?: string | undefined;
  readonly verdict?: T | undefined;
  /** In so many ms, if nothing changes, there will be a verdict. */
  readonly dueMs?: number | undefined;
}

/** How following ended. */
export interface Followed<T> {
  /** Undefined: the time ran out first, and the remote work goes on. */
  readonly verdict: T | undefined;
  readonly status: string;
  /** Milliseconds since following began. */
  readonly elapsedMs: number;
}

/** What is followed, and for how long. */
export interface Following<T> {
  /** What is waited for, in the user's words: `shop.example.com`. */
  readonly what: string;
  /** Polls once, without retries and until the deadline: a fault that it throws is tolerated a few times. */
  readonly read: () => Promise<Reading<T>>;
  /** The words of the command that takes up the wait. */
  readonly resume: readonly string[];
  /** Polls before the first pause, for work that may have ended long ago. */
  readonly atOnce?: boolean | undefined;
  /** The shortest pause at this moment, in ms: a command that follows many things polls each less often. */
  readonly pace?: (() => number) | undefined;
}

const FIRST_POLL_MS = 2_000;
const SLOWEST_POLL_MS = 10_000;
const GROWTH = 1.5;
const HEARTBEAT_MS = 30_000;

/** The one polling loop. Elapsed time comes from the monotonic clock, so a changed clock or a suspended machine does not end it early. */
export async function follow<T>(ctx: Waiting, following: Following<T>): Promise<Followed<T>> {
  try {
    return await poll(ctx, following);
  } catch (error) {
    throw error instanceof DnxError ? goesOn(error, following.resume) : error;
  } finally {
    ctx.progress.done();
  }
}

async function poll<T>(ctx: Waiting, following: Following<T>): Promise<Followed<T>> {
  const { clock, deadline, signal, progress } = ctx;
  const { what, read, atOnce, pace } = following;
  const started = clock.elapsed();
  const elapsed = () => clock.elapsed() - started;
  const seconds = () => Math.round(elapsed() / 1000);
  let pause = atOnce ? 0 : FIRST_POLL_MS;
  let dueMs = Number.POSITIVE_INFINITY;
  let faults = 0;
  let status = 'started';
  let toldAt = 0;

  const tell = (type: WaitingEvent['type'], words: string) => {
    toldAt = elapsed();
    progress.event({ type, at: new Date(clock.now()).toISOString(), target: what, status, elapsed_s: seconds() });
    progress.step(type === 'heartbeat' ? `${what}: ${words} (${seconds()} s)` : `${what}: ${words}`, () => `${seconds()} s`);
  };

  progress.spin(`${what}: ${status}`, () => `${seconds()} s`);
  for (;;) {
    const left = deadline - clock.elapsed();
    if (left <= 0) return { verdict: undefined, status, elapsedMs: elapsed() };
    if (pause > 0) await clock.sleep(Math.min(Math.max(pause, pace?.() ?? 0), dueMs, left), signal);
    pause = pause === 0 ? FIRST_POLL_MS : Math.min(pause * GROWTH, SLOWEST_POLL_MS);
    try {
      const seen = await read();
      dueMs = seen.dueMs ?? Number.POSITIVE_INFINITY;
      const news = seen.status !== status || faults > 0;
      faults = 0;
      status = seen.status;
      const words = seen.words ?? status;
      if (news) tell('status', words);
      else if (elapsed() - toldAt >= HEARTBEAT_MS) tell('heartbeat', words);
      if (seen.verdict !== undefined) return { verdict: seen.verdict, status, elapsedMs: elapsed() };
    } catch (error) {
      if (isError(error, 'timed_out')) continue;
      if (!isFault(error)) throw error;
      faults += 1;
      if (faults >= FAULTS_IN_A_ROW) throw lost(what, error);
      if (faults === 1) tell('fault', 'no answer, asking again');
    }
  }
}
