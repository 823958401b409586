import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, newSince, standingOf } from './baseline.ts';
import { doubted, type Evidence, goesOn, isUnsettled, noteChange, type Seen, unlessLagging, unlessOld, type Verdict } from './evidence.ts';
import { isFinished, isGoing, liveOf, type Release } from './release.ts';

/** The release that a rollback asks for. */
export interface Goal {
  readonly to: string;
  /** Its commit; null if it does not tell that release from the one that was live. */
  readonly commit: string | null;
}

/**
 * Is the site back at the release that was asked for? That release is live, or a new one of its commit is. If the API marks none as
 * live, the site's own return from an in-progress status decides.
 */
export function judgeRollback(baseline: Baseline, goal: Goal, evidence: Evidence, seen: Seen): Verdict | undefined {
  const { site, releases, at } = seen;
  const standing = standingOf(baseline, site);
  const fresh = newSince(baseline, releases);
  noteChange(evidence, seen, fresh);
  const target = releases?.find(({ id }) => id === goal.to);
  if (fresh.some(isGoing) || (target && isGoing(target))) return goesOn(evidence);
  const live = liveOf(releases) ?? null;
  const isCopy = ({ commit }: Release) => commit !== '' && commit === goal.commit;
  const copy = fresh.find(isCopy);
  const foreign = fresh.some((each) => !isCopy(each));
  const done = live !== null && (live === target || live === copy);
  if (isUnsettled(baseline, evidence, site, done || fresh.some(isFinished))) return undefined;
  if (done) return unlessOld(evidence, at, { outcome: 'succeeded', release: live });
  if (copy?.phase === 'bad') return unlessOld(evidence, at, { outcome: 'failed', release: copy });
  const ended = foreign ? undefined : endingWithoutMark(baseline, evidence, seen, copy ?? target);
  if (ended) return unlessLagging(evidence, at, ended);
  const doubt = (outcome: Verdict['outcome'], reason: string) => doubted(evidence, at, { outcome, release: live, reason });
  if (foreign) return doubt('superseded', 'somebody deployed meanwhile');
  if (!evidence.going && standing === 'idle') return doubt('unknown', 'nothing shows that it began');
  return doubt('unknown', `the site is ${statusOf(site) ?? 'unknown'}, but the release that was asked for is not live`);
}

/** What the site and the statuses of the release that was asked for, or of its copy, tell if no mark does. */
function endingWithoutMark(
  baseline: Baseline,
  { going }: Evidence,
  { site, releases }: Seen,
  goal: Release | undefined,
): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const live = liveOf(releases);
  const bad = standing === 'bad' || (standing === 'idle' && phaseOf(baseline.status) === 'bad');
  if (bad) return going || standing === 'bad' ? { outcome: 'failed', release: live ?? null } : undefined;
  const unmarked = !live && (goal?.live === undefined || baseline.marked === false);
  return unmarked && going && (standing === 'good' || standing === 'idle') ? { outcome: 'succeeded', release: goal ?? null } : undefined;
}
