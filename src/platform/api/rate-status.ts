import type { Rate } from './rate.ts';
import { countAt, nextSlot, type Usage } from './usage.ts';

/** How much of the rate limit is used, as `dnx api --rate` prints it. Without a limit, its numbers are null. */
export interface RateStatus {
  readonly limit: number | null;
  readonly window_s: number | null;
  readonly used: number | null;
  readonly remaining: number | null;
  /** When the next request may be sent; null for now. */
  readonly next_at: string | null;
  /** The end of a pause that the API asked for. */
  readonly blocked_until: string | null;
  /** `assumed` until the API reports its limit; `configured` by DNX_RATE_LIMIT. */
  readonly source: 'assumed' | 'reported' | 'configured';
}

/** The status of a usage. `fixed`: the rate is configured. */
export function statusOf(usage: Usage, rate: Rate, fixed: boolean, now: number): RateStatus {
  const none = rate.limit === Number.POSITIVE_INFINITY;
  const used = countAt(usage, rate, now);
  const next = nextSlot(usage, rate, now);
  return {
    limit: none ? null : rate.limit,
    window_s: none ? null : rate.windowMs / 1_000,
    used: none ? null : used,
    remaining: none ? null : Math.max(0, rate.limit - used),
    next_at: next > now ? timeAt(next) : null,
    blocked_until: usage.blockedUntil > now ? timeAt(usage.blockedUntil) : null,
    source: fixed ? 'configured' : usage.limit === undefined ? 'assumed' : 'reported',
  };
}

const timeAt = (ms: number): string => new Date(ms).toISOString();
