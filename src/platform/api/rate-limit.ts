import { duration, shownTime, utcOf } from '../../base/time.ts';
import type { HttpResponse } from '../../machine/world.ts';
import type { ClientOptions } from './api.ts';
import type { Exchange } from './exchange.ts';

/** The end of the current pause, in ms of the monotonic clock. Shared by all requests of a token. */
export interface Pause {
  until: number;
}

/** Spreads requests that wait for the same window, also in other processes. */
const SPREAD_MS = 5_000;

/** Waits out a 429 together with all other requests, then resends. A request that got a 429 was not performed. */
export function rateLimited(options: ClientOptions, exchange: Exchange, pause: Pause): Exchange {
  const { clock, signal, requests, patienceMs, random, deadline = Number.POSITIVE_INFINITY } = options;
  return async (method, path, send) => {
    let waited = 0;
    for (let attempt = 0; ; attempt++) {
      const left = pause.until - clock.elapsed();
      if (left > 0) {
        const spread = left + random() * SPREAD_MS;
        waited += left;
        const resume = requests.pause(spread);
        await clock.sleep(spread, signal).finally(resume);
        continue;
      }
      const response = await exchange(method, path, send);
      if (response.status !== 429 || send.authenticated === false) return response;
      const wait = retryAfter(response, clock.now()) ?? Math.min(60_000, 2_000 * 2 ** attempt);
      // A poll may wait until the deadline; any other request fails if the pause is longer.
      if (waited + wait > patienceMs || (send.retry !== false && clock.elapsed() + wait > deadline)) return response;
      response.discard();
      if (pause.until <= clock.elapsed()) requests.limited(wait);
      pause.until = Math.max(pause.until, clock.elapsed() + wait);
    }
  };
}

/** `Retry-After`, which is seconds or a date, in ms. */
export function retryAfter(response: Pick<HttpResponse, 'headers'>, now: number): number | undefined {
  const value = response.headers['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(ms, 1_000) : undefined;
}

/** `Retry-After` in words: `in 31s`, or `after 2026-12-01 02:00 UTC`. */
export const retryWords = (value = '60'): string =>
  /^\d+$/.test(value) ? `in ${duration(Number(value) * 1000)}` : `after ${shownTime(utcOf(Date.parse(value)) ?? value)}`;
