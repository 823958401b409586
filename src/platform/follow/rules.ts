import { DnxError, isError, type Next } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import type { Clock } from '../../machine/world.ts';
import type { Api } from '../api/api.ts';
import { isUnperformed } from '../api/deadline.ts';

/** The default of --timeout: 15 minutes. */
const DEFAULT_TIMEOUT_MS = 15 * 60_000;

/** How long a command may take, in ms. With --no-wait only an explicit --timeout counts. */
export const allowanceOf = ({ wait, timeout }: { readonly wait?: unknown; readonly timeout?: unknown }): number =>
  typeof timeout === 'number' ? timeout : wait === false ? Number.POSITIVE_INFINITY : DEFAULT_TIMEOUT_MS;

/** The API with a deadline this many ms from now. */
export function within(
  { api, clock }: { readonly api: Api; readonly clock: Clock },
  allowanceMs: number,
): { readonly api: Api; readonly deadline: number } {
  const deadline = clock.elapsed() + allowanceMs;
  return { api: allowanceMs === Number.POSITIVE_INFINITY ? api : api.until(deadline), deadline };
}

/** What to say if the token cannot read the thing to follow. `why` is the API's answer. */
export interface Unreadable {
  /** True: fail before anything is started. */
  readonly required: boolean;
  readonly refusal: (why: string) => { readonly message: string; readonly hint: string };
  readonly warning: (why: string) => string;
}

/** Reads the state before the request. Undefined, with a warning, if the token cannot read it and following is optional. */
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

/** The end of `--timeout`. `job` is the work that continues: `deployment of shop.example.com`. */
export const timedOut = (job: string, elapsedMs: number, resume: Next): DnxError =>
  new DnxError('timed_out', `Timed out after ${duration(elapsedMs)}; the ${job} continues`, { next: [resume] });

/** Names what had not started when time ran out. `job` is a subject: `the deployment of shop.example.com`. */
export const inTime = <T>(work: Promise<T>, job: string): Promise<T> =>
  work.catch((error: unknown) => {
    if (!isUnperformed(error)) throw error;
    throw new DnxError('timed_out', `Timed out before ${job} started. Nothing was changed.`, {
      cause: error,
      hint: 'Allow more time with --timeout.',
    });
  });

/** A network error or a 5xx says nothing about the work. The client waits out a 429. */
export const isFault = (error: unknown): error is DnxError =>
  isError(error, 'network') || (isError(error, 'failed') && (error.status ?? 0) >= 500);

/** Polls in a row without an answer that end the wait. */
export const FAULTS_IN_A_ROW = 5;

/** The wait ended after too many faults. */
export const lost = (what: string, cause: DnxError): DnxError =>
  new DnxError('network', `Lost contact with ${what}: ${cause.message}`, { cause });

/** The same failure, saying that the remote work continues and how to resume. */
export function continues(error: DnxError, { job, resume }: { readonly job: string; readonly resume: Next }): DnxError {
  if (error.code !== 'unauthenticated') return error.withHint(undefined, { ...resume, why: `The ${job} continues. ${resume.why}` });
  return error.withHint(
    `The token expired or was revoked; the ${job} continues.`,
    { command: ['login'], why: 'Sign in with' },
    { ...resume, why: `Then ${resume.why.toLowerCase()}` },
  );
}
