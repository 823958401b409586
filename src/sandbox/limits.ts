import type { OwnLimit } from './operation.ts';
import { ApiRefusal } from './response.ts';
import { HOUR, MINUTE } from './time.ts';

interface Limit {
  readonly max: number;
  /** In ms. */
  readonly window: number;
}

const own: { readonly [L in OwnLimit]: Limit } = {
  login: { max: 5, window: MINUTE },
  'token-creation': { max: 10, window: MINUTE },
  'backup-download': { max: 10, window: HOUR },
};

/** Counts a request and returns the headers of Laravel's throttle, or throws a 429. */
export interface Limiter {
  general(who: string, now: number): Record<string, string>;
  own(limit: OwnLimit, who: string, now: number): Record<string, string>;
}

/**
 * Fixed windows, as in Laravel's RateLimiter: a window opens with the first request, and refused requests are not counted. Counts
 * are in memory and reset when the sandbox starts.
 */
export function createLimiter(max: number, window = MINUTE): Limiter {
  const windows = new Map<string, { ends: number; used: number }>();

  const take = (key: string, { max, window }: Limit, now: number): Record<string, string> => {
    let open = windows.get(key);
    if (open === undefined || open.ends <= now) {
      open = { ends: now + window, used: 0 };
      windows.set(key, open);
    }
    const headers = { 'X-RateLimit-Limit': String(max), 'X-RateLimit-Remaining': String(Math.max(0, max - open.used - 1)) };
    if (open.used >= max) {
      throw new ApiRefusal(429, 'Too Many Attempts.', undefined, {
        ...headers,
        'Retry-After': String(Math.ceil((open.ends - now) / 1_000)),
        'X-RateLimit-Reset': String(Math.ceil(open.ends / 1_000)),
      });
    }
    open.used += 1;
    return headers;
  };

  return {
    general: (who, now) => (max > 0 ? take(`general ${who}`, { max, window }, now) : {}),
    own: (limit, who, now) => take(`${limit} ${who}`, own[limit], now),
  };
}
