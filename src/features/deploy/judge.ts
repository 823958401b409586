import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, isDeployed, newSince, type Site, type Standing, standingOf, timesOf } from './baseline.ts';
import { isAmbiguous, isFinished, isInProgress, isOpen, keepsNoReleases, liveRelease, type Release } from './release.ts';

/** What was observed since the request. */
export interface Evidence {
  /** The site or a release was seen in progress. */
  going: boolean;
  /** The site itself was in progress, with an unambiguous status. */
  siteWorked: boolean;
  sawUnfinished: boolean;
  /** Since when nothing has changed, in ms of the monotonic clock; undefined while work is in progress. */
  settledAt: number | undefined;
  last?: string;
  /** Another deployment may have started between the baseline and our request. */
  blurred?: boolean;
  /** A release that was created since, in epoch ms, is ours nevertheless. */
  readonly since?: number | undefined;
  /** The response to our request was lost, so it may not have gone through. */
  readonly maybeNotSent?: boolean;
  /** A deployment that had begun would have been seen: those of the site all show, for longer than the polls were apart. */
  readonly wouldShow?: () => boolean;
  /** The followed work is an installation or similar, whose success is not a deployment. */
  readonly foreign?: boolean;
}

/** The outcome of a deployment or rollback. `started`: not followed to its end. */
export type Outcome = 'succeeded' | 'failed' | 'started' | 'timed_out' | 'superseded' | 'rolled_back' | 'unknown' | 'not_started';

/** The outcome and the release that proves it. */
export interface Verdict {
  readonly outcome: Extract<Outcome, 'succeeded' | 'failed' | 'superseded' | 'unknown'>;
  readonly release: Release | null;
  readonly reason?: string;
}

/** The result of one poll. */
export interface Observation {
  readonly site: Site;
  /** Null if they cannot be read, or were skipped because the site reports work in progress. */
  readonly releases: readonly Release[] | null;
  /** In ms of the monotonic clock. */
  readonly at: number;
}

/** How long to wait for a late release or mark on a settled site, in ms. After that the outcome is `unknown`. */
export const PATIENCE_MS = 90_000;

/** How long a response may be stale, in ms. Weak evidence must persist this long. */
export const LAG_MS = 20_000;

/** Gives verdicts about a release, each once the site has been settled for long enough. */
function verdictsAbout(release: Release | null, evidence: Evidence, at: number) {
  const after =
    (ms: number) =>
    (outcome: Verdict['outcome'], reason?: string): Verdict | undefined => {
      evidence.settledAt ??= at;
      return at - evidence.settledAt < ms ? undefined : { outcome, release, ...(reason !== undefined && { reason }) };
    };
  return {
    atOnce: after(0),
    /** At once if work was seen, otherwise once a stale response is ruled out. */
    certain: after(evidence.going || evidence.sawUnfinished ? 0 : LAG_MS),
    /** By the status of the site alone, once a stale response is ruled out. */
    bySite: after(LAG_MS),
    /** Once no further change is expected. */
    final: after(PATIENCE_MS),
  };
}

/** Milliseconds until a verdict may be due; undefined if none is pending. */
export function dueMs({ settledAt }: Evidence, at: number): number | undefined {
  return settledAt === undefined ? undefined : [LAG_MS, PATIENCE_MS].map((ms) => settledAt + ms - at).find((left) => left > 0);
}

function markInProgress(evidence: Evidence): undefined {
  evidence.going = true;
  evidence.settledAt = undefined;
}

/** Restarts the settling time if anything changed since the last poll, such as the status of a release. */
function noteChange(evidence: Evidence, { site, releases }: Observation, fresh: readonly Release[]): void {
  if (!releases) return;
  const now = JSON.stringify([statusOf(site), liveRelease(releases)?.id, fresh.map(({ id, word, live }) => [id, word, live])]);
  if (evidence.last !== undefined && evidence.last !== now) evidence.settledAt = undefined;
  evidence.last = now;
}

/**
 * True while the site reports work in progress or an unknown status. `running` and unknown statuses can also mean idle: after a
 * finished release, or after work if the idle status of the site is unknown.
 */
function isUnsettled(baseline: Baseline, evidence: Evidence, site: Site, finished: boolean): boolean {
  const standing = standingOf(baseline, site);
  const word = statusOf(site);
  const unclear = (standing === 'other' && word !== undefined) || (standing === 'going' && isAmbiguous(word));
  if (standing === 'going' && !unclear) evidence.siteWorked = true;
  const idleIsKnown = baseline.idle !== false && phaseOf(baseline.status) !== 'bad';
  const settled = unclear ? finished || (evidence.siteWorked && !idleIsKnown) : standing !== 'going';
  if (settled) return false;
  if (standing === 'going') markInProgress(evidence);
  else evidence.settledAt = undefined;
  return true;
}

