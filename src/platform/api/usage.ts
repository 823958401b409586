import type { Rate } from './rate.ts';

/** What is known about the requests of a token. Times are epoch ms, because processes share them. */
export interface Usage {
  /** When requests were sent, or will be, in order. Includes what others sent with the token elsewhere. */
  readonly log: readonly number[];
  /** The limit that the API reported last. */
  readonly limit?: number | undefined;
  /** The end of a pause that the API asked for. */
  readonly blockedUntil: number;
}

/** The usage of a token that was never used. */
export const unused: Usage = { log: [], blockedUntil: 0 };

/** How long a request counts: a window, and a margin because some requests take longer to arrive than others. */
export const spanOf = ({ windowMs }: Rate): number => windowMs + marginOf({ windowMs });

/** A request that took longer than this counts from its response. */
export const marginOf = ({ windowMs }: Pick<Rate, 'windowMs'>): number => windowMs / 60;

/** The distance of requests that wait, so that they do not wake all at once. */
const gapOf = ({ windowMs }: Rate): number => windowMs / 600;

/** How far a busy machine or a pause shifts what was booked. */
const slackOf = ({ windowMs }: Rate): number => windowMs / 10;

/** A timer may end this much early. */
const EARLY_MS = 2;

/** The requests that polls leave to commands. */
export const reserveOf = ({ limit }: Rate): number => (limit === Number.POSITIVE_INFINITY ? 0 : Math.floor(limit / 6));

/** The part of the usage that still matters. Drops times that only a clock that was set back explains. */
export function current({ log, limit, blockedUntil }: Usage, rate: Rate, now: number): Usage {
  const span = spanOf(rate);
  const blocked = blockedUntil > now && blockedUntil <= now + span ? blockedUntil : 0;
  const kept: number[] = [];
  for (const at of log) {
    const reason = Math.max(now, blocked, (kept[kept.length - rate.limit] ?? 0) + span);
    if (at > now - 2 * span && at <= reason + slackOf(rate)) kept.push(at);
  }
  return { log: kept, limit, blockedUntil: blocked };
}

/** When the next request may be sent, if `kept` requests must stay free. */
export function nextSlot({ log, blockedUntil }: Usage, rate: Rate, now: number, kept = 0): number {
  const earliest = (log[log.length - (rate.limit - kept)] ?? 0) + spanOf(rate);
  const free = Math.ceil(Math.max(now, blockedUntil, earliest));
  const last = log.at(-1) ?? 0;
  return free > now && last > now ? Math.max(free, Math.ceil(last + gapOf(rate))) : free;
}

/** How long until so many requests fit besides `others` and the reserve, in ms. More than the limit have to wait until nothing counts. */
export function untilRoom(usage: Usage, rate: Rate, now: number, requests: number, others: number): number {
  const kept = Math.min(requests - 1 + reserveOf(rate), rate.limit - 1) + others;
  return kept < rate.limit ? nextSlot(usage, rate, now, kept) - now : spanOf(rate);
}

/** The usage with a request at this time. */
export const booked = (usage: Usage, slot: number): Usage => ({ ...usage, log: [...usage.log, slot].sort((one, other) => one - other) });

/** The usage without a request at this time. */
export function released(usage: Usage, slot: number | undefined): Usage {
  const index = slot === undefined ? -1 : usage.log.lastIndexOf(slot);
  return index < 0 ? usage : { ...usage, log: usage.log.filter((_, each) => each !== index) };
}

/** The times that are not among the others, each of which removes one. */
export function without(times: readonly number[], others: readonly number[]): readonly number[] {
  const left = new Map<number, number>();
  for (const at of others) left.set(at, (left.get(at) ?? 0) + 1);
  return times.filter((at) => {
    const count = left.get(at) ?? 0;
    if (count > 0) left.set(at, count - 1);
    return count === 0;
  });
}

/** True if a booked request may be sent now. */
export function isDue({ log, blockedUntil }: Usage, rate: Rate, slot: number, now: number): boolean {
  if (blockedUntil > now || slot > now + EARLY_MS || slot < now - slackOf(rate)) return false;
  const index = log.lastIndexOf(slot);
  return index >= 0 && (log[index - rate.limit] ?? 0) + spanOf(rate) <= slot;
}

/** True if that is far from the limit: no pause, nothing booked, and at most half of a window used after `more` requests. */
export const isCalm = (usage: Usage, rate: Rate, now: number, more: number): boolean =>
  usage.blockedUntil <= now && (usage.log.at(-1) ?? 0) <= now && countAt(usage, rate, now) + more <= rate.limit / 2;

/** The number of requests that count at this time, including those that are booked. */
export const countAt = ({ log }: Usage, rate: Rate, now: number): number => log.filter((at) => at > now - spanOf(rate)).length;

/** Adds the requests that the API counted and we did not know of. `slot` is when the request was sent that got the response. */
export function withOthers(usage: Usage, rate: Rate, counted: number, slot: number, now: number): Usage {
  const known = usage.log.filter((at) => at > slot - spanOf(rate) && at <= now).length;
  if (counted <= known) return usage;
  const others = Array.from({ length: counted - known }, () => now);
  return { ...usage, log: [...usage.log, ...others].sort((one, other) => one - other) };
}
