import type { HttpResponse } from '../../machine/world.ts';
import type { ClientOptions } from './api.ts';
import type { Exchange } from './exchange.ts';

/** Waits for the limit's window together with every other request under way, then tries again. A 429 was not performed. */
export function rateLimited({ clock, signal, notice, patienceMs }: ClientOptions, exchange: Exchange): Exchange {
  let pausedUntil = 0;
  return async (method, path, send) => {
    let waited = 0;
    for (let attempt = 0; ; attempt++) {
      const pause = pausedUntil - clock.elapsed();
      if (pause > 0) {
        waited += pause;
        await clock.sleep(pause, signal);
        continue;
      }
      const response = await exchange(method, path, send);
      if (response.status !== 429 || send.authenticated === false) return response;
      const wait = retryAfter(response, clock.now()) ?? Math.min(60_000, 2_000 * 2 ** attempt);
      if (waited + wait > patienceMs) return response;
      response.discard();
      if (pausedUntil <= clock.elapsed()) notice(`Deploynix allows no more requests now; going on in ${Math.ceil(wait / 1000)} s.`);
      pausedUntil = Math.max(pausedUntil, clock.elapsed() + wait);
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