/**
 * Decides how our deployment ended. The first polls may still show the previous one, so a status counts only after something
 * changed. Exactly one new release is ours; with two, someone else deployed, too.
 */
export function judge(baseline: Baseline, evidence: Evidence, observation: Observation): Verdict | undefined {
  const fresh = newSince(baseline, observation.releases);
  noteChange(evidence, observation, fresh);
  const [ours, ...others] = fresh;
  const finished = ours !== undefined && isFinished(ours);
  const going = fresh.some(isInProgress);
  if (isUnsettled(baseline, evidence, observation.site, finished && !going)) return undefined;
  if (going) return markInProgress(evidence);
  // A site that was seen deploying and has settled, or that has failed since, is done, whatever the release's status.
  const isDone = evidence.siteWorked || standingOf(baseline, observation.site) === 'bad';
  if (!isDone && fresh.some((item) => isOpen(item, observation.releases))) {
    evidence.settledAt = undefined;
    evidence.sawUnfinished = true;
    return undefined;
  }
  if (ours && others.length > 0 && isSameCommit(ours, others)) return verdictsAbout(ours, evidence, observation.at).certain('succeeded');
  if (others.length > 0) {
    const reason = `${fresh.length} deployments ran at the same time, so it is unclear which one is yours`;
    return { outcome: 'superseded', release: null, reason };
  }
  if (ours && !finished) evidence.sawUnfinished = true;
  return ours ? judgeRelease(baseline, evidence, observation, ours) : judgeSite(baseline, evidence, observation);
}

/** True if the newest of several new releases is live and brought what the others did, so that it does not matter which one is ours. */
const isSameCommit = ({ live, commit }: Release, others: readonly Release[]): boolean =>
  live === true && commit !== '' && others.every((other) => other.commit === commit && isFinished(other));

/** Whether the site is healthy; undefined if unknown. An unchanged status counts as healthy unless it was a failure. */
function healthOf(standing: Standing, { status }: Baseline): 'good' | 'bad' | undefined {
  if (standing === 'idle') return phaseOf(status) === 'bad' ? 'bad' : 'good';
  return standing === 'good' || standing === 'bad' ? standing : undefined;
}

/** Statuses that speak of a deployment, not of the site. */
const DEPLOYED = /^(deployed|success|succeeded|completed|finished)$/i;

const OUT_OF_SERVICE = /suspend|disabl|paus|stop|maint/i;

function judgeRelease(baseline: Baseline, evidence: Evidence, observation: Observation, ours: Release): Verdict | undefined {
  const { certain, final } = verdictsAbout(ours, evidence, observation.at);
  // The release may belong to an earlier deployment; then ours appears as a second one.
  const isSince = evidence.since !== undefined && ours.at !== undefined && ours.at >= evidence.since;
  const isBlurred = (evidence.blurred && !isSince) || isAmbiguous(baseline.status);
  if (isBlurred && !evidence.going && !final('unknown')) return undefined;
  if (ours.phase === 'bad') return certain('failed');
  return ours.live ? judgeLive(baseline, evidence, observation, ours) : judgeUnmarked(baseline, evidence, observation, ours);
}

function judgeLive(baseline: Baseline, evidence: Evidence, { site, at }: Observation, ours: Release): Verdict | undefined {
  const { atOnce, certain: unhurried, final } = verdictsAbout(ours, evidence, at);
  const { began = 0, ended = 0 } = timesOf(ours, site, baseline) ?? {};
  const certain = ended > began ? atOnce : unhurried;
  const standing = standingOf(baseline, site);
  const health = healthOf(standing, baseline);
  const word = statusOf(site) ?? 'unknown';
  // A site that failed before may keep that status; one that was in progress and failed contradicts the live release.
  if (health === 'good' || (standing === 'idle' && !evidence.going)) return certain('succeeded');
  if (health === undefined && !OUT_OF_SERVICE.test(word)) return final('succeeded');
  return final('unknown', `release ${ours.name} is live, but the site's status is “${word}”`);
}

/** The verdict for a new release that is not marked as live, by the site and the other releases. */
function judgeUnmarked(baseline: Baseline, evidence: Evidence, { site, releases, at }: Observation, ours: Release): Verdict | undefined {
  const { certain, bySite, final } = verdictsAbout(ours, evidence, at);
  const standing = standingOf(baseline, site);
  const health = healthOf(standing, baseline);
  if (health === 'bad' && ours.phase !== 'good' && (evidence.going || standing === 'bad')) return bySite('failed');
  const live = liveRelease(releases);
  if (live) return final(ours.phase === 'good' ? 'superseded' : 'unknown', `release ${live.name} is live instead of ${ours.name}`);
  const word = statusOf(site) ?? 'unknown';
  const isHealthy = health === 'good' && (ours.live === undefined || baseline.marked === false);
  if (isHealthy && ours.phase === 'good') return certain('succeeded');
  // A release without a status succeeded if the site says so. Its idle status may follow a failure, and so may the time of a deployment.
  const isDenied = site.last_deployed_at !== undefined && !isDeployed(baseline, site);
  const isTold = DEPLOYED.test(word) || phaseOf(baseline.status) === 'bad';
  if (isHealthy && ours.word === '' && evidence.going && isTold && !isDenied) return bySite('succeeded');
  const status = ours.word && ` (“${ours.word}”)`;
  return final('unknown', `the site's status is “${word}”, but release ${ours.name}${status} is not marked as live`);
}

