import { DnxError, isError } from '../../base/errors.ts';
import type { Clock } from '../../machine/world.ts';

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
  readonly signal: AbortSignal;
  readonly progress: {
    step(sentence: string, detail?: string | (() => string)): void;
    spin(sentence: string, detail?: string | (() => string)): void;
    event(event: WaitingEvent): void;
    done(): void;
  };
}

/** One look at asynchronous work: how it stands, in a word, and the verdict once there is one. */
export interface Look<T> {
  readonly status: string;
  /** The status in words for a person, where the bare word would mislead. */
  readonly words?: string | undefined;
  readonly verdict?: T | undefined;
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
  /** Undefined where nothing can be said yet. A network fault or a 5xx may be thrown and is borne a few times. */
  readonly look: () => Promise<Look<T>>;
  readonly timeoutMs: number;
  /** The command that goes on where this one was stopped. */
  readonly resume: string;
  /** Looks before the first pause, for work that may have ended long ago. */
  readonly atOnce?: boolean | undefined;
  /** The shortest pause at this moment, in ms: who follows many things at a time asks less often after each. */
  readonly pace?: (() => number) | undefined;
}

const FIRST_POLL_MS = 2_000;
const SLOWEST_POLL_MS = 10_000;
const GROWTH = 1.5;
const FAULTS_IN_A_ROW = 5;
const HEARTBEAT_MS = 30_000;

/** 15 minutes: the longest wait unless the user says otherwise. */
export const DEFAULT_TIMEOUT_MS = 15 * 60_000;

/** The one polling loop. Elapsed time comes from the monotonic clock, so a changed clock or a suspended machine does not end it early. */
export async function follow<T>(ctx: Waiting, following: Following<T>): Promise<Followed<T>> {
  const { clock, signal, progress } = ctx;
  const { what, look, timeoutMs, resume, pace } = following;
  const started = clock.elapsed();
  const elapsed = () => clock.elapsed() - started;
  const seconds = () => Math.round(elapsed() / 1000);
  let pause = following.atOnce ? 0 : FIRST_POLL_MS;
  let faults = 0;
  let status = 'started';
  let heartbeat = 0;

  const tell = (type: 'status' | 'heartbeat' | 'fault', words: string) => {
    heartbeat = elapsed();
    progress.event({ type, at: new Date(clock.now()).toISOString(), target: what, status, elapsed_s: seconds() });
    progress.step(type === 'heartbeat' ? `${what}: ${words} (${seconds()} s)` : `${what}: ${words}`, () => `${seconds()} s`);
  };

  try {
    progress.spin(`${what}: ${status}`, () => `${seconds()} s`);
    for (;;) {
      const left = timeoutMs - elapsed();
      if (left <= 0) return { verdict: undefined, status, elapsedMs: elapsed() };
      if (pause > 0) await clock.sleep(Math.min(Math.max(pause, pace?.() ?? 0), left), signal);
      pause = pause === 0 ? FIRST_POLL_MS : Math.min(pause * GROWTH, SLOWEST_POLL_MS);
      try {
        const seen = await look();
        const news = seen.status !== status || faults > 0;
        faults = 0;
        status = seen.status;
        const words = seen.words ?? status;
        if (news) tell('status', words);
        else if (elapsed() - heartbeat >= HEARTBEAT_MS) tell('heartbeat', words);
        if (seen.verdict !== undefined) return { verdict: seen.verdict, status, elapsedMs: elapsed() };
      } catch (error) {
        if (!isTransient(error)) throw error;
        faults += 1;
        if (faults >= FAULTS_IN_A_ROW) throw new DnxError('network', `Lost sight of ${what}: ${error.message}`, { cause: error });
        if (faults === 1) tell('fault', 'no answer, asking again');
      }
    }
  } catch (error) {
    throw error instanceof DnxError ? onwards(error, resume) : error;
  } finally {
    progress.done();
  }
}

/** A fault of the network or of the server says nothing about the work that is waited for. */
const isTransient = (error: unknown): error is DnxError =>
  isError(error, 'network') || (isError(error, 'failed') && (error.status ?? 0) >= 500);

/** Whatever ends the wait, the remote work goes on: the same failure with the command that goes on following. */
function onwards(error: DnxError, resume: string): DnxError {
  if (error.code !== 'unauthenticated') return error.withHint(`The remote work goes on. Follow it with: ${resume}`);
  return error.withHint(`The token expired or was revoked; the remote work goes on. Sign in with: dnx login, then: ${resume}`);
}
