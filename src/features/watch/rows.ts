import { own, toJson } from '../../base/json.ts';
import { duration, shownTimeIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { type Column, type Item, type LiveState, rows, type View } from '../../cli/output/view.ts';
import { PAGE_SIZE } from '../../platform/api/pages.ts';
import { idIn } from '../../platform/names/names.ts';
import { msPerRequest, POLL_MS, pollAgain, polled } from './poll.ts';

/** The rows of a list as they were read last. */
interface Listed {
  readonly items: readonly Item[];
  readonly columns: readonly Column[];
  /** The time until the next reading, in ms. */
  readonly pauseMs: number;
  /** How often each row is read, in ms. */
  readonly everyMs: number;
  /** What could not be read. */
  readonly problem?: string | undefined;
}

type Needs = Pick<Context, 'api' | 'clock' | 'signal' | 'world'>;

/** The requests that it took to read a list. */
export const requestsFor = (items: readonly Item[]): number => Math.max(1, Math.ceil(items.length / PAGE_SIZE));

/** A view that follows one list: read every 6 seconds, or less often if it has many pages or the rate limit is low. */
export function watchedList(
  ctx: Needs,
  read: (options: { readonly retry: boolean }) => Promise<readonly Item[]>,
  columns: readonly Column[],
  empty: string,
): Promise<View> {
  let first = true;
  const listed = async (): Promise<Listed> => {
    const items = await (first ? read({ retry: true }) : pollAgain(ctx, () => read({ retry: false })));
    first = false;
    const pauseMs = Math.max(POLL_MS, requestsFor(items) * (await msPerRequest(ctx)));
    return { items, columns, pauseMs, everyMs: pauseMs };
  };
  return watchedRows(ctx, listed, empty);
}

/** A view that follows rows. Reads them once before it returns, so that a command that cannot read them fails as usual. */
export async function watchedRows(ctx: Needs, read: () => Promise<Listed>, empty: string): Promise<View> {
  return { kind: 'live', states: statesOf(ctx, await read(), read, empty) };
}

async function* statesOf(ctx: Needs, first: Listed, read: () => Promise<Listed>, empty: string): AsyncGenerator<LiveState> {
  const { clock, world } = ctx;
  const changes = changesIn(clock);
  for await (const { value, at, error, fresh } of polled(ctx, first, { pause: ({ pauseMs }) => pauseMs, read })) {
    const time = shownTimeIn(new Date(at).toISOString(), { now: clock.now(), terminal: world.stdout.isTTY === true });
    yield {
      view: { ...rows(value.items, value.columns, empty), marked: changes.isRecent },
      ...(fresh && !error ? changes.see(value) : { changed: false }),
      heading: `Checked ${time}, every ${duration(value.everyMs)}`,
      problem: error ? `Reconnecting. ${error.message}` : value.problem,
    };
  }
}

/** How long a changed row stands out, in ms. */
const RECENT_MS = 15_000;

/** What was seen of a row. */
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
    see({ items, columns }: Pick<Listed, 'items' | 'columns'>): Pick<LiveState, 'changed' | 'gone'> {
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
