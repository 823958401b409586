import { parseDuration } from '../../base/time.ts';

/** The requests that a token may send per window. `limit` is Infinity if there is no limit. */
export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

const MINUTE = 60_000;
const LONGEST_WINDOW_MS = 60 * MINUTE;

/** A limit above this is never reached. */
const HIGHEST = 1_000;

/** The limit that the API reference names. */
export const DEFAULT_RATE: Rate = { limit: 60, windowMs: MINUTE };

/** A limit, or Infinity for one that is too high to matter. */
export const limitOf = (limit: number): number => (limit > HIGHEST ? Number.POSITIVE_INFINITY : limit);

/** Parses `60`, `60/1m`, `60/5s`, `0` or `off`. Undefined for anything else. */
export function parseRate(word: string): Rate | undefined {
  if (word === 'off') return { ...DEFAULT_RATE, limit: Number.POSITIVE_INFINITY };
  const [, limit, window] = /^(\d{1,9})(?:\/(\w+))?$/.exec(word) ?? [];
  const windowMs = window === undefined ? MINUTE : parseDuration(window);
  if (limit === undefined || !windowMs || windowMs > LONGEST_WINDOW_MS) return undefined;
  return { limit: Number(limit) || Number.POSITIVE_INFINITY, windowMs };
}
