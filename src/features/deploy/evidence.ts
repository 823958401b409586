import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, type Site, standingOf } from './baseline.ts';
import { isAmbiguous, liveOf, type Release } from './release.ts';

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
export const LAG_MS = 20_000;

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
