import { usage as usageError } from '../../base/errors.ts';
import { tokenFingerprint } from '../../machine/credentials/fingerprint.ts';
import type { Clock, World } from '../../machine/world.ts';
import { DEFAULT_RATE, limitOf, parseRate, type Rate } from './rate.ts';
import { type RateStatus, statusOf } from './rate-status.ts';
import {
  booked,
  countAt,
  current,
  isCalm,
  isDue,
  marginOf,
  nextSlot,
  released,
  reserveOf,
  spanOf,
  type Usage,
  untilRoom,
  withOthers,
} from './usage.ts';
import { openUsageFile, type UsageFile } from './usage-file.ts';

/** When a request may be sent. Without a `slot`, it has to ask again after `waitMs`. */
export interface Turn {
  readonly slot: number | undefined;
  readonly waitMs: number;
  /** True behind another request of this process: a process books one at a time, so that one with many does not keep others waiting. */
  readonly queued?: boolean;
}

/** What a response says about the rate limit. */
export interface Sighting {
  /** The time for which the request was booked, and how long it took. */
  readonly slot: number;
  readonly tookMs: number;
  /** The general limit and what is left of it; undefined if the response does not say. */
  readonly limit?: number | undefined;
  readonly remaining?: number | undefined;
}

/** The rate limit of one token at one host, shared by all processes. Never fails because of its file. */
export interface Budget {
  /**
   * Books the next free time, unless it is further away than `mostMs`. `yields`: books nothing while commands may need it.
   * `instead`: what it booked before, which it keeps if that is now.
   */
  reserve(options: { readonly yields: boolean; readonly mostMs: number; readonly instead: number | undefined }): Promise<Turn>;
  /** Returns a booked request that was never sent. */
  release(slot: number): Promise<void>;
  /** Stops all requests for this long. False if that is longer than a window, so that only one request is concerned. */
  block(ms: number): Promise<boolean>;
  saw(sighting: Sighting): Promise<void>;
  /** How long until new work may send so many requests at once, in ms, if `others` are to be sent before. Books nothing. */
  untilRoom(requests: number, others: number): number;
  status(): RateStatus;
  readonly windowMs: number;
}

/** Opens the budget of a token at a host. */
export type Budgets = (token: string, host: string) => Budget;

/** Opens the budgets, kept in the state directory. An invalid DNX_RATE_LIMIT fails the first request. */
export function openBudgets(directory: string, { clock, signal, env }: Pick<World, 'clock' | 'signal' | 'env'>): Budgets {
  let file: UsageFile | undefined;
  const pending = new Map<string, number>();
  return (token, host) => {
    const fixed = env.DNX_RATE_LIMIT ? configuredRate(env.DNX_RATE_LIMIT) : undefined;
    file ??= openUsageFile(fixed?.limit === Number.POSITIVE_INFINITY ? undefined : directory, spanOf(fixed ?? DEFAULT_RATE), {
      clock,
      signal,
    });
    return budgetOf(file, tokenFingerprint(token, host), fixed, clock, pending);
  };
}

/** The value of DNX_RATE_LIMIT. */
function configuredRate(word: string): Rate {
  const rate = parseRate(word);
  if (rate) return { ...rate, limit: limitOf(rate.limit) };
  throw usageError(`DNX_RATE_LIMIT is not a valid limit: '${word}'.`, 'Set it to requests per minute, such as 60, to 60/5s, or to off.');
}

