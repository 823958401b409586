import { phaseOf, statusOf } from '../../base/status.ts';
import { timeOf } from '../../base/time.ts';
import { type Baseline, newSince, type Site, type Standing, standingOf } from './baseline.ts';
import {
  after,
  doubted,
  type Evidence,
  goesOn,
  isUnsettled,
  LAG_MS,
  noteChange,
  type Seen,
  unlessLagging,
  unlessOld,
  type Verdict,
} from './evidence.ts';
import { isAmbiguous, isFinished, isGoing, isOpen, liveOf, type Release } from './release.ts';

/**
 * Whose deployment is it, and how did it end? The first polls may still show the previous deployment, so a status counts only once
 * something is new. The release is the identity: exactly one new one is ours; with two, somebody else deployed as well.
 */
export function judge(baseline: Baseline, evidence: Evidence, seen: Seen): Verdict | undefined {
  const fresh = newSince(baseline, seen.releases);
  noteChange(evidence, seen, fresh);
  const [ours, ...others] = fresh;
  const finished = ours !== undefined && isFinished(ours);
  const going = fresh.some(isGoing);
  if (isUnsettled(baseline, evidence, seen.site, finished && !going)) return undefined;
  if (going) return goesOn(evidence);
  // A site that was seen at work and has settled is done, whatever its release is called.
  if (!evidence.worked && fresh.some((each) => isOpen(each, seen.releases))) {
    evidence.settledAt = undefined;
    evidence.watched = true;
    return undefined;
  }
  if (others.length > 0) {
    const reason = `${fresh.length} deployments ran meanwhile, so which one is ours cannot be told`;
    return { outcome: 'superseded', release: null, reason };
  }
  if (ours && !finished) evidence.watched = true;
  return ours ? judgeRelease(baseline, evidence, seen, ours) : judgeSite(baseline, evidence, seen);
}

/** Is the site well, is it not, or does it not say? What it said before counts only if that was no failure. */
function healthOf(standing: Standing, { status }: Baseline): 'good' | 'bad' | undefined {
  if (standing === 'idle') return phaseOf(status) === 'bad' ? 'bad' : 'good';
  return standing === 'good' || standing === 'bad' ? standing : undefined;
}

/** Words of a site that serves nobody, whichever release is live. */
const OUT_OF_SERVICE = /suspend|disabl|paus|stop|maint/i;

/** The one new release names the deployment. */
function judgeRelease(baseline: Baseline, evidence: Evidence, { site, releases, at }: Seen, ours: Release): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const health = healthOf(standing, baseline);
  const doubt = (reason: string, outcome: Verdict['outcome'] = 'unknown') => doubted(evidence, at, { outcome, release: ours, reason });
  const word = statusOf(site) ?? 'unknown';
  // It may be of a deployment that began before ours: whoever deploys now will show as a second release.
  const blurred = evidence.blurred || isAmbiguous(baseline.status);
  if (blurred && !evidence.going && !doubt('')) return undefined;
  const known = (outcome: 'succeeded' | 'failed') => unlessOld(evidence, at, { outcome, release: ours });
  const told = (outcome: 'succeeded' | 'failed') => unlessLagging(evidence, at, { outcome, release: ours });
  if (ours.phase === 'bad') return known('failed');
  if (ours.live) {
    // A site that failed before may still say so; one that went on and failed again does not agree with the release.
    if (health === 'good' || (standing === 'idle' && !evidence.going)) return known('succeeded');
    if (health === undefined && !OUT_OF_SERVICE.test(word)) return doubted(evidence, at, { outcome: 'succeeded', release: ours });
    return doubt(`release ${ours.name} is live but the site is ${word}`);
  }
  if (health === 'bad' && ours.phase !== 'good' && (evidence.going || standing === 'bad')) return told('failed');
  const live = liveOf(releases);
  if (live) {
    const reason = `release ${live.name} is live instead of ${ours.name}`;
    return doubt(reason, ours.phase === 'good' ? 'superseded' : 'unknown');
  }
  const unmarked = ours.live === undefined || baseline.marked === false;
  // Without a status of its own, the release is as good as the deployment that the site was seen to go through.
  if (unmarked && health === 'good' && ours.phase === 'good') return known('succeeded');
  if (unmarked && health === 'good' && ours.word === '' && evidence.going) return told('succeeded');
  return doubt(`the site is ${word}, but nothing shows that release ${ours.name}${ours.word && ` (${ours.word})`} is live`);
}

/** Without a new release to name the deployment. */
function judgeSite(baseline: Baseline, evidence: Evidence, { site, at }: Seen): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const health = healthOf(standing, baseline);
  const { updated_at = null } = site;
  const deployed = isDeployed(baseline, site);
  const began = evidence.going || deployed;
  const doubt = (reason: string) => doubted(evidence, at, { outcome: 'unknown', release: null, reason });
  if (evidence.unsure) {
    const other = began || standing !== 'idle';
    return doubt(other ? 'whose deployment this was cannot be told' : 'there is no sign of it, so it was probably never started');
  }
  const told = (outcome: 'succeeded' | 'failed') =>
    after(evidence.going && deployed ? 0 : LAG_MS, evidence, at, { outcome, release: null });
  if (health === 'bad' && (began || standing === 'bad')) return told('failed');
  if (evidence.foreign) return doubt(`what was in progress (${baseline.status}) has ended, and there is no new release`);
  if (!began) {
    const edited = updated_at !== baseline.updated_at || standing !== 'idle';
    return doubt(edited ? 'the site changed, but nothing shows that it was deployed' : 'nothing shows that it began');
  }
  if (keepsReleases(baseline, site)) return doubt(`the site is ${statusOf(site) ?? 'unknown'} again, but there is no new release`);
  // `running` was perhaps not idle but a deployment of somebody else, which has ended now.
  if (!evidence.going && standing !== 'idle' && phaseOf(baseline.status) === 'going')
    return doubt('whose deployment this was cannot be told');
  return health === 'good' ? told('succeeded') : doubt(`the site is ${statusOf(site) ?? 'unknown'}`);
}

/** True if the site was deployed since the baseline, as far as times tell. An answer that lags behind has an older time. */
function isDeployed(baseline: Baseline, { last_deployed_at = null }: Site): boolean {
  if (last_deployed_at === null || last_deployed_at === baseline.last_deployed_at) return false;
  const [before, now] = [timeOf(baseline.last_deployed_at), timeOf(last_deployed_at)];
  return before === undefined || now === undefined || now > before;
}

/** A site that keeps releases has a new one after every deployment, sooner or later. */
function keepsReleases({ releases }: Baseline, { zero_downtime_enabled }: Site): boolean {
  return zero_downtime_enabled !== false && releases !== null && releases.length > 0;
}
