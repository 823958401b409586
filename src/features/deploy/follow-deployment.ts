import { DnxError, isError } from '../../base/errors.ts';
import { phaseOf, statusOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { type Followed, type Following, follow } from '../../platform/follow/follow.ts';
import type { SiteIds } from '../../platform/names/names.ts';
import { type Baseline, type Evidence, judge, type Release, type Site, type Verdict } from './judge.ts';

/** What following a deployment reads: the site, and its releases where it keeps any. */
export const siteEndpoint = 'GET /servers/{server}/sites/{site}' satisfies Endpoint;
export const releasesEndpoint = 'GET /servers/{server}/sites/{site}/releases' satisfies Endpoint;

/** The site as it is now. */
export async function readSite({ api }: Pick<Context, 'api'>, place: SiteIds, options: { readonly retry?: boolean } = {}): Promise<Site> {
  const { data } = await api.send<Site>(siteEndpoint, place, options);
  if (data === undefined) throw new DnxError('failed', 'Deploynix answered without the site.');
  return data;
}

/** The releases, newest first; null where this site or this token has none to show. */
export async function readReleases(
  { api }: Pick<Context, 'api'>,
  place: SiteIds,
  options: { readonly retry?: boolean } = {},
): Promise<Release[] | null> {
  try {
    return await api.list<Release>(releasesEndpoint, place, options);
  } catch (error) {
    if (isError(error, 'forbidden', 'not_found', 'invalid')) return null;
    throw error;
  }
}

interface Options extends Omit<Following<Verdict>, 'look'> {
  readonly baseline: Baseline;
  readonly evidence: Evidence;
  /** Called when the deployment is seen to be under way for the first time. */
  readonly onGoing?: () => void;
}

/** Polls the site until its deployment has ended. The releases are read only when the site itself does not say that it is going on. */
export function followDeployment(
  ctx: Pick<Context, 'api' | 'clock' | 'signal' | 'progress'>,
  place: SiteIds,
  { baseline, evidence, onGoing, ...following }: Options,
): Promise<Followed<Verdict>> {
  const look = async () => {
    const site = await readSite(ctx, place, { retry: false });
    const status = statusOf(site) ?? 'unknown';
    const going = phaseOf(status) === 'going';
    if (going && !evidence.going) onGoing?.();
    const releases = !going && baseline.releases ? await readReleases(ctx, place, { retry: false }) : null;
    const verdict = judge(baseline, evidence, site, releases);
    // What reads as ended and yet is no verdict is still the previous deployment.
    const words = verdict || going || evidence.going || phaseOf(status) === undefined ? undefined : `not begun yet (${status} before)`;
    return { status, words, verdict };
  };
  return follow(ctx, { ...following, look });
}
