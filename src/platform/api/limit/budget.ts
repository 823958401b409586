import { usage as usageError } from '../../../base/errors.ts';
import { tokenFingerprint } from '../../../machine/credentials/fingerprint.ts';
import type { World } from '../../../machine/world.ts';
import {
  type CurrentUsage,
  countAt,
  countedRate,
  currentUsage,
  DEFAULT_RATE,
  isCalm,
  isDue,
  marginOf,
  nextSlot,
  parseRate,
  type Rate,
  type RateStatus,
  reserveOf,
  spanOf,
  statusOf,
  type Usage,
  untilRoom,
  withoutRequest,
  withRequests,
} from './usage.ts';
import { openUsageFile, type UsageFile } from './usage-file.ts';

/** The rate limit of one token at one host, shared by all processes. Never fails because of its file. */
export interface Budget {
  readonly windowMs: number;
  /**
   * Books the next free time, unless it is further away than `mostMs`. `yields`: books nothing while commands may need it.
   * `instead`: what it booked before, which it keeps if that is now.
   */
  reserve(options: { readonly yields: boolean; readonly mostMs: number; readonly instead: number | undefined }): Promise<Turn>;
  /** Returns a booked request that was never sent. */
  release(slot: number): Promise<void>;
  /** Stops all requests for this long. False if that is longer than a window, so that only one request is concerned. */
  block(ms: number): Promise<boolean>;
  /** Learns from the response to the request of this slot, which took so long: the general limit and what is left of it, if it says so. */
  saw(slot: number, tookMs: number, said: { readonly limit?: number | undefined; readonly remaining?: number | undefined }): Promise<void>;
  /** How long until new work may send so many requests at once, in ms, if `others` are to be sent before. Books nothing. */
  untilRoom(requests: number, others: number): number;
  status(): RateStatus;
}

/** When a request may be sent. Without a `slot`, it has to ask again after `waitMs`. */
export interface Turn {
  readonly slot: number | undefined;
  readonly waitMs: number;
  /** True behind another request of this process: a process books one at a time, so that one with many does not keep others waiting. */
  readonly queued?: boolean;
}

/** Opens the budget of a token at a host. */
export type Budgets = (token: string, host: string) => Budget;

type Shared = Pick<World, 'clock' | 'signal' | 'env'>;

/** Opens the budgets, kept in the state directory. An invalid DNX_RATE_LIMIT fails the first request. */
export function openBudgets(directory: string, { clock, signal, env }: Shared): Budgets {
  let file: UsageFile | undefined;
  const pending = new Map<string, number>();
  return (token, host) => {
    const fixed = env.DNX_RATE_LIMIT ? configuredRate(env.DNX_RATE_LIMIT) : undefined;
    const kept = fixed?.limit === Number.POSITIVE_INFINITY ? undefined : directory;
    file ??= openUsageFile(kept, spanOf(fixed ?? DEFAULT_RATE), { clock, signal });
    return budgetOf(file, tokenFingerprint(token, host), fixed, { clock, pending });
  };
}

/** The value of DNX_RATE_LIMIT. */
function configuredRate(word: string): Rate {
  const rate = parseRate(word);
  if (rate) return countedRate(rate);
  throw usageError(`DNX_RATE_LIMIT is not a valid limit: '${word}'.`, 'Set it to requests per minute, such as 60, to 60/5s, or to off.');
}

interface Process extends Pick<Shared, 'clock'> {
  /** What this process booked last, by key. */
  readonly pending: Map<string, number>;
}

function budgetOf(file: UsageFile, key: string, fixed: Rate | undefined, { clock, pending }: Process): Budget {
  const { windowMs } = fixed ?? DEFAULT_RATE;
  const current = (usage: Usage) => currentUsage(usage, fixed, clock.now());
  const edit = (change: (usage: CurrentUsage, now: number) => Usage | undefined) =>
    file.edit(key, (stored) => change(current(stored), clock.now()));

  /** What was known at the last booking. */
  let known: { readonly count: number; readonly limit: number | undefined } = { count: 0, limit: undefined };
  const note = (usage: CurrentUsage, slot: number) => {
    known = { count: countAt(usage, slot), limit: usage.limit };
  };

  /** Books a request for now without the lock, if the limit is far. Not `certain`: others did so at the same time, and the lock has to decide. */
  function bookNow(): { readonly slot: number; readonly certain: boolean } | undefined {
    const slot = clock.now();
    const before = current(file.read(key));
    if (!isCalm(before, slot, 1)) return undefined;
    const after = before.rate.limit === Number.POSITIVE_INFINITY ? before : current(file.add(key, slot));
    note(after, slot);
    return { slot, certain: isCalm(after, slot, 0) };
  }

  return {
    windowMs,
    async reserve({ yields, mostMs, instead }) {
      const quick = instead === undefined ? bookNow() : undefined;
      if (quick?.certain) return { slot: quick.slot, waitMs: 0 };
      const earlier = instead ?? quick?.slot;
      let turn: Turn = { slot: undefined, waitMs: 0 };
      await edit((before, now) => {
        if (earlier !== undefined && isDue(before, earlier, now)) {
          turn = { slot: earlier, waitMs: 0 };
          return undefined;
        }
        const usage = withoutRequest(before, earlier);
        const slot = nextSlot(usage, now, yields ? reserveOf(usage.rate) : 0);
        const waitMs = slot - now;
        const behind = (pending.get(key) ?? 0) - now;
        const queued = behind > 0 && behind <= waitMs;
        turn = queued ? { slot: undefined, waitMs: behind, queued } : { slot: undefined, waitMs };
        if (queued || waitMs > (yields ? 0 : mostMs)) return usage === before ? undefined : usage;
        turn = { slot, waitMs };
        pending.set(key, slot);
        const after = withRequests(usage, slot);
        note(after, slot);
        return after.rate.limit === Number.POSITIVE_INFINITY ? undefined : after;
      });
      return turn;
    },
    release: (slot) => edit((usage) => withoutRequest(usage, slot)),
    async block(ms) {
      if (ms > spanOf({ windowMs })) return false;
      await edit((usage, now) => ({ ...usage, blockedUntil: Math.max(usage.blockedUntil, Math.ceil(now + ms)) }));
      return true;
    },
    async saw(slot, tookMs, { limit: told, remaining }) {
      const limit = fixed ? undefined : told;
      const counted = told === undefined || remaining === undefined ? 0 : told - remaining;
      const late = tookMs > marginOf({ windowMs });
      const news = limit !== undefined && limit !== known.limit;
      if (!late && !news && counted <= known.count) return;
      await edit((before, now) => {
        const usage = limit === undefined || limit === before.limit ? before : { ...before, limit };
        if (usage.rate.limit === Number.POSITIVE_INFINITY) return usage === before ? undefined : usage;
        const moved = late ? withRequests(withoutRequest(usage, slot), now) : usage;
        // What the API counted and dnx does not know of, others sent.
        const ours = moved.log.filter((at) => at > slot - spanOf(usage.rate) && at <= now).length;
        const after = counted > ours ? withRequests(moved, ...Array.from({ length: counted - ours }, () => now)) : moved;
        return after === before ? undefined : after;
      });
    },
    untilRoom: (requests, others) => untilRoom(current(file.read(key)), clock.now(), requests, others),
    status: () => statusOf(current(file.read(key)), fixed !== undefined, clock.now()),
  };
}
