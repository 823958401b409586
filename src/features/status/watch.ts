import { isObject, toJson } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import type { SiteIds } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import { inProgress, releasesOf } from '../deploy/release.ts';
import { siteEndpoint } from '../deploy/snapshot.ts';
import { isPassing, POLL_MS, pollAgain, polled } from '../watch/poll.ts';
import { type Part, type PartName, type Parts, partNames, readParts } from './parts.ts';
import type { Seen } from './status.ts';

/** The time between two readings of what hardly changes, in ms. A watch sends 15 requests a minute, and 25 during a deployment. */
const REST_MS = 60_000;

type Needs = Pick<Context, 'api' | 'clock' | 'signal' | 'world'>;

/** Yields what is seen of a site, first `from`, until a signal or an error that lasts. Reads its releases with it during a deployment. */
export async function* watched(ctx: Needs, ids: SiteIds, from: Seen): AsyncGenerator<Seen> {
  const { api, clock } = ctx;
  let restAt = clock.elapsed();
  const read = async (seen: Seen): Promise<Seen> => {
    const at = clock.now();
    const { data } = await pollAgain(ctx, () => api.send<Site>(siteEndpoint, ids, { retry: false }));
    const site: Site = isObject(data) ? data : seen.site;
    const all = toJson(site) !== toJson(seen.site) || clock.elapsed() - restAt >= REST_MS;
    if (all) restAt = clock.elapsed();
    const news = await readParts(ctx, ids, all ? partNames : isBusy(seen) ? ['releases'] : []);
    return { site, at, parts: merged(seen.parts, news) };
  };
  for await (const { value, error } of polled(ctx, from, { pause: () => POLL_MS, read })) yield error ? { ...value, error } : value;
}

/** True during a deployment. */
const isBusy = ({ site, parts }: Seen): boolean =>
  phaseOf(site.status) === 'going' || inProgress(releasesOf(parts.releases.items ?? [])).length > 0;

/** Replaces parts by newer ones, unless a fault says nothing about them. */
function merged(parts: Parts, news: Readonly<Partial<Record<PartName, Part>>>): Parts {
  const read = Object.entries(news).filter(([, { error }]) => !error || !isPassing(error));
  return { ...parts, ...Object.fromEntries(read) };
}
