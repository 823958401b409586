import { phaseOf, statusOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import { type Followed, type Following, follow, type Look } from '../../platform/follow/follow.ts';
import type { SiteIds } from '../../platform/names/names.ts';
import { readReleases, readSite } from './follow-deployment.ts';
import { type Baseline, freshOf, type Release, type Verdict } from './judge.ts';

interface Options extends Omit<Following<Verdict>, 'look'> {
  readonly baseline: Baseline;
  /** The id of the release that is to be live at the end. */
  readonly to: string;
}

/** Looks at which another release is live, in a row, before that is believed. */
const PATIENCE = 3;

/** Polls until the release that was asked for is live: nothing else is a success. */
export function followRollback(
  ctx: Pick<Context, 'api' | 'clock' | 'signal' | 'progress'>,
  place: SiteIds,
  { baseline, to, ...following }: Options,
): Promise<Followed<Verdict>> {
  let going = false;
  let elsewhere = 0;
  const look = async (): Promise<Look<Verdict>> => {
    const site = await readSite(ctx, place, { retry: false });
    const status = statusOf(site) ?? 'unknown';
    const phase = phaseOf(status);
    if (phase === 'going') going = true;
    if (phase !== 'good' && phase !== 'bad') return { status };
    const releases = await readReleases(ctx, place, { retry: false });
    const live = releases?.find(({ active }) => active) ?? null;
    if (live && String(live.id) === to) return { status, verdict: { outcome: 'succeeded', release: live } };
    const touched = (site.updated_at ?? null) !== baseline.updated_at;
    // The work ended, and yet another release is live: believe it only when it stays so.
    elsewhere = going || touched ? elsewhere + 1 : 0;
    return elsewhere < PATIENCE ? { status } : { status, verdict: notLive(baseline, phase, releases, live) };
  };
  return follow(ctx, { ...following, look });
}

function notLive(baseline: Baseline, phase: 'good' | 'bad', releases: readonly Release[] | null, live: Release | null): Verdict {
  if (freshOf(baseline, releases).length > 0) return { outcome: 'superseded', release: live, reason: 'somebody deployed meanwhile' };
  if (phase === 'bad') return { outcome: 'failed', release: live };
  return { outcome: 'unknown', release: live, reason: 'it ended, but the release that was asked for is not live' };
}
