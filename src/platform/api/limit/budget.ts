import { usage as usageError } from '../../../base/errors.ts';
import { tokenFingerprint } from '../../../base/secrets.ts';
import type { World } from '../../../machine/world.ts';
import {
  countAt,
  countedRate,
  currentUsage,
  DEFAULT_RATE,
  isDue,
  marginOf,
  nextSlot,
  parseRate,
  type Rate,
  type RateStatus,
  rateStatus,
  reserveOf,
  spanOf,
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
  reserve(options: { readonly yields: boolean; readonly mostMs: number; readonly instead: number | undefined }): Turn;
  /** Returns a booked request that was never sent. */
  release(slot: number): void;
  /** Stops all requests for this long. False if that is longer than a window, so that only one request is concerned. */
  block(ms: number): boolean;
  /** Learns from the response to the request of this slot, which took so long: the general limit and what is left of it, if it says so. */
  saw(slot: number, tookMs: number, said: { readonly limit?: number | undefined; readonly remaining?: number | undefined }): void;
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
export interface Turn {
  readonly slot: number | undefined;
  readonly waitMs: number;
  /** True behind another request of this process: a process books one at a time, so that one with many does not keep others waiting. */
  readonly queued?: boolean;
}

/** Opens the budget of a token at a host. */
export type Budgets = (token: string, host: string) => Budget;

/** `command`: what this process runs, such as `server list`. */
type Shared = Pick<World, 'clock' | 'env'> & { readonly command: string };

/** Opens the budgets, kept in the state directory. An invalid DNX_RATE_LIMIT fails the first request. */
export function openBudgets(directory: string, { clock, env, command }: Shared): Budgets {
  let file: UsageFile | undefined;
  const pending = new Map<string, number>();
  return (token, host) => {
    const fixed = env.DNX_RATE_LIMIT ? configuredRate(env.DNX_RATE_LIMIT) : undefined;
    const kept = fixed?.limit === Number.POSITIVE_INFINITY ? undefined : directory;
    file ??= openUsageFile(kept, spanOf(fixed ?? DEFAULT_RATE), clock);
    return budgetOf(file, tokenFingerprint(token, host), fixed, { clock, command, pending });
  };
}

/** The value of DNX_RATE_LIMIT. */
function configuredRate(word: string): Rate {
  const rate = parseRate(word);
  if (rate) return countedRate(rate);
  throw usageError(`DNX_RATE_LIMIT is not a valid limit: '${word}'.`, 'Set it to requests per minute, such as 60, to 60/5s, or to off.');
}

interface Process extends Pick<Shared, 'clock' | 'command'> {
  /** What this process booked last, by key. */
  readonly pending: Map<string, number>;
}

function budgetOf(file: UsageFile, key: string, fixed: Rate | undefined, { clock, command, pending }: Process): Budget {
  const { windowMs } = fixed ?? DEFAULT_RATE;
  const current = (usage: Usage) => currentUsage(usage, fixed, clock.now());
  const read = () => current(file.read(key));
  const release = (slot: number) => file.edit(key, (usage) => withoutRequest(usage, slot));

  /** What was known at the last booking. */
  let known: { readonly count: number; readonly limit: number | undefined } = { count: 0, limit: undefined };
  return {
    windowMs,
    reserve({ yields, mostMs, instead }) {
      if (instead !== undefined && isDue(read(), instead, clock.now())) return { slot: instead, waitMs: 0 };
      if (instead !== undefined) release(instead);
      for (;;) {
        const usage = read();
        const now = clock.now();
        const kept = yields ? reserveOf(usage.rate) : 0;
        const slot = nextSlot(usage, now, kept);
        const waitMs = slot - now;
        const behind = (pending.get(key) ?? 0) - now;
        if (behind > 0 && behind <= waitMs) return { slot: undefined, waitMs: behind, queued: true };
        if (waitMs > (yields ? 0 : mostMs)) return { slot: undefined, waitMs };
        const before = usage.rate.limit === Number.POSITIVE_INFINITY ? usage : current(file.add(key, slot, command));
        if (nextSlot(before, now, kept) <= slot) {
          pending.set(key, slot);
          known = { count: countAt(before, slot) + 1, limit: before.limit };
          return { slot, waitMs };
        }
        // Another process was faster, so what is left is another time.
        release(slot);
      }
    },
    release,
    block(ms) {
      if (ms > spanOf({ windowMs })) return false;
      const until = Math.ceil(clock.now() + ms);
      file.edit(key, (usage) => ({ ...usage, blockedUntil: Math.max(current(usage).blockedUntil, until) }));
      return true;
    },
    saw(slot, tookMs, { limit: told, remaining }) {
      const limit = fixed ? undefined : told;
      const counted = told === undefined || remaining === undefined ? 0 : told - remaining;
      const late = tookMs > marginOf({ windowMs });
      const news = limit !== undefined && limit !== known.limit;
      if (!late && !news && counted <= known.count) return;
      file.edit(key, (before) => {
        const usage = limit === undefined ? before : { ...before, limit };
        const { rate } = current(before);
        if (rate.limit === Number.POSITIVE_INFINITY) return usage;
        const now = clock.now();
        const moved = late ? withRequests(withoutRequest(usage, slot), now) : usage;
        // What the API counted and dnx does not know of, others sent.
        const ours = moved.log.filter((at) => at > slot - spanOf(rate) && at <= now).length;
        return withRequests(moved, ...Array.from({ length: Math.max(0, counted - ours) }, () => now));
      });
    },
    untilRoom: (requests, others) => untilRoom(read(), clock.now(), requests, others),
    busiest() {
      const { rate } = read();
      const [most] = [...file.others(key, clock.now() - spanOf(rate))].sort(([, one], [, other]) => other - one);
      return most && most[1] * 3 >= rate.limit ? { command: most[0], count: most[1] } : undefined;
    },
    status: () => rateStatus(read(), fixed !== undefined, clock.now()),
  };
}
