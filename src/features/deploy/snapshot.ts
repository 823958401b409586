import { DnxError, isError } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { readBefore } from '../../platform/follow/rules.ts';
import { isId, type Target, type Targets } from '../../platform/names/names.ts';
import { type Baseline, baselineOf, type Site, saysGoing } from './baseline.ts';
import { type Release, releasesOf, underWay } from './release.ts';

/** What the steps of a deployment use. */
export type DeployContext = Pick<Context, 'api' | 'ask' | 'ci' | 'clock' | 'deadline' | 'progress' | 'settings' | 'signal' | 'world'> & {
  readonly targets: Targets;
};

/** A site and its server, by id for the API and by label for people. */
export interface SiteReference {
  readonly server: Target;
  readonly site: Target;
}

/** The site that a command names. `domain` is the site's own name, once it was read: it may have been given by its id. */
export function siteReference({ server, site }: Targets, domain?: string): SiteReference {
  if (!server || !site) throw new Error('A deployment needs a server and a site.');
  return { server, site: { id: site.id, label: wordOf(domain) || site.label } };
}

/** The path parameters of a site. */
export const idsOf = ({ server, site }: SiteReference) => ({ server: server.id, site: site.id });

/** The words of a command for this site that works from anywhere. */
export const siteCommand = (verb: string, { server, site }: SiteReference): readonly string[] => [
  ...['site', verb, site.label],
  ...['--server', server.label],
];

/** What following a deployment reads: the site, and its releases where it keeps any. */
export const siteEndpoint = 'GET /servers/{server}/sites/{site}' satisfies Endpoint;
export const releasesEndpoint = 'GET /servers/{server}/sites/{site}/releases' satisfies Endpoint;

/** The site as it is now. */
export async function readSite(
  { api }: Pick<Context, 'api'>,
  of: SiteReference,
  options: { readonly retry?: boolean } = {},
): Promise<Site> {
  const { data } = await api.send<Site>(siteEndpoint, idsOf(of), options);
  if (data === undefined) throw new DnxError('failed', 'Deploynix answered without the site.');
  return data;
}

/** The releases, newest first; null if this site or this token has none to show. */
export async function readReleases(
  { api }: Pick<Context, 'api'>,
  of: SiteReference,
  options: { readonly retry?: boolean } = {},
): Promise<readonly Release[] | null> {
  try {
    return releasesOf(await api.list(releasesEndpoint, idsOf(of), options));
  } catch (error) {
    if (isError(error, 'forbidden', 'not_found', 'invalid')) return null;
    throw error;
  }
}

/** A site and its releases at one moment. */
export interface Snapshot {
  readonly site: Site;
  readonly releases: readonly Release[] | null;
  readonly baseline: Baseline;
  /** When reading began, in ms of the monotonic clock. */
  readonly at: number;
}

/** Reads the site and its releases, as of one moment as far as two requests can tell. */
export async function takeSnapshot(ctx: Pick<Context, 'api' | 'clock'>, of: SiteReference, again = true): Promise<Snapshot> {
  const at = ctx.clock.elapsed();
  const site = await readSite(ctx, of);
  const releases = await readReleases(ctx, of);
  // A deployment that began or ended between the two requests shows in only one of the answers.
  const torn = releases !== null && releases.length > 0 && saysGoing(site, releases) !== underWay(releases).length > 0;
  return torn && again ? takeSnapshot(ctx, of, false) : { site, releases, baseline: baselineOf(site, releases), at };
}

/** Refuses a site that goes by another name by now than the one it was found by. An id stands for itself. */
function refuseRenamed(targets: Targets, { site }: Snapshot): void {
  const { label } = siteReference(targets).site;
  const now = wordOf(site.domain);
  if (now === '' || isId(label) || now.toLowerCase() === label.toLowerCase()) return;
  throw new DnxError('not_found', `${label} is called ${now} now, so nothing was changed.`, { hint: 'Check the name, and run it again.' });
}

/** The site that a command names and its releases, right before a request. */
export async function snapshotNamed(ctx: DeployContext): Promise<Snapshot> {
  const snapshot = await takeSnapshot(ctx, siteReference(ctx.targets));
  refuseRenamed(ctx.targets, snapshot);
  return snapshot;
}

/** The snapshot before a request. Undefined: this token cannot read the site, and following is not required. */
export const snapshotBefore = (ctx: DeployContext, required: boolean): Promise<Snapshot | undefined> =>
  readBefore(ctx.progress, () => snapshotNamed(ctx), {
    required,
    refusal: (why) => ({
      message: `The deployment could not be followed, so nothing was deployed: ${why}`,
      hint: 'Deploy without --wait and --verify, or use a token that has site:read as well.',
    }),
    warning: () => 'This token cannot read the site, so the deployment is not followed. To follow it, the token needs site:read.',
  });
