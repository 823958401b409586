import { tokenFingerprint } from '../../../base/secrets.ts';
import type { World } from '../../../machine/world.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { configuredRate, marginOf, type Rate, reportedRate, reserveOf, slackOf, spanOf } from './rate.ts';

/** The rate limit of one token at one host, shared by all processes. Never fails because of its files. */
export interface Budget {
  readonly windowMs: number;
  /**
   * Books the next free time, unless it is further away than `mostMs`. `yields`: books nothing while commands may need it.
   * `instead`: what it booked before, which it keeps if that is now.
   */
  reserve(options: { readonly yields: boolean; readonly mostMs: number; readonly instead: number | undefined }): Turn;
  /** Returns a booked request that was never sent. */
  release(slot: number): void;
  /** Stops all requests for this long. False if that is longer than a window, so that only one request is concerned. */
  block(ms: number): boolean;
  /** Learns from the response to the request of this slot, which took so long: the general limit and what is left of it, if it says so. */
  saw(slot: number, tookMs: number, reported: { readonly limit?: number | undefined; readonly remaining?: number | undefined }): void;
  /** How long until new work may send so many requests at once, in ms, if `others` are to be sent before. Books nothing. */
  untilRoom(requests: number, others: number): number;
  status(): RateStatus;
  /** The other command that sent most requests of this window, if these are a third of the limit. */
  busiest(): Busiest | undefined;
}

/** A command, and how many requests it sent. */
export interface Busiest {
  readonly command: string;
  readonly count: number;
}

