import { type DnxError, isError } from '../../base/errors.ts';
import { own, toJson } from '../../base/json.ts';
import { duration, shownTimeIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { type Column, type Item, type LiveState, rows, type View } from '../../cli/output/view.ts';
import type { World } from '../../machine/world.ts';
import { PAGE_SIZE } from '../../platform/api/pages.ts';
import { isFault } from '../../platform/follow/follow.ts';
import { idIn } from '../../platform/names/names.ts';

/** The shortest time between two readings, in ms. */
export const POLL_MS = 6_000;

/** The longest pause while nothing can be read, unless the usual one is longer, in ms. */
const LONGEST_MS = 60_000;

/** How often a pause is interrupted, so that times such as `12s ago` stay correct, in ms. */
const TICK_MS = 1_000;

interface WatchReading<T> {
  readonly value: T;
  readonly at: number;
  readonly error?: DnxError;
  /** False if only time has passed. */
  readonly fresh: boolean;
}

interface PollPlan<T> {
  /** The time until the next reading, in ms. */
  readonly pause: (latest: T) => number;
  readonly read: (latest: T) => Promise<T>;
}

/** Yields `first` and everything that is read later, until a signal, an error that lasts, or a pipe without a reader. Pauses grow while nothing can be read. */
export async function* polled<T>(ctx: Pick<Context, 'clock'> & ReaderNeeds, first: T, { pause, read }: PollPlan<T>) {
  const { clock, signal } = ctx;
  const reader = watchReader(ctx);
  let latest: WatchReading<T> = { value: first, at: clock.now(), fresh: true };
  let faults = 0;
  try {
    for (;;) {
      yield latest;
      const usual = pause(latest.value);
      const until = clock.elapsed() + Math.min(usual * 2 ** faults, Math.max(usual, LONGEST_MS));
      for (let left = until - clock.elapsed(); left > 0; left = until - clock.elapsed()) {
        await clock.sleep(Math.min(left, TICK_MS), signal);
        if (reader.gone()) return;
        if (clock.elapsed() < until) yield { ...latest, fresh: false };
      }
      try {
        latest = { value: await read(latest.value), at: clock.now(), fresh: true };
        faults = 0;
      } catch (error) {
        if (!isPassing(error)) throw error;
        faults += 1;
        latest = { ...latest, error };
      }
    }
  } finally {
    reader.stop();
  }
}

/** How long after a network error a poll is repeated, in ms. */
const AGAIN_MS = 1_000;

/** Repeats a poll once after a network error: a server may close an idle connection at the moment of the next request. */
export async function pollAgain<T>({ clock, signal }: Pick<Context, 'clock' | 'signal'>, poll: () => Promise<T>): Promise<T> {
  try {
    return await poll();
  } catch (error) {
    if (!isError(error, 'network')) throw error;
    await clock.sleep(AGAIN_MS, signal);
    return poll();
  }
}

/** True for an error that says nothing about what is watched, so that the watch goes on: of the network, of a gateway, or a rate limit. */
export const isPassing = (error: unknown): error is DnxError =>
  isFault(error) || isError(error, 'rate_limited', 'timed_out') || (isError(error, 'failed') && error.status === undefined);

interface ReaderNeeds extends Pick<Context, 'signal'> {
  readonly world: Pick<World, 'env' | 'platform' | 'spawn' | 'stdout'>;
}

/** Ends with dnx, or by SIGPIPE when the pipe that is its output has no reader: GNU tail alone notices that. */
const SENTINEL = 'exec tail --pid=$PPID -f /dev/null 2>/dev/null';

const BROKEN_PIPE = 141;

/**
 * Notices that the reader of a pipe has ended, as in `dnx logs -f | head -1`. Node notices only when it writes, and a quiet log or an
 * unchanged list gives it nothing to write. Without GNU tail, `dnx` ends at the next line.
 */
export function watchReader({ signal, world }: ReaderNeeds) {
  const ended = new AbortController();
  let gone = false;
  let tell = () => {};
  const watch = async () => {
    const code = await world.spawn({
      file: 'sh',
      args: ['-c', SENTINEL],
      env: world.env,
      signal: AbortSignal.any([signal, ended.signal]),
    });
    gone = code === BROKEN_PIPE;
    if (gone) tell();
  };
  // It only helps: without it, a write notices.
  if (!world.stdout.isTTY && world.platform === 'linux') void watch().catch(() => {});
  return {
    gone: () => gone,
    onGone: (callback: () => void) => {
      tell = callback;
    },
    stop: () => ended.abort(),
  };
}

/** A watch uses one request of this many that the rate limit allows. */
const SHARE = 3;

/** The time that a watch takes per request to keep to its share of the rate limit, in ms: 3 s of 60 a minute, 0 without a limit. */
export async function msPerRequest({ api }: Pick<Context, 'api'>): Promise<number> {
  const { limit, window_s } = await api.rate();
  return limit === null || window_s === null ? 0 : (window_s * 1_000 * SHARE) / limit;
}

interface ListView {
  readonly items: readonly Item[];
  readonly columns: readonly Column[];
  /** The time until the next reading, in ms. */
  readonly pauseMs: number;
  readonly problem?: string | undefined;
}

type WatchContext = Pick<Context, 'api' | 'clock' | 'signal' | 'world'>;

/** The requests that it took to read a list. */
export const requestsFor = (items: readonly Item[]): number => Math.max(1, Math.ceil(items.length / PAGE_SIZE));

/** A view that follows one list: read every 6 seconds, or less often if it has many pages or the rate limit is low. */
export function watchedList(
  ctx: WatchContext,
  read: (options: { readonly retry: boolean }) => Promise<readonly Item[]>,
  columns: readonly Column[],
  empty: string,
) {
  let first = true;
  const listed = async (): Promise<ListView> => {
    const items = await (first ? read({ retry: true }) : pollAgain(ctx, () => read({ retry: false })));
    first = false;
    const pauseMs = Math.max(POLL_MS, requestsFor(items) * (await msPerRequest(ctx)));
    return { items, columns, pauseMs };
  };
  return watchedRows(ctx, listed, empty);
}

/** A view that follows rows. Reads them once before it returns, so that a command that cannot read them fails as usual. */
export async function watchedRows(ctx: WatchContext, read: () => Promise<ListView>, empty: string): Promise<View<readonly Item[]>> {
  return { kind: 'live', states: statesOf(ctx, await read(), read, empty) };
}

async function* statesOf(ctx: WatchContext, first: ListView, read: () => Promise<ListView>, empty: string): AsyncGenerator<LiveState> {
  const { clock, world } = ctx;
  const changes = changesIn(clock);
  for await (const { value, at, error, fresh } of polled(ctx, first, { pause: ({ pauseMs }) => pauseMs, read })) {
    const time = shownTimeIn(new Date(at).toISOString(), { now: clock.now(), terminal: world.stdout.isTTY === true });
    yield {
      view: { ...rows(value.items, value.columns, empty), marked: changes.isRecent },
      ...(fresh && !error ? changes.see(value) : { changed: false }),
      heading: `Checked ${time}, every ${duration(value.pauseMs)}`,
      problem: error ? `Reconnecting. ${error.message}` : value.problem,
    };
  }
}

/** How long a changed row stands out, in ms. */
const RECENT_MS = 15_000;

interface Trace {
  readonly id: unknown;
  readonly whole: string;
  readonly shown: string;
  /** When what is shown changed, in ms of the monotonic clock. */
  readonly since: number;
}

/** Compares each reading with the one before. */
export function changesIn(clock: Context['clock']) {
  let before: ReadonlyMap<string, Trace> | undefined;
  let recent: ReadonlyMap<Item, number> = new Map();
  return {
    see({ items, columns }: Pick<ListView, 'items' | 'columns'>): Pick<LiveState, 'changed' | 'gone'> {
      const known = before;
      const now = new Map<string, Trace>();
      const marks = new Map<Item, number>();
      let changed = known === undefined || known.size !== items.length;
      for (const item of items) {
        const whole = toJson(item);
        const shown = toJson(columns.map(({ key, cell }) => cell?.(item) ?? own(item, key)));
        const id = idIn(item.id) ?? whole;
        const key = now.has(id) ? `${id} ${now.size}` : id;
        const past = known?.get(key);
        const since = past?.shown === shown ? past.since : known ? clock.elapsed() : Number.NEGATIVE_INFINITY;
        changed ||= past?.whole !== whole;
        now.set(key, { id: item.id, whole, shown, since });
        marks.set(item, since);
      }
      before = now;
      recent = marks;
      const gone = [...(known ?? [])].flatMap(([key, { id }]) => (now.has(key) || idIn(id) === undefined ? [] : [id]));
      return { changed, gone };
    },
    isRecent: (item: Item): boolean => clock.elapsed() - (recent.get(item) ?? Number.NEGATIVE_INFINITY) < RECENT_MS,
  };
}
