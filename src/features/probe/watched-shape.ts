import { countOf, timeScale, type WatchedShape } from '../../base/api-shapes.ts';
import { statusOf } from '../../base/status.ts';
import { isDeployed, isDeploymentOver, newSince, workInProgress } from '../deploy/baseline.ts';
import type { Observation } from '../deploy/judge.ts';
import { liveRelease } from '../deploy/release.ts';
import type { Snapshot } from '../deploy/site.ts';
import { isHarmlessWord } from './record.ts';

/** What was seen of one deployment. */
export interface Sighting {
  /** The site before it began. */
  readonly before: Snapshot;
  /** When it was requested, or when the first change showed, in ms of the monotonic clock. */
  readonly from: number;
  readonly polls: readonly Observation[];
  readonly ended: WatchedShape['ended'];
  /** How many records of webhooks it left. */
  readonly webhooks: number;
}

/** Reduces what was seen of a deployment to its shape. */
export function watchedShape({ before, from, polls, ended, webhooks }: Sighting): WatchedShape {
  const { baseline } = before;
  const busy = polls.findIndex(isWorking);
  const settled = settledIndex(before, polls);
  const live = liveRelease(before.releases)?.id;
  const secondsUntil = (index: number) => (index < 0 ? null : scaled(((polls[index]?.at ?? from) - from) / 1000));
  const moveOf = (shows: (poll: Observation) => boolean) => {
    const index = polls.findIndex(shows);
    if (index < 0) return 'never';
    if (settled >= 0 && index >= settled) return 'end';
    return busy < 0 || index <= busy ? 'start' : 'middle';
  };
  return {
    words: wordsOf([before, ...polls]),
    busy_after_s: secondsUntil(busy),
    settled_after_s: secondsUntil(settled),
    moves: {
      last_deployed_at: moveOf(({ site }) => isDeployed(baseline, site)),
      updated_at: moveOf(({ site }) => (site.updated_at ?? null) !== baseline.updated_at),
      release: moveOf(({ releases }) => newSince(baseline, releases).length > 0),
      live: moveOf(({ releases }) => releases !== null && liveRelease(releases)?.id !== live),
    },
    releases: countOf(Math.max(0, ...polls.map(({ releases }) => newSince(baseline, releases).length))),
    webhooks: countOf(webhooks),
    ended,
  };
}

/** True if the site or a release reports work in progress. */
const isWorking = ({ site, releases }: Pick<Observation, 'site' | 'releases'>): boolean => workInProgress(site, releases) !== undefined;

/** The first poll that shows the end: no work in progress, after some was seen, or with a result. */
function settledIndex({ baseline }: Snapshot, polls: readonly Observation[]): number {
  const begun = polls.findIndex(isWorking);
  return polls.findIndex(
    (poll, index) => !isWorking(poll) && (isDeploymentOver(baseline, poll.site, poll.releases) || (begun >= 0 && index > begun)),
  );
}

/** The statuses in their order. A word that could say something about the account is `other`. */
function wordsOf(seen: readonly Pick<Observation, 'site'>[]): readonly string[] {
  const words = seen.flatMap(({ site }) => statusOf(site) ?? []).map((word) => (isHarmlessWord(word) ? word : 'other'));
  return words.filter((word, index) => word !== words[index - 1]);
}

/** Rounded up to the next time of the scale. */
const scaled = (seconds: number): number => timeScale.find((step) => seconds <= step) ?? Math.max(...timeScale);
