import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, newSince, type Site, type Standing, standingOf } from './baseline.ts';
import { isAmbiguous, isFinished, isGoing, liveOf, type Release, timeOf } from './release.ts';

/** What was seen since the request, and what is not certain. */
export interface Evidence {
  /** Something was visibly in progress. */
  going: boolean;
  /** The site itself said so, in a word that means nothing else. */
  worked: boolean;
  /** It was seen before it was finished. */
  watched: boolean;
  /** Since when nothing has visibly been in progress or changed, in ms of the monotonic clock. */
  settledAt: number | undefined;
  /** What was seen last, to notice a change. */
  last?: string;
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

/** So long, in ms, an answer may lag behind. What rests on less than a release that was seen to be made has to hold for that long. */
const LAG_MS = 20_000;

/** A verdict that holds only once the site has been settled for so many ms. */
export function after(ms: number, evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined {
  evidence.settledAt ??= at;
  return at - evidence.settledAt < ms ? undefined : verdict;
}

/** A doubt: a verdict that holds only once nothing more can be expected. */
export const doubted = (evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined => after(PATIENCE_MS, evidence, at, verdict);

/** A verdict that may rest on an answer from before our request. */
export const unlessOld = (evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined =>
  after(evidence.going || evidence.watched ? 0 : LAG_MS, evidence, at, verdict);

/** A verdict that rests on the word of the site alone. */
export const unlessLagging = (evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined =>
  after(LAG_MS, evidence, at, verdict);

/** In how many ms, if nothing changes, a verdict may come; undefined if none is due. */
export function dueMs({ settledAt }: Evidence, at: number): number | undefined {
  return settledAt === undefined ? undefined : [LAG_MS, PATIENCE_MS].map((ms) => settledAt + ms - at).find((left) => left > 0);
}

/** Notes that something is visibly in progress: no verdict, and no doubt either. */
export function goesOn(evidence: Evidence): undefined {
  evidence.going = true;
  evidence.settledAt = undefined;
}

/** Notes whether anything that tells how it stands has changed, such as the status of a release: then it was not settled before. */
export function noteChange(evidence: Evidence, { site, releases }: Seen, fresh: readonly Release[]): void {
  if (!releases) return;
  const now = JSON.stringify([statusOf(site), liveOf(releases)?.id, fresh.map(({ id, word, live }) => [id, word, live])]);
  if (evidence.last !== undefined && evidence.last !== now) evidence.settledAt = undefined;
  evidence.last = now;
}

/**
 * True while the site says that something is in progress, or says a word that is not known. `running`, and a word that is not known, may
 * also be what it says when idle: after a release that is finished, and after the work if what it says when idle was never seen.
 */
export function isUnsettled(baseline: Baseline, evidence: Evidence, site: Site, finished: boolean): boolean {
  const standing = standingOf(baseline, site);
  const word = statusOf(site);
  const unclear = (standing === 'other' && word !== undefined) || (standing === 'going' && isAmbiguous(word));
  if (standing === 'going' && !unclear) evidence.worked = true;
  const idleIsKnown = baseline.idle !== false && phaseOf(baseline.status) !== 'bad';
  const settled = unclear ? finished || (evidence.worked && !idleIsKnown) : standing !== 'going';
  if (settled) return false;
  if (standing === 'going') goesOn(evidence);
  else evidence.settledAt = undefined;
  return true;
}

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
