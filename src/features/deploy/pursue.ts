import { DnxError, isError } from '../../base/errors.ts';
import { DEFAULT_TIMEOUT_MS, type Followed } from '../../platform/follow/follow.ts';
import { followDeployment } from './follow-deployment.ts';
import { followRollback } from './follow-rollback.ts';
import type { Verdict } from './judge.ts';
import { type Deploying, resumeCommand, type Spot } from './place.ts';
import { type Ended, ended, nameOf, resultOf } from './result.ts';
import type { Remembered, Run } from './runs.ts';

interface Options {
  readonly timeoutMs: number | undefined;
  /** True for a run that is taken up again: it may have ended meanwhile. */
  readonly resumed?: boolean;
  readonly pace?: (() => number) | undefined;
}

/** Follows a run to its end and remembers that. Whatever ends the wait early keeps the run, so that it can be taken up again. */
export async function pursue(ctx: Deploying, remembered: Remembered, options: Options): Promise<Ended> {
  const { run } = remembered;
  const { site, server } = run;
  const spot: Spot = { server: server.id, site: site.id, labels: { server, site } };
  const resume = resumeCommand(ctx, spot);
  const details = { what: whatOf(run), resume };
  try {
    const { verdict, status, elapsedMs } = await look(ctx, remembered, spot, resume, options);
    const outcome = verdict?.outcome ?? 'timed_out';
    const ms = options.resumed ? Math.max(0, ctx.clock.now() - Date.parse(run.started_at)) : elapsedMs;
    const result = resultOf(run, {
      started_at: run.started_at,
      status,
      outcome,
      finished_at: verdict ? new Date(ctx.clock.now()).toISOString() : null,
      duration_s: Math.round(ms / 1000),
      release: nameOf(verdict?.release),
    });
    const reason = verdict?.reason ?? null;
    if (verdict) remembered.change({ result, reason });
    return ended(result, { ...details, reason });
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    const outcome = isError(error, 'interrupted', 'terminated') ? 'started' : 'unknown';
    return { result: resultOf(run, { started_at: run.started_at, outcome }), failure: error };
  }
}

function look(ctx: Deploying, remembered: Remembered, spot: Spot, resume: string, options: Options): Promise<Followed<Verdict>> {
  const { run } = remembered;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, pace } = options;
  const following = { what: run.site.label, baseline: run.baseline, timeoutMs, resume, pace, atOnce: options.resumed };
  if (run.to !== null) return followRollback(ctx, spot, { ...following, to: run.to });
  return followDeployment(ctx, spot, {
    ...following,
    evidence: { going: run.going || run.attached, doubts: 0, blurred: run.blurred, unsure: !run.asked },
    onGoing: () => remembered.change({ going: true }),
  });
}

/** A run in the user's words, at the beginning of a sentence. */
export const whatOf = ({ kind, site }: Run): string => `The ${kind === 'deploy' ? 'deployment' : 'rollback'} of ${site.label}`;
