import { DnxError, isError, type Next } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import type { Clock } from '../../machine/world.ts';
import type { Api } from '../api/api.ts';
import { isUnperformed } from '../api/deadline.ts';

/** The default of --timeout: 15 minutes. */
const DEFAULT_TIMEOUT_MS = 15 * 60_000;

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

/** The messages for a token that cannot read what it should follow. `why` is the message of the 403. */
export interface Unreadable {
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

/** The error at the end of `--timeout`. `job` is a noun: `deployment of shop.example.com`. */
export const timedOut = (job: string, elapsedMs: number, resume: Next): DnxError =>
  new DnxError('timed_out', `Timed out after ${duration(elapsedMs)}; the ${job} continues`, { next: [resume] });

/** Replaces a timeout before the request by an error that names what did not start. `job`: `the deployment of shop.example.com`. */
export const inTime = <T>(work: Promise<T>, job: string): Promise<T> =>
  work.catch((error: unknown) => {
    if (!isUnperformed(error)) throw error;
    throw new DnxError('timed_out', `Timed out before ${job} started. Nothing was changed.`, {
      cause: error,
      hint: 'Use a longer --timeout.',
    });
  });

/** True for a network error or a 5xx, which says nothing about the work. The client waits out a 429. */
export const isFault = (error: unknown): error is DnxError =>
  isError(error, 'network') || (isError(error, 'failed') && (error.status ?? 0) >= 500);

/** The number of consecutive failed polls that ends the wait. */
export const FAULTS_IN_A_ROW = 5;

/** The error after too many faults in a row. */
export const lostContact = (what: string, cause: DnxError): DnxError =>
  new DnxError('network', `Lost contact with ${what}: ${cause.message}`, { cause });

/** Adds to a failure that the remote work continues, and how to resume. */
export function continues(error: DnxError, { job, resume }: { readonly job: string; readonly resume: Next }): DnxError {
  if (error.code !== 'unauthenticated') return error.withHint(undefined, { ...resume, why: `The ${job} continues. ${resume.why}` });
  return error.withHint(
    `The token expired or was revoked; the ${job} continues.`,
    { command: ['login'], why: 'Sign in with' },
    { ...resume, why: `Then ${resume.why.toLowerCase()}` },
  );
}
