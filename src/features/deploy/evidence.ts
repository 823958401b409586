import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, type Site, standingOf } from './baseline.ts';
import { isAmbiguous, liveRelease, type Release } from './release.ts';

/** What was observed since the request. */
export interface Evidence {
  /** The site or a release was seen in progress. */
  going: boolean;
  /** The site itself was in progress, with an unambiguous status. */
  siteWorked: boolean;
  /** The release was seen unfinished. */
  sawUnfinished: boolean;
  /** Since when nothing has changed, in ms of the monotonic clock; undefined while work is in progress. */
  settledAt: number | undefined;
  /** The last poll, to detect a change. */
  last?: string;
  /** Another deployment may have started between the baseline and our request. */
  blurred?: boolean;
  /** The response to our request was lost, so it may not have gone through. */
  readonly maybeNotSent?: boolean;
  /** The followed work is an installation or similar, whose success is not a deployment. */
  readonly foreign?: boolean;
}

/** The outcome of a deployment or rollback. `started`: not followed to its end. */
export type Outcome = 'succeeded' | 'failed' | 'started' | 'timed_out' | 'superseded' | 'rolled_back' | 'unknown';

/** The outcome and the release that proves it. */
export interface Verdict {
  readonly outcome: Extract<Outcome, 'succeeded' | 'failed' | 'superseded' | 'unknown'>;
  readonly release: Release | null;
  /** Why it did not succeed. */
  readonly reason?: string;
}

/** The result of one poll. */
export interface Seen {
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

/** Returns the verdict once the site has been settled for `ms`. */
export function after(ms: number, evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined {
  evidence.settledAt ??= at;
  return at - evidence.settledAt < ms ? undefined : verdict;
}

/** Returns the verdict once no further change is expected. */
export const afterPatience = (evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined =>
  after(PATIENCE_MS, evidence, at, verdict);

/** Returns the verdict immediately if work was seen, otherwise once a stale response is ruled out. */
export const unlessStale = (evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined =>
  after(evidence.going || evidence.sawUnfinished ? 0 : LAG_MS, evidence, at, verdict);

/** Returns a verdict based only on the site's status, once a stale response is ruled out. */
export const unlessLagging = (evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined =>
  after(LAG_MS, evidence, at, verdict);

/** Milliseconds until a verdict may be due; undefined if none is pending. */
export function dueMs({ settledAt }: Evidence, at: number): number | undefined {
  return settledAt === undefined ? undefined : [LAG_MS, PATIENCE_MS].map((ms) => settledAt + ms - at).find((left) => left > 0);
}

/** Records that work is in progress. Returns no verdict. */
export function markInProgress(evidence: Evidence): undefined {
  evidence.going = true;
  evidence.settledAt = undefined;
}

/** Restarts the settling time if anything changed since the last poll, such as the status of a release. */
export function noteChange(evidence: Evidence, { site, releases }: Seen, fresh: readonly Release[]): void {
  if (!releases) return;
  const now = JSON.stringify([statusOf(site), liveRelease(releases)?.id, fresh.map(({ id, word, live }) => [id, word, live])]);
  if (evidence.last !== undefined && evidence.last !== now) evidence.settledAt = undefined;
  evidence.last = now;
}

/**
 * True while the site reports work in progress or an unknown status. `running` and unknown statuses can also mean idle: after a
 * finished release, or after work if the idle status of the site is unknown.
 */
export function isUnsettled(baseline: Baseline, evidence: Evidence, site: Site, finished: boolean): boolean {
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