function judgeSite(baseline: Baseline, evidence: Evidence, { site, at }: Observation): Verdict | undefined {
  const { atOnce, bySite, final } = verdictsAbout(null, evidence, at);
  const standing = standingOf(baseline, site);
  const health = healthOf(standing, baseline);
  const deployed = isDeployed(baseline, site);
  const began = evidence.going || deployed;
  const doubt = (reason: string) => final('unknown', reason);
  if (evidence.maybeNotSent) {
    const isOther = began || standing !== 'idle';
    return doubt(isOther ? 'it is unclear whose deployment this was' : 'there is no sign of it, so it probably never started');
  }
  const ended = evidence.going && deployed ? atOnce : bySite;
  if (health === 'bad' && (began || standing === 'bad')) return ended('failed');
  if (evidence.foreign) return doubt(`the work in progress (“${baseline.status}”) ended without a new release`);
  if (!began) {
    // It waits for its turn, however long that takes.
    if (standing === 'idle' && evidence.wouldShow?.()) return undefined;
    const isEdited = (site.updated_at ?? null) !== baseline.updated_at || standing !== 'idle';
    return doubt(isEdited ? 'the site changed, but shows no new deployment' : 'there is no sign that it started');
  }
  const word = statusOf(site) ?? 'unknown';
  if (keepsReleases(baseline, site)) return doubt(`the site's status is “${word}” again, but there is no new release`);
  // `running` before our request may have been another deployment, which has ended now.
  if (!evidence.going && standing !== 'idle' && phaseOf(baseline.status) === 'going')
    return doubt('it is unclear whose deployment this was');
  return health === 'good' ? ended('succeeded') : doubt(`the site's status is “${word}”`);
}

function keepsReleases({ releases }: Baseline, site: Site): boolean {
  return !keepsNoReleases(site) && releases !== null && releases.length > 0;
}

interface Goal {
  readonly to: string;
  /** Its commit; null if the live release had the same one. */
  readonly commit: string | null;
}

/**
 * Decides whether a rollback succeeded: the requested release is live, or a new one with its commit. If the API marks no
 * release as live, the site must have been in progress and settled.
 */
export function judgeRollback(baseline: Baseline, goal: Goal, evidence: Evidence, observation: Observation): Verdict | undefined {
  const { site, releases, at } = observation;
  const standing = standingOf(baseline, site);
  const fresh = newSince(baseline, releases);
  noteChange(evidence, observation, fresh);
  const target = releases?.find(({ id }) => id === goal.to);
  if (fresh.some(isInProgress) || (target && isInProgress(target))) return markInProgress(evidence);
  const live = liveRelease(releases) ?? null;
  const isCopy = ({ commit }: Release) => commit !== '' && commit === goal.commit;
  const copy = fresh.find(isCopy);
  const isForeign = fresh.some((release) => !isCopy(release));
  const done = live !== null && (live === target || live === copy);
  if (isUnsettled(baseline, evidence, site, done || fresh.some(isFinished))) return undefined;
  if (done) return verdictsAbout(live, evidence, at).certain('succeeded');
  if (copy?.phase === 'bad') return verdictsAbout(copy, evidence, at).certain('failed');
  const ended = isForeign ? undefined : endingWithoutMark(baseline, evidence, observation, copy ?? target);
  if (ended) return verdictsAbout(ended.release, evidence, at).bySite(ended.outcome);
  const { final } = verdictsAbout(live, evidence, at);
  if (isForeign) return final('superseded', 'another deployment ran in the meantime');
  if (!evidence.going && standing === 'idle') return final('unknown', 'there is no sign that it started');
  return final('unknown', `the site's status is “${statusOf(site) ?? 'unknown'}”, but the requested release is not live`);
}

/** The verdict from the statuses of the site and of the requested release (or its copy), if no release is marked as live. */
function endingWithoutMark(
  baseline: Baseline,
  { going }: Evidence,
  { site, releases }: Observation,
  goal: Release | undefined,
): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const live = liveRelease(releases);
  const bad = standing === 'bad' || (standing === 'idle' && phaseOf(baseline.status) === 'bad');
  if (bad) return going || standing === 'bad' ? { outcome: 'failed', release: live ?? null } : undefined;
  const unmarked = !live && (goal?.live === undefined || baseline.marked === false);
  return unmarked && going && (standing === 'good' || standing === 'idle') ? { outcome: 'succeeded', release: goal ?? null } : undefined;
}
