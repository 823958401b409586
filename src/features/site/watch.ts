import { type DnxError, isError } from '../../base/errors.ts';
import { inParallel } from '../../base/parallel.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Item } from '../../cli/output/view.ts';
import { type Target, targetOf } from '../../platform/names/names.ts';
import { isPassing, msPerRequest, POLL_MS, pollAgain, requestsFor } from '../watch/watch.ts';

/** For how long the list of servers counts, in ms. */
const SERVERS_MS = 60_000;

/** A server, and why its sites, the last known ones, cannot be read. */
interface Place {
  readonly server: Target;
  readonly sites: readonly Item[];
  readonly error?: DnxError;
}

/** Reads the sites of every server again and again, as often as the rate limit leaves room for. */
export function everySiteAgain(ctx: Context) {
  const { api, clock } = ctx;
  let servers: readonly Item[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let places: readonly Place[] = [];

  async function sitesOn(server: Target): Promise<Place> {
    const known = places.find((place) => place.server.id === server.id);
    try {
      const read = () => api.list<Item>('GET /servers/{server}/sites', { server: server.id }, { retry: known === undefined });
      return { server, sites: await pollAgain(ctx, read) };
    } catch (error) {
      if (!isPassing(error) && !isError(error, 'forbidden', 'not_found')) throw error;
      return { server, sites: isError(error, 'not_found') ? [] : (known?.sites ?? []), error };
    }
  }

  return async () => {
    const isDue = clock.elapsed() - readAt >= SERVERS_MS;
    if (isDue) {
      servers = await pollAgain(ctx, () => api.list<Item>('GET /servers', {}, { retry: places.length === 0 }));
      readAt = clock.elapsed();
    }
    const read = await inParallel(
      servers.map((item) => targetOf(item, 'server')),
      sitesOn,
    );
    if (read.length > 0 && read.every(({ error }) => error)) throw read[0]?.error;
    places = read;
    const requests = places.reduce((sum, { sites }) => sum + requestsFor(sites), isDue ? requestsFor(servers) : 0);
    return { places, pauseMs: Math.max(POLL_MS, requests * (await msPerRequest(ctx))), problem: problemOf(places) };
  };
}

function problemOf(places: readonly Place[]): string | undefined {
  const failed = places.flatMap(({ server, error }) => (error && error.code !== 'not_found' ? [{ server, error }] : []));
  const [first] = failed;
  if (!first) return undefined;
  const where = failed.length === 1 ? `server ${first.server.label}` : `${failed.length} servers, such as ${first.server.label},`;
  return `The sites on ${where} cannot be read. ${first.error.message}`;
}
