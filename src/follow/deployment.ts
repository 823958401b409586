import type { Endpoint } from '../api/endpoint.ts';
import type { Context } from '../context.ts';
import { DnxError, isError } from '../errors.ts';
import { phaseOf, statusOf } from '../status.ts';
import { type Followed, follow } from './follow.ts';
import { type Baseline, type Evidence, judge, type Release, type Site, type Verdict } from './judge.ts';

export const siteEndpoint = 'GET /servers/{server}/sites/{site}' satisfies Endpoint;
export const releasesEndpoint = 'GET /servers/{server}/sites/{site}/releases' satisfies Endpoint;

/** The ids of a site and its server. */
export interface Place {
  readonly server: string;
  readonly site: string;
}

/** The site as it is now. */
export async function readSite({ api }: Pick<Context, 'api'>, place: Place, options: { readonly retry?: boolean } = {}): Promise<Site> {
  const { data } = await api.send<Site>(siteEndpoint, place, options);
  if (data === undefined) throw new DnxError('failed', 'Deploynix answered without the site.');
  return data;
}

/** The newest releases, newest first; null where this site or this token has none to show. */
export async function readReleases(
  { api }: Pick<Context, 'api'>,
  place: Place,
  options: { readonly retry?: boolean } = {},
): Promise<Release[] | null> {
  try {
    return await api.list<Release>(releasesEndpoint, place, options);
  } catch (error) {
    if (isError(error, 'forbidden', 'not_found', 'invalid')) return null;
    throw error;
  }
}

interface Options {
  readonly what: string;
  readonly baseline: Baseline;
  /** True when an in-progress status was already seen: somebody else's deployment that we attach to. */
  readonly going?: boolean;
  readonly timeoutMs: number;
  readonly resume: string;
}

/** Polls the site until its deployment has ended. The releases are read only when the site itself says that something ended. */
export function followDeployment(
  ctx: Pick<Context, 'api' | 'clock' | 'signal' | 'progress'>,
  place: Place,
  options: Options,
): Promise<Followed<Verdict>> {
  const { what, baseline, timeoutMs, resume } = options;
  const evidence: Evidence = { going: options.going ?? false, contradictions: 0 };
  const look = async () => {
    const site = await readSite(ctx, place, { retry: false });
    const status = statusOf(site) ?? 'unknown';
    const ended = phaseOf(status) === 'good' || phaseOf(status) === 'bad';
    const releases = ended && baseline.releases ? await readReleases(ctx, place, { retry: false }) : null;
    return { status, verdict: judge(baseline, evidence, site, releases) };
  };
  return follow(ctx, { what, look, timeoutMs, resume });
}
