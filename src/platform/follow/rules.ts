import { DnxError, isError, type Next } from '../../base/errors.ts';
import type { Clock } from '../../machine/world.ts';
import type { Api } from '../api/api.ts';
import { isUnperformed } from '../api/deadline.ts';

/** 15 minutes: the longest wait unless the user says otherwise. */
const DEFAULT_TIMEOUT_MS = 15 * 60_000;

/** How long, in ms, a command may take that has these options. Without waiting only a given `--timeout` counts. */
export const allowanceOf = ({ wait, timeout }: { readonly wait?: unknown; readonly timeout?: unknown }): number =>
  typeof timeout === 'number' ? timeout : wait === false ? Number.POSITIVE_INFINITY : DEFAULT_TIMEOUT_MS;

/** The API for so many ms from now, and when they are over. */
export function within(
  { api, clock }: { readonly api: Api; readonly clock: Clock },
  allowanceMs: number,
): { readonly api: Api; readonly deadline: number } {
  const deadline = clock.elapsed() + allowanceMs;
  return { api: allowanceMs === Number.POSITIVE_INFINITY ? api : api.until(deadline), deadline };
}

/** What to say where this token cannot read what is to be followed. `why` is the API's answer. */
export interface Unreadable {
  /** True: without following, nothing is started. */
  readonly required: boolean;
  readonly refusal: (why: string) => { readonly message: string; readonly hint: string };
  readonly warning: (why: string) => string;
}

/** Reads how things stand before the request. Undefined after a warning: this token cannot read it, and following is not required. */
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

/** `--timeout` has passed. `next` takes up the wait, or shows how the work stands. */
export const timedOut = (subject: string, next: Next): DnxError =>
  new DnxError('timed_out', `${subject} did not end within the time allowed; it goes on.`, { next: [next] });

/** Says what did not happen if time ran out before it was requested. `undone` is a clause. */
export const inTime = <T>(work: Promise<T>, undone: string): Promise<T> =>
  work.catch((error: unknown) => {
    if (!isUnperformed(error)) throw error;
    throw new DnxError('timed_out', `Time ran out, so ${undone}.`, { cause: error, hint: 'Allow more time with --timeout.' });
  });

/** A fault of the network or of the server says nothing about the work. A 429 is none: the client waits it out. */
export const isFault = (error: unknown): error is DnxError =>
  isError(error, 'network') || (isError(error, 'failed') && (error.status ?? 0) >= 500);

/** So many polls in a row without an answer end the wait. */
export const FAULTS_IN_A_ROW = 5;

/** The wait ended after that many faults. */
export const lost = (what: string, cause: DnxError): DnxError =>
  new DnxError('network', `Lost sight of ${what}: ${cause.message}`, { cause });

/** Whatever ends the wait, the remote work goes on: the same failure with the command that takes up the wait. */
export function goesOn(error: DnxError, resume: readonly string[]): DnxError {
  if (error.code !== 'unauthenticated')
    return error.withHint(undefined, { command: resume, why: 'The remote work goes on. Follow it with' });
  return error.withHint(
    undefined,
    { command: ['login'], why: 'The token expired or was revoked; the remote work goes on. Sign in with' },
    { command: resume, why: 'Then follow it with' },
  );
}