/** `pending`: what this process booked last, by key. */
function budgetOf(file: UsageFile, key: string, fixed: Rate | undefined, clock: Clock, pending: Map<string, number>): Budget {
  const { windowMs } = fixed ?? DEFAULT_RATE;
  const { read, add, edit } = accessTo(file, key, fixed, clock);
  let seen: Seen = { count: 0, limit: undefined };
  return {
    windowMs,
    async reserve({ yields, mostMs, instead: earlier }) {
      const quick = earlier === undefined ? bookedNow(read(), add, clock) : undefined;
      if (quick?.seen) {
        seen = quick.seen;
        return { slot: quick.slot, waitMs: 0 };
      }
      const instead = earlier ?? quick?.slot;
      let turn: Turn = { slot: undefined, waitMs: 0 };
      await edit((before, rate, now) => {
        if (instead !== undefined && isDue(before, rate, instead, now)) {
          turn = { slot: instead, waitMs: 0 };
          return undefined;
        }
        const usage = released(before, instead);
        turn = turnIn(usage, rate, now, { mostMs, kept: yields ? reserveOf(rate) : undefined, sibling: pending.get(key) });
        if (turn.slot === undefined) return usage === before ? undefined : usage;
        pending.set(key, turn.slot);
        const after = booked(usage, turn.slot);
        seen = { count: countAt(after, rate, turn.slot), limit: usage.limit };
        return rate.limit === Number.POSITIVE_INFINITY ? undefined : after;
      });
      return turn;
    },
    release: (slot) => edit((usage) => released(usage, slot)),
    async block(ms) {
      if (ms > spanOf({ limit: 0, windowMs })) return false;
      await edit((usage, _, now) => ({ ...usage, blockedUntil: Math.max(usage.blockedUntil, Math.ceil(now + ms)) }));
      return true;
    },
    async saw({ slot, tookMs, limit, remaining }) {
      const counted = limit === undefined || remaining === undefined ? 0 : limit - remaining;
      const late = tookMs > marginOf({ windowMs });
      const news = limit !== undefined && fixed === undefined && limit !== seen.limit;
      if (!late && !news && counted <= seen.count) return;
      await edit((usage, rate, now) => learned(usage, rate, { slot, late, counted, limit: fixed ? undefined : limit }, now));
    },
    untilRoom(requests, others) {
      const { usage, rate } = read();
      return untilRoom(usage, rate, clock.now(), requests, others);
    },
    status() {
      const { usage, rate } = read();
      return statusOf(usage, rate, fixed !== undefined, clock.now());
    },
  };
}

interface Known {
  readonly usage: Usage;
  readonly rate: Rate;
}

/** Reads and changes what still matters of the usage of a token, with its rate. */
function accessTo(file: UsageFile, key: string, fixed: Rate | undefined, clock: Clock) {
  const known = (stored: Usage, now: number): Known => {
    const rate = fixed ?? (stored.limit === undefined ? DEFAULT_RATE : { ...DEFAULT_RATE, limit: limitOf(stored.limit) });
    return { usage: current(stored, rate, now), rate };
  };
  return {
    read: (): Known => known(file.read(key), clock.now()),
    add: (usage: Usage, slot: number): Known => known(file.add(key, usage, slot), clock.now()),
    edit: (change: (usage: Usage, rate: Rate, now: number) => Usage | undefined): Promise<void> =>
      file.edit(key, (stored) => {
        const now = clock.now();
        const { usage, rate } = known(stored, now);
        return change(usage, rate, now);
      }),
  };
}

/** Books a request for now without the lock, if the limit is far. Without `seen`, others did so at the same time, and the lock has to decide. */
function bookedNow(
  { usage, rate }: Known,
  add: (usage: Usage, slot: number) => Known,
  clock: Clock,
): { readonly slot: number; readonly seen: Seen | undefined } | undefined {
  const slot = clock.now();
  if (!isCalm(usage, rate, slot, 1)) return undefined;
  if (rate.limit === Number.POSITIVE_INFINITY) return { slot, seen: { count: 0, limit: usage.limit } };
  const after = add(usage, slot);
  return {
    slot,
    seen: isCalm(after.usage, after.rate, slot, 0) ? { count: countAt(after.usage, rate, slot), limit: usage.limit } : undefined,
  };
}

interface Wanted {
  readonly mostMs: number;
  /** The requests that must stay free; undefined for none, and a time in the future. */
  readonly kept: number | undefined;
  /** What this process booked last. */
  readonly sibling: number | undefined;
}

function turnIn(usage: Usage, rate: Rate, now: number, { mostMs, kept, sibling = 0 }: Wanted): Turn {
  const slot = nextSlot(usage, rate, now, kept);
  const waitMs = slot - now;
  const behind = sibling - now;
  if (behind > 0 && behind <= waitMs) return { slot: undefined, waitMs: behind, queued: true };
  return { slot: waitMs > (kept === undefined ? mostMs : 0) ? undefined : slot, waitMs };
}

/** What was known when a request was booked. */
interface Seen {
  readonly count: number;
  readonly limit: number | undefined;
}

interface Learned extends Pick<Sighting, 'slot' | 'limit'> {
  readonly late: boolean;
  /** The requests that the API counted. */
  readonly counted: number;
}

/** The usage after a response; undefined if it says nothing new. */
function learned(usage: Usage, rate: Rate, { slot, late, counted, limit }: Learned, now: number): Usage | undefined {
  const reported = limit !== undefined && limit !== usage.limit ? { ...usage, limit } : usage;
  if (rate.limit === Number.POSITIVE_INFINITY) return reported === usage ? undefined : reported;
  const moved = late ? booked(released(reported, slot), now) : reported;
  const after = withOthers(moved, rate, counted, slot, now);
  return after === usage ? undefined : after;
}
