import type { Context } from '../context.ts';
import { DnxError, isError } from '../errors.ts';

/** One look at asynchronous work: how it stands, in a word, and the verdict once there is one. */
export interface Look<T> {
  readonly status: string;
  readonly verdict?: T | undefined;
}

export interface Followed<T> {
  /** Undefined: the time ran out first, and the remote work goes on. */
  readonly verdict: T | undefined;
  readonly status: string;
  /** Milliseconds since following began. */
  readonly elapsedMs: number;
}

export interface Following<T> {
  /** What is waited for, in the user's words: `shop.example.com`. */
  readonly what: string;
  /** Undefined where nothing can be said yet. A network fault or a 5xx may be thrown and is borne a few times. */
  readonly look: () => Promise<Look<T>>;
  readonly timeoutMs: number;
  /** The command that goes on where this one was stopped. */
  readonly resume: string;
}

const FIRST_POLL_MS = 2_000;
const SLOWEST_POLL_MS = 10_000;
const GROWTH = 1.5;
const FAULTS_IN_A_ROW = 5;
const HEARTBEAT_MS = 30_000;

/** 15 minutes: the longest wait unless the user says otherwise. */
export const DEFAULT_TIMEOUT_MS = 15 * 60_000;

/** The one polling loop. Elapsed time comes from the monotonic clock, so a changed clock or a suspended machine does not end it early. */
export async function follow<T>(ctx: Pick<Context, 'clock' | 'signal' | 'progress'>, following: Following<T>): Promise<Followed<T>> {
  const { clock, signal, progress } = ctx;
  const { what, look, timeoutMs, resume } = following;
  const started = clock.elapsed();
  let pause = FIRST_POLL_MS;
  let faults = 0;
  let status = 'started';
  let heartbeat = started;

  const say = (again: boolean) => {
    const seconds = Math.round((clock.elapsed() - started) / 1000);
    progress.step(again ? `${what}: ${status} (${seconds} s)` : `${what}: ${status}`, again ? undefined : `${seconds} s`);
  };

  try {
    for (;;) {
      const left = timeoutMs - (clock.elapsed() - started);
      if (left <= 0) return { verdict: undefined, status, elapsedMs: clock.elapsed() - started };
      await clock.sleep(Math.min(pause, left), signal);
      pause = Math.min(pause * GROWTH, SLOWEST_POLL_MS);
      try {
        const seen = await look();
        faults = 0;
        if (seen.status !== status) heartbeat = clock.elapsed();
        status = seen.status;
        if (seen.verdict !== undefined) return { verdict: seen.verdict, status, elapsedMs: clock.elapsed() - started };
        const quiet = clock.elapsed() - heartbeat >= HEARTBEAT_MS;
        if (quiet) heartbeat = clock.elapsed();
        say(quiet);
      } catch (error) {
        if (!isTransient(error)) throw error;
        faults += 1;
        if (faults >= FAULTS_IN_A_ROW)
          throw new DnxError('network', `Lost sight of ${what}: ${(error as DnxError).message}`, { cause: error });
      }
    }
  } catch (error) {
    throw error instanceof DnxError ? error.withHint(`The remote work goes on. Follow it with: ${resume}`) : error;
  } finally {
    progress.done();
  }
}

/** A fault of the network or of the server says nothing about the work that is waited for. */
const isTransient = (error: unknown): boolean => isError(error, 'network') || (isError(error, 'failed') && (error.status ?? 0) >= 500);
