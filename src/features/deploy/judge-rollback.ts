import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, newSince, standingOf } from './baseline.ts';
import {
  afterPatience,
  type Evidence,
  isUnsettled,
  markInProgress,
  noteChange,
  type Seen,
  unlessLagging,
  unlessStale,
  type Verdict,
} from './evidence.ts';
import { isFinished, isInProgress, liveRelease, type Release } from './release.ts';

/** The release to roll back to. */
interface Goal {
  readonly to: string;
  /** Its commit; null if the live release had the same one. */
  readonly commit: string | null;
}

/**
 * Decides whether a rollback succeeded: the requested release is live, or a new one with its commit. If the API marks no
 * release as live, the site must have been in progress and settled.
 */
export function judgeRollback(baseline: Baseline, goal: Goal, evidence: Evidence, seen: Seen): Verdict | undefined {
  const { site, releases, at } = seen;
  const standing = standingOf(baseline, site);
  const fresh = newSince(baseline, releases);
  noteChange(evidence, seen, fresh);
  const target = releases?.find(({ id }) => id === goal.to);
  if (fresh.some(isInProgress) || (target && isInProgress(target))) return markInProgress(evidence);
  const live = liveRelease(releases) ?? null;
  const isCopy = ({ commit }: Release) => commit !== '' && commit === goal.commit;
  const copy = fresh.find(isCopy);
  const foreign = fresh.some((each) => !isCopy(each));
  const done = live !== null && (live === target || live === copy);
  if (isUnsettled(baseline, evidence, site, done || fresh.some(isFinished))) return undefined;
  if (done) return unlessStale(evidence, at, { outcome: 'succeeded', release: live });
  if (copy?.phase === 'bad') return unlessStale(evidence, at, { outcome: 'failed', release: copy });
  const ended = foreign ? undefined : endingWithoutMark(baseline, evidence, seen, copy ?? target);
  if (ended) return unlessLagging(evidence, at, ended);
  const doubt = (outcome: Verdict['outcome'], reason: string) => afterPatience(evidence, at, { outcome, release: live, reason });
  if (foreign) return doubt('superseded', 'another deployment ran in the meantime');
  if (!evidence.going && standing === 'idle') return doubt('unknown', 'there is no sign that it started');
  return doubt('unknown', `the site's status is “${statusOf(site) ?? 'unknown'}”, but the requested release is not live`);
}

/** The verdict from the statuses of the site and of the requested release (or its copy), if no release is marked as live. */
function endingWithoutMark(
  baseline: Baseline,
  { going }: Evidence,
  { site, releases }: Seen,
  goal: Release | undefined,
): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const live = liveRelease(releases);
  const bad = standing === 'bad' || (standing === 'idle' && phaseOf(baseline.status) === 'bad');
  if (bad) return going || standing === 'bad' ? { outcome: 'failed', release: live ?? null } : undefined;
  const unmarked = !live && (goal?.live === undefined || baseline.marked === false);
  return unmarked && going && (standing === 'good' || standing === 'idle') ? { outcome: 'succeeded', release: goal ?? null } : undefined;
}
