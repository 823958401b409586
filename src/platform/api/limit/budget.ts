import { usage } from '../../../base/errors.ts';
import { tokenFingerprint } from '../../../base/secrets.ts';
import { parseDuration } from '../../../base/time.ts';
import type { Clock, World } from '../../../machine/world.ts';
import { openLedger } from './ledger.ts';

/** The requests that a token may send per window. `limit` is Infinity if there is no limit. */
interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

const MINUTE = 60_000;

/** The limit that the API reference names. */
const DEFAULT_LIMIT = 60;

/** Parses `60`, `60/1m`, `60/5s`, `0` or `off`. Undefined for anything else. */
export function parseRate(word: string): Rate | undefined {
  if (word === 'off') return { limit: Number.POSITIVE_INFINITY, windowMs: MINUTE };
  const [, limit, window] = /^(\d{1,9})(?:\/(\w+))?$/.exec(word) ?? [];
  const windowMs = window === undefined ? MINUTE : parseDuration(window);
  if (limit === undefined || !windowMs || windowMs > 60 * MINUTE) return undefined;
  return { limit: Number(limit) || Number.POSITIVE_INFINITY, windowMs };
}

function configuredRate(word: string): Rate {
  const rate = parseRate(word);
  if (rate) return counted(rate);
  throw usage(`DNX_RATE_LIMIT is not a valid limit: '${word}'.`, 'Set it to requests per minute, such as 60, to 60/5s, or to off.');
}

/** The rate, without a limit that is never reached. */
const counted = ({ limit, windowMs }: Rate): Rate => ({ limit: limit > 1_000 ? Number.POSITIVE_INFINITY : limit, windowMs });

/** A request that took longer than this counts from its response. */
const marginOf = (windowMs: number): number => windowMs / 60;

/** How long a request counts: a window, and a margin because some requests take longer to arrive than others. */
const spanOf = (windowMs: number): number => windowMs + marginOf(windowMs);

/** How far a busy machine or a pause shifts what was booked. */
const slackOf = ({ windowMs }: Rate): number => windowMs / 10;

/** The requests that polls leave to commands. */
const reserveOf = ({ limit }: Rate): number => (limit === Number.POSITIVE_INFINITY ? 0 : Math.floor(limit / 6));

/** The mark of requests that others sent before a process began, which do not compete with it. */
const EARLIER = '-';

/** A timer may end this much early. */
const EARLY_MS = 2;

type Shared = Pick<World, 'clock' | 'env'>;

/** Opens the budget of a token at a host. */
export type Budgets = (token: string, host: string) => Budget;

/** Opens the budgets, kept in the state directory. An invalid DNX_RATE_LIMIT fails the first request. */
export function openBudgets(directory: string, { clock, env }: Shared): Budgets {
  const opened = new Map<string, Budget>();
  return (token, host) => {
    const fixed = env.DNX_RATE_LIMIT ? configuredRate(env.DNX_RATE_LIMIT) : undefined;
    const key = tokenFingerprint(token, host);
    const open = () => {
      const kept = fixed?.limit === Number.POSITIVE_INFINITY ? undefined : directory;
      return budgetOf(openLedger(kept, key, spanOf(fixed?.windowMs ?? MINUTE), clock), fixed, clock);
    };
    const budget = opened.get(key) ?? open();
    opened.set(key, budget);
    return budget;
  };
}

/** When a request may be sent. Without a `slot`, it has to ask again after `waitMs`. */
interface Turn {
  readonly slot: number | undefined;
  readonly waitMs: number;
  /** True behind another request of this process: a process books one at a time, so that one with many does not keep others waiting. */
  readonly queued?: boolean;
}

/** The rate limit of one token at one host, shared by all processes. Never fails because of its files. */
export type Budget = ReturnType<typeof budgetOf>;

