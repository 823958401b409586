import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, isDeployed, newSince, type Site, type Standing, standingOf } from './baseline.ts';
import {
  after,
  afterPatience,
  type Evidence,
  isUnsettled,
  LAG_MS,
  markInProgress,
  noteChange,
  type Seen,
  unlessLagging,
  unlessStale,
  type Verdict,
} from './evidence.ts';
import { isAmbiguous, isFinished, isInProgress, isOpen, liveRelease, type Release } from './release.ts';

/**
 * Decides how our deployment ended. The first polls may still show the previous one, so a status counts only after something
 * changed. Exactly one new release is ours; with two, someone else deployed, too.
 */
export function judge(baseline: Baseline, evidence: Evidence, seen: Seen): Verdict | undefined {
  const fresh = newSince(baseline, seen.releases);
  noteChange(evidence, seen, fresh);
  const [ours, ...others] = fresh;
  const finished = ours !== undefined && isFinished(ours);
  const going = fresh.some(isInProgress);
  if (isUnsettled(baseline, evidence, seen.site, finished && !going)) return undefined;
  if (going) return markInProgress(evidence);
  // A site that was seen deploying and has settled is done, whatever the release's status.
  if (!evidence.siteWorked && fresh.some((each) => isOpen(each, seen.releases))) {
    evidence.settledAt = undefined;
    evidence.sawUnfinished = true;
    return undefined;
  }
  if (others.length > 0) {
    const reason = `${fresh.length} deployments ran at the same time, so it is unclear which one is yours`;
    return { outcome: 'superseded', release: null, reason };
  }
  if (ours && !finished) evidence.sawUnfinished = true;
  return ours ? judgeRelease(baseline, evidence, seen, ours) : judgeSite(baseline, evidence, seen);
}

/** Whether the site is healthy; undefined if unknown. An unchanged status counts as healthy unless it was a failure. */
function healthOf(standing: Standing, { status }: Baseline): 'good' | 'bad' | undefined {
  if (standing === 'idle') return phaseOf(status) === 'bad' ? 'bad' : 'good';
  return standing === 'good' || standing === 'bad' ? standing : undefined;
}

/** Statuses that speak of a deployment, not of the site. */
const DEPLOYED = /^(deployed|success|succeeded|completed|finished)$/i;

/** Statuses of a site that is offline, whichever release is live. */
const OUT_OF_SERVICE = /suspend|disabl|paus|stop|maint/i;

/** The verdict for exactly one new release. */
function judgeRelease(baseline: Baseline, evidence: Evidence, { site, releases, at }: Seen, ours: Release): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const health = healthOf(standing, baseline);
  const doubt = (reason: string, outcome: Verdict['outcome'] = 'unknown') =>
    afterPatience(evidence, at, { outcome, release: ours, reason });
  const word = statusOf(site) ?? 'unknown';
  // The release may belong to an earlier deployment; then ours appears as a second one.
  const blurred = evidence.blurred || isAmbiguous(baseline.status);
  if (blurred && !evidence.going && !doubt('')) return undefined;
  const certain = (outcome: 'succeeded' | 'failed') => unlessStale(evidence, at, { outcome, release: ours });
  const bySite = (outcome: 'succeeded' | 'failed') => unlessLagging(evidence, at, { outcome, release: ours });
  if (ours.phase === 'bad') return certain('failed');
  if (ours.live) {
    // A site that failed before may keep that status; one that was in progress and failed contradicts the live release.
    if (health === 'good' || (standing === 'idle' && !evidence.going)) return certain('succeeded');
    if (health === undefined && !OUT_OF_SERVICE.test(word)) return afterPatience(evidence, at, { outcome: 'succeeded', release: ours });
    return doubt(`release ${ours.name} is live, but the site's status is “${word}”`);
  }
  if (health === 'bad' && ours.phase !== 'good' && (evidence.going || standing === 'bad')) return bySite('failed');
  const live = liveRelease(releases);
  if (live) {
    const reason = `release ${live.name} is live instead of ${ours.name}`;
    return doubt(reason, ours.phase === 'good' ? 'superseded' : 'unknown');
  }
  const unmarked = ours.live === undefined || baseline.marked === false;
  if (unmarked && health === 'good' && ours.phase === 'good') return certain('succeeded');
  // A release without a status succeeded if the site says so. Its idle status may follow a failure, and so may the time of a deployment.
  const denied = site.last_deployed_at !== undefined && !isDeployed(baseline, site);
  const told = DEPLOYED.test(word) || phaseOf(baseline.status) === 'bad';
  if (unmarked && health === 'good' && ours.word === '' && evidence.going && told && !denied) return bySite('succeeded');
  return doubt(`the site's status is “${word}”, but release ${ours.name}${ours.word && ` (“${ours.word}”)`} is not marked as live`);
}

/** The verdict without a new release. */
function judgeSite(baseline: Baseline, evidence: Evidence, { site, at }: Seen): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const health = healthOf(standing, baseline);
  const { updated_at = null } = site;
  const deployed = isDeployed(baseline, site);
  const began = evidence.going || deployed;
  const doubt = (reason: string) => afterPatience(evidence, at, { outcome: 'unknown', release: null, reason });
  if (evidence.maybeNotSent) {
    const other = began || standing !== 'idle';
    return doubt(other ? 'it is unclear whose deployment this was' : 'there is no sign of it, so it probably never started');
  }
  const bySite = (outcome: 'succeeded' | 'failed') =>
    after(evidence.going && deployed ? 0 : LAG_MS, evidence, at, { outcome, release: null });
  if (health === 'bad' && (began || standing === 'bad')) return bySite('failed');
  if (evidence.foreign) return doubt(`the work in progress (“${baseline.status}”) ended without a new release`);
  if (!began) {
    const edited = updated_at !== baseline.updated_at || standing !== 'idle';
    return doubt(edited ? 'the site changed, but shows no new deployment' : 'there is no sign that it started');
  }
  if (keepsReleases(baseline, site))
    return doubt(`the site's status is “${statusOf(site) ?? 'unknown'}” again, but there is no new release`);
  // `running` before our request may have been another deployment, which has ended now.
  if (!evidence.going && standing !== 'idle' && phaseOf(baseline.status) === 'going')
    return doubt('it is unclear whose deployment this was');
  return health === 'good' ? bySite('succeeded') : doubt(`the site's status is “${statusOf(site) ?? 'unknown'}”`);
}

/** True if every deployment of the site creates a release. */
function keepsReleases({ releases }: Baseline, { zero_downtime_enabled }: Site): boolean {
  return zero_downtime_enabled !== false && releases !== null && releases.length > 0;
}
