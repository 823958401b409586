import { usage } from '../../../base/errors.ts';
import { parseDuration } from '../../../base/time.ts';

/** The requests that a token may send per window. `limit` is Infinity if there is no limit. */
export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

const MINUTE = 60_000;

/** The limit that the API reference names. */
const DEFAULT_RATE: Rate = { limit: 60, windowMs: MINUTE };

/** Parses `60`, `60/1m`, `60/5s`, `0` or `off`. Undefined for anything else. */
export function parseRate(word: string): Rate | undefined {
  if (word === 'off') return { ...DEFAULT_RATE, limit: Number.POSITIVE_INFINITY };
  const [, limit, window] = /^(\d{1,9})(?:\/(\w+))?$/.exec(word) ?? [];
  const windowMs = window === undefined ? MINUTE : parseDuration(window);
  if (limit === undefined || !windowMs || windowMs > 60 * MINUTE) return undefined;
  return { limit: Number(limit) || Number.POSITIVE_INFINITY, windowMs };
}

/** The value of DNX_RATE_LIMIT. */
export function configuredRate(word: string): Rate {
  const rate = parseRate(word);
  if (rate) return countedRate(rate);
  throw usage(`DNX_RATE_LIMIT is not a valid limit: '${word}'.`, 'Set it to requests per minute, such as 60, to 60/5s, or to off.');
}

/** The rate that the API reported, or else the one that it documents. */
export const reportedRate = (limit: number | undefined): Rate => countedRate({ ...DEFAULT_RATE, limit: limit ?? DEFAULT_RATE.limit });

/** The rate, without a limit that is never reached. */
const countedRate = ({ limit, windowMs }: Rate): Rate => ({ limit: limit > 1_000 ? Number.POSITIVE_INFINITY : limit, windowMs });

/** A request that took longer than this counts from its response. */
export const marginOf = ({ windowMs }: Rate): number => windowMs / 60;

/** How long a request counts: a window, and a margin because some requests take longer to arrive than others. */
export const spanOf = (rate: Rate): number => rate.windowMs + marginOf(rate);

/** How far a busy machine or a pause shifts what was booked. */
export const slackOf = ({ windowMs }: Rate): number => windowMs / 10;

/** The requests that polls leave to commands. */
export const reserveOf = ({ limit }: Rate): number => (limit === Number.POSITIVE_INFINITY ? 0 : Math.floor(limit / 6));