/** When a request may be sent. Without a `slot`, it has to ask again after `waitMs`. */
interface Turn {
  readonly slot: number | undefined;
  readonly waitMs: number;
  /** True behind another request of this process: a process books one at a time, so that one with many does not keep others waiting. */
  readonly queued?: boolean;
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

/** Opens the budget of a token at a host. */
export type Budgets = (token: string, host: string) => Budget;

/** `command`: what this process runs, such as `server list`. */
type Shared = Pick<World, 'clock' | 'env'> & { readonly command: string };

/** Opens the budgets, kept in the state directory. An invalid DNX_RATE_LIMIT fails the first request. */
export function openBudgets(directory: string, { clock, env, command }: Shared): Budgets {
  const opened = new Map<string, Budget>();
  return (token, host) => {
    const fixed = env.DNX_RATE_LIMIT ? configuredRate(env.DNX_RATE_LIMIT) : undefined;
    const key = tokenFingerprint(token, host);
    const kept = fixed?.limit === Number.POSITIVE_INFINITY ? undefined : directory;
    const ledger = () => openLedger(kept, key, spanOf(fixed ?? reportedRate(undefined)), clock);
    const budget = opened.get(key) ?? budgetOf(ledger(), fixed, { clock, command });
    opened.set(key, budget);
    return budget;
  };
}

/** A timer may end this much early. */
const EARLY_MS = 2;

function budgetOf(ledger: Ledger, fixed: Rate | undefined, { clock, command }: Pick<Shared, 'clock' | 'command'>): Budget {
  const { windowMs } = fixed ?? reportedRate(undefined);
  const own = Math.random().toString(36).slice(2);
  let added = 0;
  /** What this process booked last. */
  let pending = 0;
  /** What was known at the last booking. */
  let known: { readonly count: number; readonly limit: number | undefined } = { count: 0, limit: undefined };

  /** With a mark, what was there before its line. */
  const usage = (mark?: string): Usage => {
    const { limit, blockedUntil } = ledger.said();
    const log = ledger.bookings(mark).map(({ at }) => at);
    return currentUsage({ log, limit, blockedUntil, rate: fixed ?? reportedRate(limit) }, clock.now());
  };

  /** Books this time. False if another process was faster. */
  const booked = (slot: number, kept: number, now: number): boolean => {
    added += 1;
    const mark = `${own}.${added}`;
    ledger.book([slot], mark, command);
    const before = usage(mark);
    if (nextSlot(before, now, kept) > slot) {
      ledger.release(slot);
      return false;
    }
    pending = slot;
    known = { count: countAt(before, slot) + 1, limit: before.limit };
    return true;
  };

  return {
    windowMs,
    reserve({ yields, mostMs, instead }) {
      if (instead !== undefined && isDue(usage(), instead, clock.now())) return { slot: instead, waitMs: 0 };
      if (instead !== undefined) ledger.release(instead);
      for (;;) {
        const current = usage();
        const now = clock.now();
        if (current.rate.limit === Number.POSITIVE_INFINITY && current.blockedUntil === 0) return { slot: now, waitMs: 0 };
        const kept = yields ? reserveOf(current.rate) : 0;
        const slot = nextSlot(current, now, kept);
        const waitMs = slot - now;
        const behind = pending - now;
        if (behind > 0 && behind <= waitMs) return { slot: undefined, waitMs: behind, queued: true };
        if (waitMs > (yields ? 0 : mostMs)) return { slot: undefined, waitMs };
        if (booked(slot, kept, now)) return { slot, waitMs };
      }
    },
    release: (slot) => ledger.release(slot),
    block(ms) {
      if (ms > spanOf({ windowMs, limit: 0 })) return false;
      const { limit, blockedUntil } = usage();
      ledger.say({ limit, blockedUntil: Math.max(blockedUntil, Math.ceil(clock.now() + ms)) });
      return true;
    },
    saw(slot, tookMs, { limit: told, remaining }) {
      const counted = told === undefined || remaining === undefined ? 0 : told - remaining;
      const late = tookMs > marginOf({ windowMs, limit: 0 });
      const isNew = !fixed && told !== undefined && told !== known.limit;
      if (!late && !isNew && counted <= known.count) return;
      if (isNew) ledger.say({ ...ledger.said(), limit: told });
      const now = clock.now();
      if (late) {
        ledger.release(slot);
        ledger.book([now]);
      }
      const { log, rate } = usage();
      if (rate.limit === Number.POSITIVE_INFINITY) return;
      // What the API counted and dnx does not know of, others sent.
      const ours = log.filter((at) => at > slot - spanOf(rate) && at <= now).length;
      ledger.book(Array.from({ length: Math.max(0, counted - ours) }, () => now));
    },
    untilRoom(requests, others) {
      const current = usage();
      const { rate } = current;
      // More than the limit have to wait until nothing counts.
      const kept = Math.min(requests - 1 + reserveOf(rate), rate.limit - 1) + others;
      return kept < rate.limit ? nextSlot(current, clock.now(), kept) - clock.now() : spanOf(rate);
    },
    busiest() {
      const { rate } = usage();
      const counts = new Map<string, number>();
      for (const { at, mark, command: other } of ledger.bookings())
        if (!mark.startsWith(`${own}.`) && at > clock.now() - spanOf(rate) && /^[a-z][a-z -]*$/.test(other))
          counts.set(other, (counts.get(other) ?? 0) + 1);
      const [most] = [...counts].sort(([, one], [, other]) => other - one);
      return most && most[1] * 3 >= rate.limit ? { command: most[0], count: most[1] } : undefined;
    },
    status: () => statusOf(usage(), fixed !== undefined, clock.now()),
  };
}

/** What counts of the requests of a token. Times are epoch ms, because processes share them. */
interface Usage {
  /** When requests were sent, or will be, in order. Includes what others sent with the token elsewhere. */
  readonly log: readonly number[];
  /** The limit that the API reported last. */
  readonly limit: number | undefined;
  /** The end of a pause that the API asked for; 0 for none. */
  readonly blockedUntil: number;
  readonly rate: Rate;
}

/** Drops what no longer counts, and times that only a clock that was set back explains. */
function currentUsage({ log, limit, blockedUntil, rate }: Usage, now: number): Usage {
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
const countAt = ({ log, rate }: Usage, now: number): number => log.filter((at) => at > now - spanOf(rate)).length;

/** When the next request may be sent, if `kept` requests must stay free. Those that wait keep a distance, so that they do not wake all at once. */
function nextSlot({ log, blockedUntil, rate }: Usage, now: number, kept = 0): number {
  const earliest = (log[log.length - (rate.limit - kept)] ?? 0) + spanOf(rate);
  const free = Math.ceil(Math.max(now, blockedUntil, earliest));
  const last = log.at(-1) ?? 0;
  return free > now && last > now ? Math.max(free, Math.ceil(last + rate.windowMs / 600)) : free;
}

/** True if a booked request may be sent now. */
function isDue({ log, blockedUntil, rate }: Usage, slot: number, now: number): boolean {
  if (blockedUntil > now || slot > now + EARLY_MS || slot < now - slackOf(rate)) return false;
  const index = log.lastIndexOf(slot);
  return index >= 0 && (log[index - rate.limit] ?? 0) + spanOf(rate) <= slot;
}

function statusOf(usage: Usage, fixed: boolean, now: number): RateStatus {
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
