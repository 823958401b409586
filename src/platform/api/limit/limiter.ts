import { DnxError } from '../../../base/errors.ts';
import { counted } from '../../../base/text.ts';
import { DAY, duration, shownTime, timeOf } from '../../../base/time.ts';
import { type HttpResponse, NetworkFault } from '../../../machine/world.ts';
import type { ClientOptions, Exchange, SendOptions } from '../api.ts';
import { isReadMethod } from '../endpoint.ts';
import type { Budget } from './budget.ts';

/** True for an operation with a limit of its own, which its responses report. No GET has one, unless it is a file or a path that was typed. */
async function hasOwnLimit(method: string, path: string, { file, typed }: SendOptions): Promise<boolean> {
  if (isReadMethod(method) && !file && !typed) return false;
  const { operationAt, operations } = await import('../../operations.ts');
  return operations[operationAt(method, path)?.call ?? '']?.limited === true;
}

/** Keeps requests within the rate limit that all processes share. Waits out a 429, then resends: the request was not performed. */
export function rateLimited(options: ClientOptions, exchange: Exchange): Exchange {
  const { clock, budgets, host, token } = options;
  return async (method, path, send) => {
    if (send.authenticated === false) return exchange(method, path, send);
    const budget = budgets(await token(), host);
    const waits = waitsOf(options, send, budget);
    const hasOwn = await hasOwnLimit(method, path, send);
    let slot: number | undefined;
    for (let attempt = 0; ; attempt++) {
      const booked = await bookedTime(budget, waits, slot, attempt > 0);
      const started = clock.elapsed() - Math.max(0, clock.now() - booked);
      const response = await exchange(method, path, send).catch(async (error: unknown) => {
        if (error instanceof NetworkFault && !error.sent) budget.release(booked);
        throw error;
      });
      slot = booked;
      const refused = response.status === 429;
      // A 429 may be about another limit, such as one of deployments.
      budget.saw(booked, clock.elapsed() - started, hasOwn || refused ? {} : reported(response));
      if (!refused) return response;
      const wait = retryAfter(response, clock.now()) ?? Math.min(60_000, 2_000 * 2 ** attempt);
      const shared = !hasOwn && budget.block(wait);
      if (wait > waits.left()) return { ...response, limited: { bound: wait > DAY ? undefined : waits.bound(), sent: waits.sent() } };
      response.discard();
      if (!shared) await waits.pause(wait, true);
    }
  };
}

/** Waits until a request may be sent, and returns the time for which it is booked. `before`: its booking that was refused. */
async function bookedTime(budget: Budget, waits: Waits, before: number | undefined, refused: boolean): Promise<number> {
  for (let instead = before; ; ) {
    const { slot, waitMs, queued } = budget.reserve(waits.yields(), waits.left(), instead);
    if (waitMs > waits.left()) throw exhausted(waitMs, waits);
    if (waitMs > 0) await waits.pause(waitMs, refused, queued);
    else if (slot !== undefined) return slot;
    instead = slot;
  }
}

const exhausted = (ms: number, { bound, sent }: Waits): DnxError =>
  new DnxError('rate_limited', `Rate limited.${sent()}`, { hint: waitHint(String(Math.ceil(ms / 1_000)), bound()) });

/** What a command had sent when it was rate limited, after a sentence. */
const sentSoFar = ({ changes }: Pick<ClientOptions, 'changes'>): string =>
  changes ? (changes.sent === 0 ? ' Nothing was changed.' : ` Sent before: ${counted(changes.sent, 'change')}.`) : '';

/** How to go on after a rate limit: later, or with a longer wait. */
export const waitHint = (retryAfter: string | undefined, bound: string | undefined): string =>
  `Try again ${retryWords(retryAfter)}${bound === undefined ? '' : `, or use a longer ${bound}`}.`;

type Waits = ReturnType<typeof waitsOf>;

function waitsOf(
  { clock, signal, requests, changes, maxWaitMs, deadline = Number.POSITIVE_INFINITY }: ClientOptions,
  send: SendOptions,
  budget: Pick<Budget, 'windowMs'>,
) {
  let waited = 0;
  const mostMs = Math.min(maxWaitMs, send.mostDelayMs ?? maxWaitMs);
  // A poll may wait until the deadline, which ends the pause.
  const patient = send.retry === false && deadline !== Number.POSITIVE_INFINITY;
  const untilDeadline = () => deadline - clock.elapsed();
  return {
    /** How much longer it may wait, in ms. */
    left: () => (patient ? Number.POSITIVE_INFINITY : Math.max(0, Math.min(mostMs - waited, untilDeadline()))),
    /** The option that bounds it; none for optional data. */
    bound: () => (send.casual ? undefined : untilDeadline() < maxWaitMs - waited ? '--timeout' : '--max-wait'),
    sent: () => sentSoFar({ changes }),
    /** True if it leaves the last requests of a window to others: a poll or optional data, but not longer than a window. */
    yields: () => (send.retry === false || send.casual === true) && waited < budget.windowMs,
    /** `queued`: behind another request of this process, whose own wait counts. */
    async pause(ms: number, refused: boolean, queued = false) {
      if (!queued) waited += ms;
      const resume = requests.pause(ms, refused);
      await clock.sleep(ms, signal).finally(resume);
    },
  };
}

/** The general limit in a response. */
function reported({ headers }: HttpResponse): { readonly limit?: number | undefined; readonly remaining?: number | undefined } {
  const limit = wholeNumber(headers['x-ratelimit-limit']);
  return limit === 0 ? {} : { limit, remaining: wholeNumber(headers['x-ratelimit-remaining']) };
}

const wholeNumber = (value = ''): number | undefined => (/^\d{1,8}$/.test(value) ? Number(value) : undefined);

/** `Retry-After`, which is seconds or a date, or else `X-RateLimit-Reset`, in ms from now. */
export function retryAfter({ headers }: Pick<HttpResponse, 'headers'>, now: number): number | undefined {
  const value = headers['retry-after'] ?? headers['x-ratelimit-reset'];
  if (value === undefined) return undefined;
  const seconds = wholeNumber(value);
  const date = headers['retry-after'] === undefined ? timeOf(value) : dateOf(value);
  const sent = headers['retry-after'] === undefined ? Date.parse(headers.date ?? '') : Number.NaN;
  const ms = seconds === undefined ? (date ?? Number.NaN) - (sent || now) : seconds * 1_000;
  return Number.isFinite(ms) ? Math.max(ms, 1_000) : undefined;
}

/** The date of a `Retry-After`. Node also reads `-5` as one. */
const dateOf = (value: string): number => (/^([a-z]{3,9},? |\d{4}-)/i.test(value) ? Date.parse(value) : Number.NaN);

/** `Retry-After` in words: `in 31s`, or `after 2026-12-01 02:00 UTC`. */
export function retryWords(value = '60'): string {
  if (/^\d+$/.test(value)) return `in ${duration(Number(value) * 1000)}`;
  const at = dateOf(value);
  return Number.isNaN(at) ? 'in a moment' : `after ${shownTime(new Date(at).toISOString())}`;
}
