import { DnxError, isError } from '../../base/errors.ts';
import {
  type Child,
  type Clock,
  type HttpRequest,
  type HttpResponse,
  NetworkFault,
  type Transport,
  type World,
} from '../../machine/world.ts';
import type { Api } from './api.ts';
import { isReadMethod } from './endpoint.ts';

/** How long a command waits for what it started, in ms. */
export const DEFAULT_TIMEOUT_MS = 15 * 60_000;

/** The time limit of a command, in ms. With --no-wait only an explicit --timeout counts. */
export const allowanceOf = ({ wait, timeout }: { readonly wait?: unknown; readonly timeout?: unknown }): number =>
  typeof timeout === 'number' ? timeout : wait === false ? Number.POSITIVE_INFINITY : DEFAULT_TIMEOUT_MS;

/** The API with a deadline `allowanceMs` from now. */
export function within(
  { api, clock }: { readonly api: Api; readonly clock: Clock },
  allowanceMs: number,
): { readonly api: Api; readonly deadline: number } {
  const deadline = clock.elapsed() + allowanceMs;
  return { api: allowanceMs === Number.POSITIVE_INFINITY ? api : api.until(deadline), deadline };
}

/** Replaces a timeout before the request by an error that names what did not start. `job`: `the deployment of shop.example.com`. */
export const inTime = <T>(work: Promise<T>, job: string): Promise<T> =>
  work.catch((error: unknown) => {
    if (!isUnperformed(error)) throw error;
    throw new DnxError('timed_out', `Timed out before ${job} started. Nothing was changed.`, {
      cause: error,
      hint: 'Use a longer --timeout.',
    });
  });

/** True if time ran out before anything was sent, or during a GET: nothing was changed. */
export const isUnperformed = (error: unknown): boolean =>
  isError(error, 'timed_out') && error.cause instanceof NetworkFault && !error.cause.sent;

/** True if Deploynix rejected the request or never got it. */
export function neverPerformed(error: DnxError): boolean {
  const { code, cause, status } = error;
  if (isUnperformed(error) || code === 'rate_limited') return true;
  if (code === 'network') return cause instanceof NetworkFault && !cause.sent;
  return status !== undefined && status < 500;
}

/** `sent`: the request may have gone through. */
function timedOut(sent: boolean): DnxError {
  const cause = new NetworkFault('timed out', { sent });
  if (!sent) return new DnxError('timed_out', 'Timed out waiting for a response.', { cause });
  const hint = 'Check the current state before you retry.';
  return new DnxError('timed_out', 'Timed out waiting for a response; the request may have gone through.', { cause, hint });
}

/** A clock on which a sleep past the deadline fails with `timed_out`. */
export const clockUntil = (clock: Clock, deadline: number): Clock => ({
  now: () => clock.now(),
  elapsed: () => clock.elapsed(),
  async sleep(ms, signal) {
    const left = Math.max(0, deadline - clock.elapsed());
    await clock.sleep(Math.min(ms, left), signal);
    if (ms > left) throw timedOut(false);
  },
});

/** A transport whose requests fail with `timed_out` at the deadline, even during the body. */
export const transportUntil = (transport: Transport, clock: Clock, deadline: number): Transport => ({
  close: () => transport.close(),
  async request(request: HttpRequest): Promise<HttpResponse> {
    if (clock.elapsed() >= deadline) throw timedOut(false);
    const timer = abortAt(deadline, clock, request.signal, () => timedOut(!isReadMethod(request.method)));
    try {
      const answer = transport.request({ ...request, signal: timer.signal });
      timer.start();
      const response = await answer;
      const discard = () => {
        timer.stop();
        response.discard();
      };
      return { ...response, body: releasing(response.body, timer.stop), file: releasing(response.file, timer.stop), discard };
    } catch (error) {
      timer.stop();
      throw error;
    }
  },
});

/** The longest timer that Node supports, 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A signal that aborts with `outer` until `release` is called, or when `abort` is. */
export function linkedSignal(outer: AbortSignal) {
  const controller = new AbortController();
  const follow = () => controller.abort(outer.reason);
  if (outer.aborted) follow();
  outer.addEventListener('abort', follow);
  return {
    signal: controller.signal,
    abort: (reason?: unknown) => controller.abort(reason),
    release: () => outer.removeEventListener('abort', follow),
  };
}

/** A signal that aborts with `outer`, or at the deadline once `start` was called. */
function abortAt(deadline: number, clock: Clock, outer: AbortSignal, reason: () => DnxError) {
  const { signal, abort, release } = linkedSignal(outer);
  const stopped = new AbortController();
  return {
    signal,
    start() {
      clock.sleep(Math.min(deadline - clock.elapsed(), LONGEST_TIMER_MS), stopped.signal).then(
        () => abort(reason()),
        () => {},
      );
    },
    stop() {
      release();
      stopped.abort();
    },
  };
}

/** Runs a program until a deadline, with its output on stderr. Returns its exit code, or why it has none: it took too long, or cannot be run. */
export async function runUntil(
  { clock, progress, signal, world }: Pick<World, 'clock' | 'signal'> & { progress: ProgressHold; world: Pick<World, 'spawn'> },
  program: Omit<Child, 'output' | 'signal'>,
  deadline: number,
  late: () => DnxError,
): Promise<number | DnxError> {
  const timer = abortAt(deadline, clock, signal, late);
  const go = progress.hold();
  try {
    const ended = world.spawn({ ...program, output: 'stderr', signal: timer.signal });
    timer.start();
    const code = await ended;
    return isError(timer.signal.reason, 'timed_out') ? timer.signal.reason : code;
  } catch (error) {
    if (isError(error, 'usage')) return error;
    throw error;
  } finally {
    timer.stop();
    go();
  }
}

/** Progress that makes room for the output of a program until the returned function is called. */
type ProgressHold = { hold(): () => void };

async function* releasing(body: AsyncIterable<Uint8Array>, stop: () => void): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } finally {
    stop();
  }
}

/** Waits for work that others wait for, too: fails with `timed_out` at this deadline, without stopping the work. */
export async function waitUntil<T>(work: Promise<T>, deadline: number, clock: Clock, outer: AbortSignal): Promise<T> {
  const timer = abortAt(deadline, clock, outer, () => timedOut(false));
  const over = new Promise<never>((_, reject) => timer.signal.addEventListener('abort', () => reject(timer.signal.reason)));
  timer.start();
  return Promise.race([work, over]).finally(timer.stop);
}
