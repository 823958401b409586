import { DnxError } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { readBefore } from '../../platform/follow/follow.ts';
import { isLinked, refuseOtherName } from '../../platform/names/linked.ts';
import { isId, sameName, type Targets } from '../../platform/names/names.ts';
import { type Baseline, baselineOf, reportsWork, type Site } from './baseline.ts';
import { inProgress, type Release } from './release.ts';
import { readReleases, readSite, type SiteReference, siteReference } from './site.ts';

/** The context of a deployment. */
export type DeployContext = Pick<
  Context,
  'api' | 'ask' | 'ci' | 'clock' | 'deadline' | 'plan' | 'progress' | 'settings' | 'signal' | 'timeoutMs' | 'world'
> & {
  readonly targets: Targets;
  /** Set if several sites are deployed. */
  readonly sites?: SiteReads;
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
  /** Reads a site before a request. */
  before(ctx: DeployContext, of: SiteReference): Promise<SiteReading>;
  /** Follows a site from now on: no earlier reading counts. */
  follower(ctx: DeployContext, of: SiteReference): SiteFollower;
  /** The shortest time between two reads of the releases of an unchanged site, in ms. */
  between(): number;
}

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
function refuseRenamed({ targets, settings }: DeployContext, { site }: Snapshot): void {
  const own = siteReference(targets).site;
  const now = wordOf(site.domain);
  if (isLinked('site', own, settings)) refuseOtherName('site', own, now || undefined);
  if (now === '' || isId(own.label) || sameName('site', now, own.label)) return;
  throw new DnxError('not_found', `${own.label} was renamed to ${now}. Nothing was changed.`, {
    hint: 'Run the command again with the new name.',
  });
}

/** Reads the site and its releases, and retries once if they contradict each other. `read` is the first reading of the site. */
export async function takeSnapshot(
  ctx: Pick<Context, 'api' | 'clock'>,
  of: SiteReference,
  read: () => Promise<SiteReading> = () => readingOf(ctx, of),
  again = true,
): Promise<Snapshot> {
  const { site, at } = await read();
  const releases = await readReleases(ctx, of);
  // A deployment that started or ended between the two requests appears in only one response.
  const torn = releases !== null && releases.length > 0 && reportsWork(site, releases) !== inProgress(releases).length > 0;
  return torn && again ? takeSnapshot(ctx, of, undefined, false) : { site, releases, baseline: baselineOf(site, releases), at };
}

/** Reads the site, and notes when. */
export const readingOf = async (ctx: Pick<Context, 'api' | 'clock'>, of: SiteReference): Promise<SiteReading> => {
  const at = ctx.clock.elapsed();
  return { site: await readSite(ctx, of), at };
};
