import type { Context } from '../context.ts';
import { phaseOf, statusOf } from '../status.ts';
import { type Place, readReleases, readSite } from './deployment.ts';
import { type Followed, follow, type Look } from './follow.ts';
import type { Baseline, Verdict } from './judge.ts';

interface Options {
  readonly what: string;
  readonly baseline: Baseline;
  /** The release that is to be live at the end. */
  readonly to: string;
  readonly timeoutMs: number;
  readonly resume: string;
}

/** Polls until the release that was asked for is live: nothing else is a success. */
export function followRollback(
  ctx: Pick<Context, 'api' | 'clock' | 'signal' | 'progress'>,
  place: Place,
  options: Options,
): Promise<Followed<Verdict>> {
  const { what, baseline, to, timeoutMs, resume } = options;
  let going = false;
  let elsewhere = 0;
  const look = async (): Promise<Look<Verdict>> => {
    const site = await readSite(ctx, place, { retry: false });
    const status = statusOf(site) ?? 'unknown';
    const phase = phaseOf(status);
    if (phase === 'going') going = true;
    if (phase !== 'good' && phase !== 'bad') return { status };
    const releases = await readReleases(ctx, place, { retry: false });
    const live = releases?.find(({ active }) => active);
    if (live && String(live.id) === to) return { status, verdict: { outcome: 'succeeded', release: live } satisfies Verdict };
    const touched = (site.updated_at ?? null) !== baseline.updated_at;
    if (phase === 'bad' && (going || touched)) return { status, verdict: { outcome: 'failed', release: live ?? null } satisfies Verdict };
    // The work ended, and yet another release is live: believe it only when it stays so.
    elsewhere = going || touched ? elsewhere + 1 : 0;
    const reason = 'the rollback ended, but the release that was asked for is not live';
    return elsewhere < 3 ? { status } : { status, verdict: { outcome: 'unknown', release: live ?? null, reason } satisfies Verdict };
  };
  return follow(ctx, { what, look, timeoutMs, resume });
}
