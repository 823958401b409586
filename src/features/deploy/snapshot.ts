import { DnxError, isError } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { readBefore } from '../../platform/follow/rules.ts';
import { isId, sameName, type Target, type Targets } from '../../platform/names/names.ts';
import { type Baseline, baselineOf, reportsWork, type Site } from './baseline.ts';
import { inProgress, type Release, releasesOf } from './release.ts';

/** The context of a deployment. */
export type DeployContext = Pick<Context, 'api' | 'ask' | 'ci' | 'clock' | 'deadline' | 'progress' | 'settings' | 'signal' | 'world'> & {
  readonly targets: Targets;
};

/** A site and its server, by id for the API and by label for people. */
export interface SiteReference {
  readonly server: Target;
  readonly site: Target;
}

/** The site of a command. `domain` is its name if it was read, because it may have been given by id. */
export function siteReference({ server, site }: Targets, domain?: string): SiteReference {
  if (!server || !site) throw new Error('A deployment needs a server and a site.');
  return { server, site: { id: site.id, label: wordOf(domain) || site.label } };
}

/** The path parameters of a site. */
export const idsOf = ({ server, site }: SiteReference) => ({ server: server.id, site: site.id });

/** A command for this site that works in any directory. */
export const siteCommand = (verb: string, { server, site }: SiteReference): readonly string[] => [
  ...(['watch', 'releases'].includes(verb) ? [] : ['site']),
  ...[verb, site.label],
  ...['--server', server.label],
];

/** The rollback command of this site, optionally to a release. */
export const rollbackCommand = ({ server, site }: SiteReference, to?: string): readonly string[] => [
  ...['rollback', site.label, '--server', server.label],
  ...(to === undefined ? [] : ['--to', to]),
];

/** The endpoints for following a deployment. */
export const siteEndpoint = 'GET /servers/{server}/sites/{site}' satisfies Endpoint;
export const releasesEndpoint = 'GET /servers/{server}/sites/{site}/releases' satisfies Endpoint;

/** Reads the site. */
export async function readSite(
  { api }: Pick<Context, 'api'>,
  of: SiteReference,
  options: { readonly retry?: boolean } = {},
): Promise<Site> {
  const { data } = await api.send<Site>(siteEndpoint, idsOf(of), options);
  if (data === undefined) throw new DnxError('failed', 'The response from Deploynix has no site.');
  return data;
}

/** Reads the releases, newest first; null if the API or the token does not allow it. */
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

/** A site and its releases at one time. */
export interface Snapshot {
  readonly site: Site;
  readonly releases: readonly Release[] | null;
  readonly baseline: Baseline;
  /** When reading started, in ms of the monotonic clock. */
  readonly at: number;
}

/** Reads the site and its releases, and retries once if they contradict each other. */
export async function takeSnapshot(ctx: Pick<Context, 'api' | 'clock'>, of: SiteReference, again = true): Promise<Snapshot> {
  const at = ctx.clock.elapsed();
  const site = await readSite(ctx, of);
  const releases = await readReleases(ctx, of);
  // A deployment that started or ended between the two requests appears in only one response.
  const torn = releases !== null && releases.length > 0 && reportsWork(site, releases) !== inProgress(releases).length > 0;
  return torn && again ? takeSnapshot(ctx, of, false) : { site, releases, baseline: baselineOf(site, releases), at };
}

/** Fails if the site was renamed since the lookup. */
function refuseRenamed(targets: Targets, { site }: Snapshot): void {
  const { label } = siteReference(targets).site;
  const now = wordOf(site.domain);
  if (now === '' || isId(label) || sameName('site', now, label)) return;
  throw new DnxError('not_found', `${label} was renamed to ${now}. Nothing was changed.`, {
    hint: 'Run the command again with the new name.',
  });
}

/** Takes a snapshot and checks that the site still has the same name. */
export async function snapshotNamed(ctx: DeployContext): Promise<Snapshot> {
  const snapshot = await takeSnapshot(ctx, siteReference(ctx.targets));
  refuseRenamed(ctx.targets, snapshot);
  return snapshot;
}

/** Takes the snapshot before a request. Undefined if the token cannot read the site and following is optional. */
export const snapshotBefore = (ctx: DeployContext, required: boolean): Promise<Snapshot | undefined> =>
  readBefore(ctx.progress, () => snapshotNamed(ctx), {
    required,
    refusal: (why) => ({
      message: `The deployment could not be followed, so nothing was deployed: ${why}`,
      hint: 'Use --no-wait without --verify, or a token with site:read.',
    }),
    warning: () => 'This token cannot follow the deployment: it lacks site:read.',
  });
