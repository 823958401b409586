import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, type Site, standingOf } from './baseline.ts';
import { isAmbiguous, liveOf, type Release } from './release.ts';

/** What was seen since the request, and what is uncertain. */
export interface Evidence {
  /** Something was seen in progress. */
  going: boolean;
  /** The site itself said so, with an unambiguous status. */
  worked: boolean;
  /** The release was seen before it was finished. */
  watched: boolean;
  /** When the last visible progress or change ended, in ms of the monotonic clock. */
  settledAt: number | undefined;
  /** The last poll, to notice a change. */
  last?: string;
  /** The gap between the baseline and our request left room for another deployment. */
  readonly blurred?: boolean;
  /** The response to our request was lost, so it may never have been performed. */
  readonly unsure?: boolean;
  /** This is an installation or the like: its success is not a deployment. */
  readonly foreign?: boolean;
}

/** How a deployment or rollback ended. `started`: it was not followed to its end. */
export type Outcome = 'succeeded' | 'failed' | 'started' | 'timed_out' | 'superseded' | 'rolled_back' | 'unknown';

/** How the work ended, and the release that shows it. */
export interface Verdict {
  readonly outcome: Extract<Outcome, 'succeeded' | 'failed' | 'superseded' | 'unknown'>;
  readonly release: Release | null;
  /** Why it is not a plain success, for a person. */
  readonly reason?: string;
}

/** One poll. */
export interface Seen {
  readonly site: Site;
  /** Null if they cannot be read, or were not read because the site reports work in progress. */
  readonly releases: readonly Release[] | null;
  /** In ms of the monotonic clock. */
  readonly at: number;
}

/** How long a settled site gets to show a late release or mark, in ms. After that the result is `unknown`. */
export const PATIENCE_MS = 90_000;

/** How long a response may be stale, in ms. Weaker evidence than a new release must hold this long. */
export const LAG_MS = 20_000;

/** A verdict that counts once the site has been settled for `ms`. */
export function after(ms: number, evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined {
  evidence.settledAt ??= at;
  return at - evidence.settledAt < ms ? undefined : verdict;
}

/** A verdict that counts once nothing more can be expected. */
export const doubted = (evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined => after(PATIENCE_MS, evidence, at, verdict);

/** A verdict that may rest on a stale response from before our request. */
export const unlessOld = (evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined =>
  after(evidence.going || evidence.watched ? 0 : LAG_MS, evidence, at, verdict);

/** A verdict that rests only on the status of the site. */
export const unlessLagging = (evidence: Evidence, at: number, verdict: Verdict): Verdict | undefined =>
  after(LAG_MS, evidence, at, verdict);

/** Milliseconds until a verdict may be due; undefined if none is. */
export function dueMs({ settledAt }: Evidence, at: number): number | undefined {
  return settledAt === undefined ? undefined : [LAG_MS, PATIENCE_MS].map((ms) => settledAt + ms - at).find((left) => left > 0);
}

/** Notes that something is in progress, so there is no verdict yet. */
export function goesOn(evidence: Evidence): undefined {
  evidence.going = true;
  evidence.settledAt = undefined;
}

/** Notes a change since the last poll, such as a release's status: the site was not settled before it. */
export function noteChange(evidence: Evidence, { site, releases }: Seen, fresh: readonly Release[]): void {
  if (!releases) return;
  const now = JSON.stringify([statusOf(site), liveOf(releases)?.id, fresh.map(({ id, word, live }) => [id, word, live])]);
  if (evidence.last !== undefined && evidence.last !== now) evidence.settledAt = undefined;
  evidence.last = now;
}

/**
 * True while the site reports work in progress or an unknown status. `running` and unknown statuses may also be those of an idle site:
 * after a finished release, and after work if its idle status was never seen.
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
