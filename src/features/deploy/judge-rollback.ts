import { phaseOf, statusOf } from '../../base/status.ts';
import { type Baseline, newSince, standingOf } from './baseline.ts';
import { doubted, type Evidence, goesOn, type Seen, type Verdict } from './judge.ts';
import { isGoing, liveOf, type Release } from './release.ts';

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
  const target = releases?.find(({ id }) => id === goal.to);
  if (standing === 'going' || fresh.some(isGoing) || (target && isGoing(target))) return goesOn(evidence);
  const live = liveOf(releases) ?? null;
  const copy = fresh.find(({ commit }) => commit !== '' && commit === goal.commit);
  if (live && (live === target || live === copy)) return { outcome: 'succeeded', release: live };
  if (copy?.phase === 'bad') return { outcome: 'failed', release: copy };
  if (standing === 'other' && baseline.idle !== false) {
    evidence.settledAt = undefined;
    return undefined;
  }
  const ended = endingWithoutMark(baseline, evidence, seen, { target, copy, fresh });
  if (ended) return ended;
  const doubt = (outcome: Verdict['outcome'], reason: string) => doubted(evidence, at, { outcome, release: live, reason });
  if (fresh.length > 0 && !copy) return doubt('superseded', 'somebody deployed meanwhile');
  if (!evidence.going && standing === 'idle') return doubt('unknown', 'nothing shows that it began');
  return doubt('unknown', `the site is ${statusOf(site) ?? 'unknown'}, but the release that was asked for is not live`);
}

interface Releases {
  readonly target: Release | undefined;
  readonly copy: Release | undefined;
  readonly fresh: readonly Release[];
}

/** What the site and the releases' own statuses tell if no mark does. */
function endingWithoutMark(
  baseline: Baseline,
  { going }: Evidence,
  { site, releases }: Seen,
  { target, copy, fresh }: Releases,
): Verdict | undefined {
  const standing = standingOf(baseline, site);
  const bad = standing === 'bad' || (standing === 'idle' && phaseOf(baseline.status) === 'bad');
  if (fresh.length > 0 && !copy) return undefined;
  if (bad) return going || standing === 'bad' ? { outcome: 'failed', release: liveOf(releases) ?? null } : undefined;
  const goal = copy ?? target ?? null;
  const unmarked = !liveOf(releases) && (goal?.live === undefined || baseline.marked === false);
  const good = copy ? copy.phase === 'good' || (copy.word === '' && going) : going;
  return unmarked && good && (standing === 'good' || standing === 'idle') ? { outcome: 'succeeded', release: goal } : undefined;
}
