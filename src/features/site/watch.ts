import { type DnxError, isError } from '../../base/errors.ts';
import { inParallel } from '../../base/parallel.ts';
import { phaseOf, statusOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Item } from '../../cli/output/view.ts';
import { type Target, targetOf } from '../../platform/names/names.ts';
import { isPassing, msPerRequest, POLL_MS, pollAgain, requestsFor } from '../watch/watch.ts';

const SERVERS = 'GET /servers';
const SITES = 'GET /servers/{server}/sites';

/** The time between two readings of what hardly changes: the servers, and a list without sites, in ms. */
const REST_MS = 60_000;

/** A list that is read in turn: the servers, or the sites of one. */
interface Source {
  server: Target | undefined;
  items: readonly Item[];
  /** When it was read or tried last, in ms of the monotonic clock. */
  at: number;
  error: DnxError | undefined;
}

/**
 * Reads the sites of every server at once, and from then on a few lists at a time, the oldest first, so that many servers leave room in the
 * rate limit. Every second request is for a server on which a deployment is in progress.
 */
export function sitesInTurn(ctx: Context) {
  const { api, clock } = ctx;
  const servers: Source = { server: undefined, items: [], at: Number.NEGATIVE_INFINITY, error: undefined };
  let places: readonly Source[] | undefined;
  const next = turns(clock);

  async function read(source: Source): Promise<number> {
    const { server } = source;
    source.at = clock.elapsed();
    try {
      source.items = await pollAgain(ctx, () =>
        api.list<Item>(server ? SITES : SERVERS, server ? { server: server.id } : {}, { retry: false }),
      );
      source.error = undefined;
      if (!server) places = placesOf(source.items, places ?? []);
    } catch (error) {
      if (!isPassing(error) && !(server && isError(error, 'forbidden', 'not_found'))) throw error;
      source.error = error;
      if (isError(error, 'not_found')) source.items = [];
    }
    return requestsFor(source.items);
  }

  return async () => {
    const ms = await msPerRequest(ctx);
    let requests = 0;
    if (places) {
      const due = next([servers, ...places], Math.max(1, Math.floor(POLL_MS / ms)));
      requests = (await inParallel(due, read)).reduce((sum, count) => sum + count, 0);
      failIfAll(due, ({ error }) => isPassing(error));
    } else places = await firstPlaces(ctx);
    failIfAll(places, ({ error }) => isError(error, 'forbidden'));
    const whole = places.filter(({ items }) => items.length > 0).reduce((sum, { items }) => sum + requestsFor(items), 0);
    return {
      places: places.flatMap(({ server, items }) => (server ? [{ server, sites: items }] : [])),
      pauseMs: Math.max(POLL_MS, requests * ms),
      everyMs: Math.max(POLL_MS, whole * ms),
      problem: problemOf(places),
    };
  };
}

async function firstPlaces({ everySite, clock }: Context): Promise<readonly Source[]> {
  const { listed, unread } = await everySite();
  const at = clock.elapsed();
  const found = new Map<string, Source & { items: Item[] }>();
  for (const { server, site } of listed) {
    const place = found.get(server.id) ?? { server, items: [], at, error: undefined };
    place.items.push(site);
    found.set(server.id, place);
  }
  return [...found.values(), ...unread.map(({ server, error }) => ({ server, items: [], at, error }))];
}

/** A place for each server, with what is known of its sites. A new one is read next. */
function placesOf(servers: readonly Item[], known: readonly Source[]): readonly Source[] {
  const byId = new Map(known.map((place) => [place.server?.id, place]));
  return servers.map((item) => {
    const server = targetOf(item, 'server');
    const place = byId.get(server.id);
    if (!place) return { server, items: [], at: Number.NEGATIVE_INFINITY, error: undefined };
    place.server = server;
    return place;
  });
}

/** Selects so many lists: the oldest, and every second time the oldest with a deployment in progress. */
function turns(clock: Context['clock']): (sources: readonly Source[], most: number) => readonly Source[] {
  let turn = 0;
  return (sources, most) => {
    const open = sources.filter(({ server, items, at }) => (server && items.length > 0) || clock.elapsed() - at >= REST_MS);
    if (open.length <= most) return open;
    const oldest = open.toSorted((one, other) => one.at - other.at);
    const busy = oldest.filter(({ server, items }) => server && items.some((site) => phaseOf(statusOf(site)) === 'going'));
    const due = new Set<Source>();
    while (due.size < most) {
      turn += 1;
      const isOpen = (source: Source) => !due.has(source);
      const found = (turn % 2 === 0 ? busy.find(isOpen) : undefined) ?? oldest.find(isOpen);
      if (found) due.add(found);
    }
    return [...due];
  };
}

function failIfAll(sources: readonly Source[], failed: (source: Source) => boolean): void {
  if (sources.length > 0 && sources.every(failed)) throw sources[0]?.error;
}

function problemOf(places: readonly Source[]): string | undefined {
  const failed = places.flatMap(({ server, error }) => (server && error && error.code !== 'not_found' ? [{ server, error }] : []));
  const [first] = failed;
  if (!first) return undefined;
  const where = failed.length === 1 ? `server ${first.server.label}` : `${failed.length} servers, such as ${first.server.label},`;
  return `The sites on ${where} cannot be read. ${first.error.message}`;
}
