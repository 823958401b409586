import { DnxError, unlessError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { readBefore } from '../../platform/follow/follow.ts';
import { releasesEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import { isLinked, refuseOtherName } from '../../platform/names/linked.ts';
import { isId, type Located, sameName, type Targets } from '../../platform/names/names.ts';
import { type Baseline, baselineOf, reportsWork, type Site } from './baseline.ts';
import type { Observation } from './judge.ts';
import { inProgress, type Release, releasesOf } from './release.ts';

/** The site of a command. `domain` is its name if it was read, because it may have been given by id. */
export function siteReference({ server, site }: Targets, domain?: string): Located {
  if (!server || !site) throw new Error('A deployment needs a server and a site.');
  return { server, site: { id: site.id, label: wordOf(domain) || site.label } };
}

/** The path parameters of a site. */
export const siteIds = ({ server, site }: Located) => ({ server: server.id, site: site.id });

/** `shop.example.com (web-1)`. */
export const sitePlace = ({ site, server }: Located): string => `${site.label} (${server.label})`;

/** A command for this site that works in any directory. */
export const siteCommand = (verb: string, { server, site }: Located): readonly string[] => [
  ...(['watch', 'releases', 'why'].includes(verb) ? [] : ['site']),
  ...[verb, site.label],
  ...['--server', server.label],
];

/** The rollback command of this site, optionally to a release. */
export const rollbackCommand = ({ server, site }: Located, to?: string): readonly string[] => [
  ...['rollback', site.label, '--server', server.label],
  ...(to === undefined ? [] : ['--to', to]),
];

type ReadOptions = { readonly retry?: boolean };

/** Reads the site. */
export async function readSite({ api }: Context, siteRef: Located, options: ReadOptions = {}): Promise<Site> {
  const { data } = await api.send<Site>(siteEndpoint, siteIds(siteRef), options);
  if (!isObject(data)) throw new DnxError('failed', 'The response from Deploynix has no site.');
  return data;
}

/** Reads the releases, newest first; null if the API or the token does not allow it. */
export async function readReleases({ api }: Context, siteRef: Located, options: ReadOptions = {}) {
  const listed = await unlessError(api.list(releasesEndpoint, siteIds(siteRef), options), 'forbidden', 'not_found', 'invalid');
  return listed ? releasesOf(listed) : null;
}

/** The context of a deployment. */
export type DeployContext = Context & {
  readonly targets: Targets;
  /** Set if several sites are deployed. */
  readonly sites?: SiteReads;
  /** Gets every poll, with the releases even while the site reports work in progress. */
  readonly observe?: (observation: Observation) => void;
};

/** A site and its releases at one time. */
export interface Snapshot {
  readonly site: Site;
  readonly releases: readonly Release[] | null;
  readonly baseline: Baseline;
  /** When reading started, in ms of the monotonic clock. */
  readonly at: number;
}

/** A site, and when reading it began, in ms of the monotonic clock. */
export type SiteReading = Pick<Snapshot, 'site' | 'at'>;

/** Reads one site again and again. */
export interface SiteFollower {
  /** Ends early if the site was read for someone else. */
  sleep(ms: number): Promise<void>;
  read(): Promise<Site>;
}

/** The readings that several deployments share. */
export interface SiteReads {
  before(ctx: DeployContext, siteRef: Located): Promise<SiteReading>;
  /** Says that a site was read, and its deployment is requested or waited for now. */
  begin(siteRef: Located): void;
  /** Follows a site from now on: no earlier reading counts. */
  follower(ctx: DeployContext, siteRef: Located): SiteFollower;
  /** The shortest time between two reads of the releases of an unchanged site, in ms. */
  between(): number;
}

/** The requests of a poll that sees the end: the site and its releases. */
export const REQUESTS_OF_A_POLL = 2;

/** Takes the snapshot before a request. Undefined if the token cannot read the site and following is optional. */
export function snapshotBefore(ctx: DeployContext, required: boolean): Promise<Snapshot | undefined> {
  const { sites } = ctx;
  const read = sites && (() => sites.before(ctx, siteReference(ctx.targets)));
  return readBefore(ctx.progress, () => snapshotNamed(ctx, read), {
    required,
    refusal: (why) => ({
      message: `The deployment could not be followed, so nothing was deployed: ${why}`,
      hint: 'Use --no-wait without --verify, or a token with site:read.',
    }),
    warning: () => 'This token cannot follow the deployment: it lacks site:read.',
  });
}

/** Takes a snapshot and checks that the site still has the same name. */
export async function snapshotNamed(ctx: DeployContext, read?: () => Promise<SiteReading>): Promise<Snapshot> {
  const snapshot = await takeSnapshot(ctx, siteReference(ctx.targets), read);
  refuseRenamed(ctx, snapshot);
  return snapshot;
}

/** Fails if the site was renamed since the lookup, or has another name than in the link file. */
function refuseRenamed({ targets, settings }: DeployContext, snapshot: Snapshot): void {
  const { site } = siteReference(targets);
  const now = wordOf(snapshot.site.domain);
  if (isLinked('site', site, settings)) refuseOtherName('site', site, now || undefined);
  if (now === '' || isId(site.label) || sameName('site', now, site.label)) return;
  throw new DnxError('not_found', `${site.label} was renamed to ${now}. Nothing was changed.`, {
    hint: 'Run the command again with the new name.',
  });
}

/** Reads the site and its releases, and retries once if they contradict each other. `read` is the first reading of the site. */
export async function takeSnapshot(
  ctx: Context,
  siteRef: Located,
  read: () => Promise<SiteReading> = () => readingOf(ctx, siteRef),
  again = true,
): Promise<Snapshot> {
  const { site, at } = await read();
  const releases = await readReleases(ctx, siteRef);
  // A deployment that started or ended between the two requests appears in only one response.
  const torn = releases !== null && releases.length > 0 && reportsWork(site, releases) !== inProgress(releases).length > 0;
  return torn && again ? takeSnapshot(ctx, siteRef, undefined, false) : { site, releases, baseline: baselineOf(site, releases), at };
}

/** Reads the site, and notes when. */
export const readingOf = async (ctx: Context, siteRef: Located): Promise<SiteReading> => {
  const at = ctx.clock.elapsed();
  return { site: await readSite(ctx, siteRef), at };
};
