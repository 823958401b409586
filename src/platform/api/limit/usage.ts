import { parseDuration } from '../../../base/time.ts';

/** The requests that a token may send per window. `limit` is Infinity if there is no limit. */
export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

const MINUTE = 60_000;

/** The limit that the API reference names. */
export const DEFAULT_RATE: Rate = { limit: 60, windowMs: MINUTE };

/** Parses `60`, `60/1m`, `60/5s`, `0` or `off`. Undefined for anything else. */
export function parseRate(word: string): Rate | undefined {
  if (word === 'off') return { ...DEFAULT_RATE, limit: Number.POSITIVE_INFINITY };
  const [, limit, window] = /^(\d{1,9})(?:\/(\w+))?$/.exec(word) ?? [];
  const windowMs = window === undefined ? MINUTE : parseDuration(window);
  if (limit === undefined || !windowMs || windowMs > 60 * MINUTE) return undefined;
  return { limit: Number(limit) || Number.POSITIVE_INFINITY, windowMs };
}

/** The rate, without a limit that is never reached. */
export const countedRate = ({ limit, windowMs }: Rate): Rate => ({ limit: limit > 1_000 ? Number.POSITIVE_INFINITY : limit, windowMs });

/** What is known about the requests of a token. Times are epoch ms, because processes share them. */
export interface Usage {
  /** When requests were sent, or will be, in order. Includes what others sent with the token elsewhere. */
  readonly log: readonly number[];
  /** The limit that the API reported last. */
  readonly limit?: number | undefined;
  /** The end of a pause that the API asked for. */
  readonly blockedUntil: number;
}

/** The part of a usage that matters now, and the rate that it is measured by. */
export interface CurrentUsage extends Usage {
  readonly rate: Rate;
}

/** How long a request counts: a window, and a margin because some requests take longer to arrive than others. */
export const spanOf = ({ windowMs }: Pick<Rate, 'windowMs'>): number => windowMs + marginOf({ windowMs });

/** A request that took longer than this counts from its response. */
export const marginOf = ({ windowMs }: Pick<Rate, 'windowMs'>): number => windowMs / 60;

/** How far a busy machine or a pause shifts what was booked. */
const slackOf = ({ windowMs }: Rate): number => windowMs / 10;

/** A timer may end this much early. */
const EARLY_MS = 2;

/** Drops what no longer counts, and times that only a clock that was set back explains. `fixed`: the rate is configured. */
export function currentUsage({ log, limit, blockedUntil }: Usage, fixed: Rate | undefined, now: number): CurrentUsage {
  const rate = fixed ?? countedRate({ ...DEFAULT_RATE, limit: limit ?? DEFAULT_RATE.limit });
  const span = spanOf(rate);
  const blocked = blockedUntil > now && blockedUntil <= now + span ? blockedUntil : 0;
  const kept: number[] = [];
  for (const at of log) {
    const reason = Math.max(now, blocked, (kept[kept.length - rate.limit] ?? 0) + span);
    if (at > now - 2 * span && at <= reason + slackOf(rate)) kept.push(at);
  }
  return { log: kept, limit, blockedUntil: blocked, rate };
}

/** The number of requests that count at this time, including those that are booked. */
export const countAt = ({ log, rate }: CurrentUsage, now: number): number => log.filter((at) => at > now - spanOf(rate)).length;

/** The requests that polls leave to commands. */
export const reserveOf = ({ limit }: Rate): number => (limit === Number.POSITIVE_INFINITY ? 0 : Math.floor(limit / 6));

/** When the next request may be sent, if `kept` requests must stay free. Those that wait keep a distance, so that they do not wake all at once. */
export function nextSlot({ log, blockedUntil, rate }: CurrentUsage, now: number, kept = 0): number {
  const earliest = (log[log.length - (rate.limit - kept)] ?? 0) + spanOf(rate);
  const free = Math.ceil(Math.max(now, blockedUntil, earliest));
  const last = log.at(-1) ?? 0;
  return free > now && last > now ? Math.max(free, Math.ceil(last + rate.windowMs / 600)) : free;
}

/** How long until so many requests fit besides `others` and the reserve, in ms. More than the limit have to wait until nothing counts. */
export function untilRoom(usage: CurrentUsage, now: number, requests: number, others: number): number {
  const { rate } = usage;
  const kept = Math.min(requests - 1 + reserveOf(rate), rate.limit - 1) + others;
  return kept < rate.limit ? nextSlot(usage, now, kept) - now : spanOf(rate);
}

/** True if a booked request may be sent now. */
export function isDue({ log, blockedUntil, rate }: CurrentUsage, slot: number, now: number): boolean {
  if (blockedUntil > now || slot > now + EARLY_MS || slot < now - slackOf(rate)) return false;
  const index = log.lastIndexOf(slot);
  return index >= 0 && (log[index - rate.limit] ?? 0) + spanOf(rate) <= slot;
}

/** The usage with requests at these times. */
export const withRequests = <U extends Usage>(usage: U, ...times: readonly number[]): U => ({
  ...usage,
  log: [...usage.log, ...times].sort((one, other) => one - other),
});

/** The usage without a request at this time. */
export const withoutRequest = <U extends Usage>(usage: U, slot: number): U => ({ ...usage, log: withoutTimes(usage.log, [slot]) });

/** The times that are not among the others, each of which removes one. */
export function withoutTimes(times: readonly number[], others: readonly number[]): readonly number[] {
  const left = new Map<number, number>();
  for (const at of others) left.set(at, (left.get(at) ?? 0) + 1);
  return times.filter((at) => {
    const count = left.get(at) ?? 0;
    if (count > 0) left.set(at, count - 1);
    return count === 0;
  });
}

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
export function rateStatus(usage: CurrentUsage, fixed: boolean, now: number): RateStatus {
  const { limit, windowMs } = usage.rate;
  const counted = <T>(value: T) => (limit === Number.POSITIVE_INFINITY ? null : value);
  const future = (ms: number) => (ms > now ? new Date(ms).toISOString() : null);
  const used = countAt(usage, now);
  return {
    limit: counted(limit),
    window_s: counted(windowMs / 1_000),
    used: counted(used),
    remaining: counted(Math.max(0, limit - used)),
    next_at: future(nextSlot(usage, now)),
    blocked_until: future(usage.blockedUntil),
    source: fixed ? 'configured' : usage.limit === undefined ? 'assumed' : 'reported',
  };
}