function budgetOf(ledger: ReturnType<typeof openLedger>, fixed: Rate | undefined, clock: Clock) {
  const windowMs = fixed?.windowMs ?? MINUTE;
  const spanMs = spanOf(windowMs);
  const processMark = Math.random().toString(36).slice(2);
  let added = 0;
  /** What this process booked last. */
  let pending = 0;
  /** What was known at the last booking. */
  let known: { readonly count: number; readonly limit: number | undefined } = { count: 0, limit: undefined };
  /** True once a response said what others had sent before this process began. */
  let met = false;

  /** With a mark, what was there before its line. */
  const used = (mark?: string): Usage => {
    const { limit, blockedUntil } = ledger.said();
    const log = ledger.bookings(mark).map(({ at }) => at);
    return currentUsage({ log, limit, blockedUntil, rate: fixed ?? counted({ limit: limit ?? DEFAULT_LIMIT, windowMs }) }, clock.now());
  };

  /** Books this time. False if another process was faster. */
  const booked = (slot: number, kept: number, now: number): boolean => {
    added += 1;
    const mark = `${processMark}.${added}`;
    ledger.book(slot, mark);
    const before = used(mark);
    if (nextSlot(before, now, kept) > slot) {
      ledger.release(slot);
      return false;
    }
    pending = slot;
    known = { count: countAt(before, slot) + 1, limit: before.limit };
    return true;
  };

  const share = (): number => shareOf(ledger.bookings(), used(), clock.now(), spanMs);

  const untilRoom = (requests: number, others: number, part: number, forPolls = true): number => {
    const current = used();
    const { rate } = current;
    const reserve = forPolls ? reserveOf(rate) : 0;
    // More than the limit have to wait until nothing counts.
    const kept = Math.min(Math.ceil(requests / part) - 1 + reserve, rate.limit - 1) + Math.ceil(others / part);
    return kept < rate.limit ? nextSlot(current, clock.now(), kept) - clock.now() : spanMs;
  };

  return {
    windowMs,
    /**
     * Books the next free time, unless it is further away than `mostMs`. `yields`: books nothing while commands may need it.
     * `instead`: what it booked before, which it keeps if that is now.
     */
    reserve(yields: boolean, mostMs: number, instead: number | undefined): Turn {
      if (instead !== undefined && isDue(used(), instead, clock.now())) return { slot: instead, waitMs: 0 };
      if (instead !== undefined) ledger.release(instead);
      for (;;) {
        const current = used();
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
    /** Returns a booked request that was never sent. */
    release: ledger.release,
    /** Stops all requests for this long. False if that is longer than a window, so that only one request is concerned. */
    block(ms: number): boolean {
      if (ms > spanMs) return false;
      const { limit, blockedUntil } = used();
      ledger.say({ limit, blockedUntil: Math.max(blockedUntil, Math.ceil(clock.now() + ms)) });
      return true;
    },
    /** Learns from the response to the request of this slot, which took so long: the general limit and what is left of it, if it says so. */
    saw(
      slot: number,
      tookMs: number,
      { limit: told, remaining }: { readonly limit?: number | undefined; readonly remaining?: number | undefined },
    ) {
      const total = told === undefined || remaining === undefined ? 0 : told - remaining;
      const late = tookMs > marginOf(windowMs);
      const isNew = !fixed && told !== undefined && told !== known.limit;
      const earlier = met ? '' : EARLIER;
      met ||= total > 0;
      if (!late && !isNew && total <= known.count) return;
      if (isNew) ledger.say({ ...ledger.said(), limit: told });
      const now = clock.now();
      if (late) {
        ledger.release(slot);
        ledger.book(now, `${processMark}.late`);
      }
      const { log, rate } = used();
      if (rate.limit === Number.POSITIVE_INFINITY) return;
      // What the API counted and dnx does not know of, others sent.
      const ours = log.filter((at) => at > slot - spanMs && at <= now).length;
      for (let count = ours; count < total; count++) ledger.book(now, earlier);
    },
    /**
     * How long until new work may send so many requests at once, in ms, if `others` are to be sent before. Books nothing.
     * `fairly`: others get their share. `forPolls`: a poll may follow at once.
     */
    untilRoom: (requests: number, others: number, fairly: boolean, forPolls: boolean) =>
      untilRoom(requests, others, fairly ? share() : 1, forPolls),
    /** How long a poll of so many requests leaves the limit to those who use it elsewhere, in ms. */
    backoff(requests: number): number {
      const part = share();
      return part < 1 ? Math.min(windowMs / 3, Math.max(0, untilRoom(requests, 0, part))) : 0;
    },
    status: () => statusOf(used(), fixed !== undefined, clock.now()),
  };
}

type Bookings = ReturnType<ReturnType<typeof openLedger>['bookings']>;

/** The part of the limit that this machine can expect if others go on as they do, from 0 to 1: 1 while less than half of the limit is used. */
function shareOf(bookings: Bookings, current: Usage, now: number, spanMs: number): number {
  const recent = bookings.filter(({ at, mark }) => at > now - 2 * spanMs && at <= now && mark !== EARLIER);
  const own = recent.filter(({ mark }) => mark !== '').length;
  return own === 0 || countAt(current, now) * 2 <= current.rate.limit ? 1 : own / recent.length;
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
  const span = spanOf(rate.windowMs);
  const blocked = blockedUntil > now && blockedUntil <= now + span ? blockedUntil : 0;
  const kept: number[] = [];
  for (const at of log) {
    const reason = Math.max(now, blocked, (kept[kept.length - rate.limit] ?? 0) + span);
    if (at > now - 2 * span && at <= reason + slackOf(rate)) kept.push(at);
  }
  return { log: kept, limit, blockedUntil: blocked, rate };
}

/** The number of requests that count at this time, including those that are booked. */
const countAt = ({ log, rate }: Usage, now: number): number => log.filter((at) => at > now - spanOf(rate.windowMs)).length;

/** When the next request may be sent, if `kept` requests must stay free. Those that wait keep a distance, so that they do not wake all at once. */
function nextSlot({ log, blockedUntil, rate }: Usage, now: number, kept = 0): number {
  const earliest = (log[log.length - (rate.limit - kept)] ?? 0) + spanOf(rate.windowMs);
  const free = Math.ceil(Math.max(now, blockedUntil, earliest));
  const last = log.at(-1) ?? 0;
  return free > now && last > now ? Math.max(free, Math.ceil(last + rate.windowMs / 600)) : free;
}

/** True if a booked request may be sent now. */
function isDue({ log, blockedUntil, rate }: Usage, slot: number, now: number): boolean {
  if (blockedUntil > now || slot > now + EARLY_MS || slot < now - slackOf(rate)) return false;
  const index = log.lastIndexOf(slot);
  return index >= 0 && (log[index - rate.limit] ?? 0) + spanOf(rate.windowMs) <= slot;
}

/** How much of the rate limit is used, as `dnx api --rate` prints it. Without a limit, its numbers are null. */
export type RateStatus = ReturnType<typeof statusOf>;

function statusOf(current: Usage, fixed: boolean, now: number) {
  const { limit, windowMs } = current.rate;
  const finite = (value: number) => (limit === Number.POSITIVE_INFINITY ? null : value);
  const future = (ms: number) => (ms > now ? new Date(ms).toISOString() : null);
  const used = countAt(current, now);
  return {
    limit: finite(limit),
    window_s: finite(windowMs / 1_000),
    used: finite(used),
    remaining: finite(Math.max(0, limit - used)),
    /** When the next request may be sent; null for now. */
    next_at: future(nextSlot(current, now)),
    /** The end of a pause that the API asked for. */
    blocked_until: future(current.blockedUntil),
    /** `assumed` until the API reports its limit; `configured` by DNX_RATE_LIMIT. */
    source: fixed ? ('configured' as const) : current.limit === undefined ? ('assumed' as const) : ('reported' as const),
  };
}
