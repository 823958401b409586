import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, newSince, type Site, type Standing, standingOf } from './baseline.ts';
import { isGoing, liveOf, type Release } from './release.ts';

/** What was seen since the request, and what is not certain. */
export interface Evidence {
  /** Something was visibly in progress. */
  going: boolean;
  /** Since when nothing has visibly been in progress, in ms of the monotonic clock. */
  settledAt: number | undefined;
  /** So much time passed between the baseline and our request that another deployment may have come and gone. */
  readonly blurred?: boolean;
  /** The answer to our request was lost, so perhaps it was never performed. */
  readonly unsure?: boolean;
  /** What is followed is an installation or the like: its good end is no deployment. */
  readonly foreign?: boolean;
}

/** How a deployment or a rollback ended for us. `started`: it was not followed to its end. */
export type Outcome = 'succeeded' | 'failed' | 'started' | 'timed_out' | 'superseded' | 'rolled_back' | 'unknown';

/** How the work ended, and the release that shows it. */
export interface Verdict {
  readonly outcome: Extract<Outcome, 'succeeded' | 'failed' | 'superseded' | 'unknown'>;
  readonly release: Release | null;
  /** Why it is not simply a success, for a person. */
  readonly reason?: string;
}

/** One poll. */
export interface Seen {
  readonly site: Site;
  /** Null if they cannot be read, or were not read because the site says that it is going on. */
  readonly releases: readonly Release[] | null;
  /** In ms of the monotonic clock. */
  readonly at: number;
}

/** A site that has settled gets so long, in ms, to show what is still missing: a late release, a late mark. Then what is not known is `unknown`. */
export const PATIENCE_MS = 90_000;

/** A verdict that holds only once the site has been settled for long enough. */
export function doubted(evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined {
  evidence.settledAt ??= at;
  return at - evidence.settledAt < PATIENCE_MS ? undefined : verdict;
}

/** Notes that something is visibly in progress: no verdict, and no doubt either. */
export function goesOn(evidence: Evidence): undefined {
  evidence.going = true;
  evidence.settledAt = undefined;
}

/**
 * Whose deployment is it, and how did it end? The first polls may still show the previous deployment, so a status counts only once
 * something is new. The release is the identity: exactly one new one is ours; with two, somebody else deployed as well.
 */
export function judge(baseline: Baseline, evidence: Evidence, seen: Seen): Verdict | undefined {
  const standing = standingOf(baseline, seen.site);
  const fresh = newSince(baseline, seen.releases);
  if (standing === 'going' || fresh.some(isGoing)) return goesOn(evidence);
  const [ours, ...others] = fresh;
  if (others.length > 0) {
    const reason = `${fresh.length} deployments ran meanwhile, so which one is ours cannot be told`;
    return { outcome: 'superseded', release: null, reason };
  }
  // A word that is not known may mean that it goes on, unless it may be what this site says when idle.
  if (standing === 'other' && baseline.idle !== false && !ours?.live && ours?.phase !== 'bad') {
    evidence.settledAt = undefined;
    return undefined;
  }
  evidence.settledAt ??= seen.at;
  return ours ? judgeRelease(baseline, evidence, seen, ours) : judgeSite(baseline, evidence, seen);
}

/** Is the site well, is it not, or does it not say? What it said before counts only if that was no failure. */
function healthOf(standing: Standing, { status }: Baseline): 'good' | 'bad' | undefined {
  if (standing === 'idle') return phaseOf(status) === 'bad' ? 'bad' : 'good';
  return standing === 'good' || standing === 'bad' ? standing : undefined;
}

/** The one new release names the deployment. */
function judgeRelease(baseline: Baseline, evidence: Evidence, { site, releases, at }: Seen, ours: Release): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const health = healthOf(standing, baseline);
  const doubt = (reason: string, outcome: Verdict['outcome'] = 'unknown') => doubted(evidence, at, { outcome, release: ours, reason });
  const word = statusOf(site) ?? 'unknown';
  // It may be of a deployment that ended before ours began: whoever deploys now will show as a second release.
  if (evidence.blurred && !evidence.going && !doubt('')) return undefined;
  if (ours.phase === 'bad') return { outcome: 'failed', release: ours };
  const succeeded = { outcome: 'succeeded', release: ours } as const;
  if (ours.live) {
    // A site that failed before may still say so; one that went on and failed again does not agree with the release.
    if (health === 'good' || (standing === 'idle' && !evidence.going)) return succeeded;
    if (health === undefined && baseline.idle === false && ours.phase === 'good') return doubted(evidence, at, succeeded);
    return doubt(`release ${ours.name} is live but the site is ${word}`);
  }
  if (health === 'bad' && ours.phase !== 'good' && (evidence.going || standing === 'bad')) return { outcome: 'failed', release: ours };
  const live = liveOf(releases);
  if (live) {
    const reason = `release ${live.name} is live instead of ${ours.name}`;
    return doubt(reason, ours.phase === 'good' ? 'superseded' : 'unknown');
  }
  const unmarked = ours.live === undefined || baseline.marked === false;
  // Without a status of its own, the release is as good as the deployment that the site was seen to go through.
  const good = ours.phase === 'good' || (ours.word === '' && evidence.going);
  if (unmarked && good && health === 'good') return succeeded;
  return doubt(`the site is ${word}, but nothing shows that release ${ours.name}${ours.word && ` (${ours.word})`} is live`);
}

/** Without a new release to name the deployment. */
function judgeSite(baseline: Baseline, evidence: Evidence, { site, at }: Seen): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const health = healthOf(standing, baseline);
  const { last_deployed_at = null, updated_at = null } = site;
  const deployed = last_deployed_at !== null && last_deployed_at !== baseline.last_deployed_at;
  const began = evidence.going || deployed;
  const doubt = (reason: string) => doubted(evidence, at, { outcome: 'unknown', release: null, reason });
  if (evidence.unsure) {
    const other = began || standing !== 'idle';
    return doubt(other ? 'whose deployment this was cannot be told' : 'there is no sign of it, so it was probably never started');
  }
  if (health === 'bad' && (began || standing === 'bad')) return { outcome: 'failed', release: null };
  if (evidence.foreign) return doubt(`what was in progress (${baseline.status}) has ended, and there is no new release`);
  if (!began) {
    const edited = updated_at !== baseline.updated_at || standing !== 'idle';
    return doubt(edited ? 'the site changed, but nothing shows that it was deployed' : 'nothing shows that it began');
  }
  if (keepsReleases(baseline, site)) return doubt(`the site is ${statusOf(site) ?? 'unknown'} again, but there is no new release`);
  // `running` was perhaps not idle but a deployment of somebody else, which has ended now.
  if (!evidence.going && standing !== 'idle' && phaseOf(baseline.status) === 'going')
    return doubt('whose deployment this was cannot be told');
  return health === 'good' ? { outcome: 'succeeded', release: null } : doubt(`the site is ${statusOf(site) ?? 'unknown'}`);
}

/** A site that keeps releases has a new one after every deployment, sooner or later. */
function keepsReleases({ releases }: Baseline, { zero_downtime_enabled }: Site): boolean {
  return zero_downtime_enabled !== false && releases !== null && releases.length > 0;
}
