import { DnxError, isError, type Next } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import { type Clock, NetworkFault } from '../../machine/world.ts';

/** An event during a wait, as `-o ndjson` prints it. Times are ISO 8601. */
export interface WaitingEvent {
  /** `heartbeat`: nothing new for 30 s. `fault`: a poll got no response. */
  readonly type: 'status' | 'heartbeat' | 'fault';
  readonly at: string;
  /** The name of the polled site or resource. */
  readonly target: string;
  readonly status: string;
  readonly elapsed_s: number;
}

/** What a wait needs. */
export interface Waiting {
  readonly clock: Clock;
  /** In ms of the monotonic clock. */
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

/** The result of one poll. */
export interface FollowReading<T> {
  readonly status: string;
  /** The status to show where the API's word would mislead: `queued`. */
  readonly words?: string | undefined;
  readonly verdict?: T | undefined;
  /** Milliseconds until a verdict is due if nothing changes. */
  readonly dueMs?: number | undefined;
}

/** The result of following. */
export interface Followed<T> {
  /** Undefined after a timeout: the remote work continues. */
  readonly verdict: T | undefined;
  readonly status: string;
  /** Milliseconds since following began. */
  readonly elapsedMs: number;
}

/** What to follow. */
export interface Following<T> {
  /** The name of the polled resource: `shop.example.com`. */
  readonly what: string;
  /** The work as a noun: `deployment`, `creation of server web-3`. */
  readonly job: string;
  /** Polls once, without retries. `follow` tolerates a few faults in a row. */
  readonly read: () => Promise<FollowReading<T>>;
  readonly resume: Next;
  /** Skips the first pause, for work that may have ended already. */
  readonly immediately?: boolean | undefined;
  /** Replaces the pause between two polls; ends early if another poll has read the same resource. */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
}

const FIRST_POLL_MS = 2_000;
const SLOWEST_POLL_MS = 10_000;
const GROWTH = 1.5;
const HEARTBEAT_MS = 30_000;
const FAULTS_IN_A_ROW = 5;

/** Polls until there is a verdict or the deadline. The polling loop for work that continues on the server. */
export async function follow<T>(ctx: Waiting, following: Following<T>): Promise<Followed<T>> {
  try {
    return await poll(ctx, following);
  } catch (error) {
    throw error instanceof DnxError ? continues(error, following) : error;
  } finally {
    ctx.progress.done();
  }
}

async function poll<T>(ctx: Waiting, following: Following<T>): Promise<Followed<T>> {
  const { clock, deadline, signal, progress } = ctx;
  const { what, read, immediately, sleep = (ms: number) => clock.sleep(ms, signal) } = following;
  const started = clock.elapsed();
  const elapsed = () => clock.elapsed() - started;
  const time = () => duration(elapsed());
  let pause = immediately ? 0 : FIRST_POLL_MS;
  let dueMs = Number.POSITIVE_INFINITY;
  let faults = 0;
  let status = 'started';
  let reportedAt = 0;

  const report = (type: WaitingEvent['type'], words: string) => {
    reportedAt = elapsed();
    progress.event({ type, at: new Date(clock.now()).toISOString(), target: what, status, elapsed_s: Math.round(elapsed() / 1000) });
    progress.step(`${what}: ${words} (${time()})`);
    progress.spin(`${what}  ${words}`, time);
  };

  progress.spin(`${what}  ${status}`, time);
  for (;;) {
    const left = deadline - clock.elapsed();
    if (left <= 0) return { verdict: undefined, status, elapsedMs: elapsed() };
    if (pause > 0) await sleep(Math.min(pause, dueMs, left));
    pause = pause === 0 ? FIRST_POLL_MS : Math.min(pause * GROWTH, SLOWEST_POLL_MS);
    try {
      const seen = await read();
      dueMs = seen.dueMs ?? Number.POSITIVE_INFINITY;
      const changed = seen.status !== status || faults > 0;
      faults = 0;
      status = seen.status;
      const words = seen.words ?? status;
      if (changed) report('status', words);
      else if (elapsed() - reportedAt >= HEARTBEAT_MS) report('heartbeat', words);
      if (seen.verdict !== undefined) return { verdict: seen.verdict, status, elapsedMs: elapsed() };
    } catch (error) {
      if (isError(error, 'timed_out')) continue;
      if (!isFault(error)) throw error;
      faults += 1;
      if (faults >= FAULTS_IN_A_ROW) throw lostContact(what, error);
      if (faults === 1) report('fault', 'no response, retrying');
    }
  }
}

/** The messages for a token that cannot read what it should follow. `why` is the message of the 403. */
interface Unreadable {
  /** True: fail before anything is started. */
  readonly required: boolean;
  readonly refusal: (why: string) => { readonly message: string; readonly hint: string };
  readonly warning: (why: string) => string;
}

/** Reads the state before a request. If the token cannot, fails or, if following is optional, warns and returns undefined. */
export async function readBefore<T>(
  progress: { warn(sentence: string): void },
  read: () => Promise<T>,
  { required, refusal, warning }: Unreadable,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isError(error, 'forbidden')) throw error;
    if (!required) {
      progress.warn(warning(error.message));
      return undefined;
    }
    const { message, hint } = refusal(error.message);
    throw new DnxError('forbidden', message, { status: error.status, hint });
  }
}

/** The error at the end of `--timeout`, which also counts the time before the work began. `job` is a noun: `deployment of shop.example.com`. */
export const timedOut = (job: string, timeoutMs: number, resume: Next): DnxError =>
  new DnxError('timed_out', `Timed out after ${duration(timeoutMs)}; the ${job} continues`, { next: [resume] });

/** True for a network error, a 5xx or an unreadable response, which says nothing about the work. The client waits out a 429. */
export const isFault = (error: unknown): error is DnxError =>
  isError(error, 'network') || (isError(error, 'failed') && ((error.status ?? 0) >= 500 || error.cause instanceof NetworkFault));

const lostContact = (what: string, cause: DnxError): DnxError =>
  new DnxError('network', `Lost contact with ${what}: ${cause.message}`, { cause });

/** Adds to a failure that the remote work continues, and how to resume. */
export function continues(error: DnxError, { job, resume }: { readonly job: string; readonly resume: Next }): DnxError {
  if (error.code === 'interrupted')
    return new DnxError('interrupted', `Stopped watching; the ${job} continues.`, { next: [resume], cause: error });
  if (error.code !== 'unauthenticated') return error.withHint(undefined, { ...resume, why: `The ${job} continues. ${resume.why}` });
  return error.withHint(
    `The token expired or was revoked; the ${job} continues.`,
    { command: ['login'], why: 'Sign in with' },
    { ...resume, why: `Then ${resume.why.toLowerCase()}` },
  );
}
