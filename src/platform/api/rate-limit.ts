import type { HttpResponse } from '../../machine/world.ts';
import type { ClientOptions } from './api.ts';
import type { Exchange } from './exchange.ts';

/** Until when nothing is sent, in ms of the monotonic clock. Requests that share a token share it. */
export interface Pause {
  until: number;
}

/** So long, in ms, the requests are spread that wait for the same window, those of other processes included. */
const SPREAD_MS = 5_000;

/** Waits for the limit's window together with every other request under way, then tries again. A 429 was not performed. */
export function rateLimited(options: ClientOptions, exchange: Exchange, pause: Pause): Exchange {
  const { clock, signal, notice, patienceMs, random, deadline = Number.POSITIVE_INFINITY } = options;
  return async (method, path, send) => {
    let waited = 0;
    for (let attempt = 0; ; attempt++) {
      const left = pause.until - clock.elapsed();
      if (left > 0) {
        const spread = left + random() * SPREAD_MS;
        waited += left;
        await clock.sleep(spread, signal);
        continue;
      }
      const response = await exchange(method, path, send);
      if (response.status !== 429 || send.authenticated === false) return response;
      const wait = retryAfter(response, clock.now()) ?? Math.min(60_000, 2_000 * 2 ** attempt);
      // A poll is only a part of what is waited for; anything else has failed if the limit outlasts the deadline.
      if (waited + wait > patienceMs || (send.retry !== false && clock.elapsed() + wait > deadline)) return response;
      response.discard();
      if (pause.until <= clock.elapsed()) notice(`Deploynix allows no more requests now; going on in ${Math.ceil(wait / 1000)} s.`);
      pause.until = Math.max(pause.until, clock.elapsed() + wait);
    }
  };
}

/** `Retry-After` in ms: seconds, or a date. */
function retryAfter(response: HttpResponse, now: number): number | undefined {
  const value = response.headers['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(ms, 1_000) : undefined;
}

/** `Retry-After` in words. */
export const retryWords = (value = '60'): string => (/^\d+$/.test(value) ? `in ${value} s` : `after ${value}`);
