import { DnxError, isError } from '../../base/errors.ts';
import { phaseOf, statusOf } from '../../base/status.ts';
import { DEFAULT_TIMEOUT_MS, follow } from '../../platform/follow/follow.ts';
import type { SiteIds } from '../../platform/names/names.ts';
import { readReleases, readSite } from './follow-deployment.ts';
import { type Baseline, baselineOf, type Release, type Site } from './judge.ts';
import type { DeployValues } from './options.ts';
import { type Deploying, resumeCommand, type Spot, spotOf } from './place.ts';

/** The site before our request. */
export interface Sight {
  readonly site: Site;
  readonly releases: readonly Release[] | null;
  readonly baseline: Baseline;
  /** When the look began, in ms of the monotonic clock. */
  readonly at: number;
}

/** The site and its releases, as of one moment as far as two requests can tell. */
export async function look(ctx: Deploying, place: SiteIds, again = true): Promise<Sight> {
  const at = ctx.clock.elapsed();
  const site = await readSite(ctx, place);
  const releases = await readReleases(ctx, place);
  // A deployment that began or ended between the two requests shows in one of the answers alone.
  const torn = releases !== null && releases.length > 0 && (phaseOf(statusOf(site)) === 'going') !== releases.some(isGoing);
  return torn && again ? look(ctx, place, false) : { site, releases, baseline: baselineOf(site, releases), at };
}

const isGoing = ({ status }: Release): boolean => phaseOf(status) === 'going';

/** The site before our request. Undefined: this token cannot read it, and following was not demanded. */
export async function firstSight(ctx: Deploying, place: SiteIds, { demanded }: { demanded: boolean }): Promise<Sight | undefined> {
  try {
    return await look(ctx, place);
  } catch (error) {
    if (!isError(error, 'forbidden')) throw error;
    if (!demanded) return undefined;
    throw new DnxError('forbidden', `The deployment could not be followed, so nothing was deployed: ${error.message}`, {
      status: error.status,
      hint: 'Deploy without --wait and --verify, or use a token that has site:read as well.',
    });
  }
}

type IfRunning = NonNullable<DeployValues['if_running']>;

/** What to do about a deployment that is under way already: follow that one, wait until it is over, or give up. */
export async function settleRunning(
  ctx: Deploying,
  place: Spot,
  first: Sight,
  { if_running, timeout = DEFAULT_TIMEOUT_MS }: DeployValues,
): Promise<{ readonly sight: Sight; readonly attach: boolean }> {
  const deadline = ctx.clock.elapsed() + timeout;
  let sight = first;
  let answer = if_running;
  while (phaseOf(statusOf(sight.site)) === 'going') {
    const spot = spotOf(ctx.targets, sight.site.domain);
    answer ??= await decide(ctx, spot, sight);
    if (answer === 'fail') throw busy(spot, sight);
    if (answer === 'attach' && isDeployment(sight)) return { sight, attach: true };
    await untilIdle(ctx, spot, deadline - ctx.clock.elapsed());
    sight = await look(ctx, place);
  }
  return { sight, attach: false };
}

async function decide({ ask }: Deploying, { labels }: Spot, { site }: Sight): Promise<IfRunning> {
  if (!ask.allowed) return 'attach';
  return ask.select<IfRunning>(`${labels.site.label} is ${statusOf(site)} already. What now?`, [
    { name: 'Follow that one', value: 'attach', description: 'Sends nothing; its outcome is the result' },
    { name: 'Wait until it is over, then deploy', value: 'wait' },
    { name: 'Stop', value: 'fail' },
  ]);
}

/** An installation or a rollback is no deployment that could stand for ours. A site that keeps releases shows one for each deployment. */
const isDeployment = ({ site, releases }: Sight): boolean =>
  !/install|provision|restor/i.test(statusOf(site) ?? '') && (!releases || releases.length === 0 || releases.some(isGoing));

async function untilIdle(ctx: Deploying, spot: Spot, timeoutMs: number): Promise<void> {
  const { label } = spot.labels.site;
  ctx.progress.note(`${label} is busy; waiting until that is over.`);
  const { verdict } = await follow(ctx, {
    what: `${label}, before us`,
    timeoutMs,
    resume: resumeCommand(ctx, spot),
    look: async () => {
      const status = statusOf(await readSite(ctx, spot, { retry: false })) ?? 'unknown';
      return { status, verdict: phaseOf(status) === 'going' ? undefined : ('idle' as const) };
    },
  });
  if (!verdict) throw new DnxError('timed_out', `${label} was busy for the whole time allowed, so nothing was deployed.`);
}

const busy = ({ labels }: Spot, { site }: Sight): DnxError =>
  new DnxError('differences', `${labels.site.label} is ${statusOf(site)} already, so nothing was deployed.`, {
    hint: 'Use --if-running attach to follow that one, or --if-running wait to deploy after it.',
  });
