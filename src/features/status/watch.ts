import { type DnxError, isError } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import { isFault } from '../../platform/follow/rules.ts';
import type { SiteIds } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import { inProgress, releasesOf } from '../deploy/release.ts';
import { siteEndpoint } from '../deploy/snapshot.ts';
import { type Part, type PartName, type Parts, partNames, readParts } from './parts.ts';
import type { Seen } from './status.ts';

/** The time between two readings of the site, and of its releases during a deployment, in ms. */
const POLL_MS = 6_000;
/** The time between two readings of everything else, in ms. A watch sends 15 requests a minute, and 25 during a deployment. */
const REST_MS = 60_000;

type Needs = Pick<Context, 'api' | 'clock' | 'signal' | 'world'>;

/** Yields what is seen of a site, first `from`, until a signal or an error that lasts. */
export async function* watched(ctx: Needs, ids: SiteIds, from: Seen): AsyncGenerator<Seen, never> {
  const { api, clock, signal } = ctx;
  let seen = from;
  let restAt = clock.elapsed();
  let faults = 0;
  for (;;) {
    yield seen;
    await clock.sleep(Math.min(POLL_MS * 2 ** faults, REST_MS), signal);
    try {
      const at = clock.now();
      const { data } = await api.send<Site>(siteEndpoint, ids, { retry: false });
      const site: Site = isObject(data) ? data : seen.site;
      const all = toJson(site) !== toJson(seen.site) || clock.elapsed() - restAt >= REST_MS;
      if (all) restAt = clock.elapsed();
      const news = await readParts(ctx, ids, all ? partNames : isBusy(seen) ? ['releases'] : []);
      seen = { site, at, parts: merged(seen.parts, news) };
      faults = 0;
    } catch (error) {
      if (!isPassing(error)) throw error;
      faults += 1;
      seen = { ...seen, error };
    }
  }
}

/** True during a deployment. */
const isBusy = ({ site, parts }: Seen): boolean =>
  phaseOf(site.status) === 'going' || inProgress(releasesOf(parts.releases.items ?? [])).length > 0;

/** Replaces parts by newer ones, unless a fault says nothing about them. */
function merged(parts: Parts, news: Readonly<Partial<Record<PartName, Part>>>): Parts {
  const read = Object.entries(news).filter(([, { error }]) => !error || !isPassing(error));
  return { ...parts, ...Object.fromEntries(read) };
}

/** True for an error that says nothing about the site, so that the watch goes on: of the network, of a gateway, or a rate limit. */
const isPassing = (error: unknown): error is DnxError =>
  isFault(error) || isError(error, 'rate_limited', 'timed_out') || (isError(error, 'failed') && error.status === undefined);
