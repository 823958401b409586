import { DnxError, isStop } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import { type Followed, follow, type Reading } from '../../platform/follow/follow.ts';
import { isInstallation, newSince, standingOf } from './baseline.ts';
import { dueMs, type Evidence, type Seen, type Verdict } from './evidence.ts';
import { judge } from './judge.ts';
import { judgeRollback } from './judge-rollback.ts';
import { isAmbiguous, isGoing } from './release.ts';
import { nameOf, type Report, reportOf, resultOf } from './result.ts';
import type { Remembered, Run } from './runs.ts';
import { type DeployContext, readReleases, readSite, siteCommand } from './snapshot.ts';

interface Options {
  /** True for a run that is resumed: it may have ended meanwhile. */
  readonly resumed?: boolean;
  readonly pace?: (() => number) | undefined;
}

/** Follows a run to its end and remembers that. Whatever ends the wait early keeps the run, so that it can be resumed. */
export async function followRun(ctx: DeployContext, remembered: Remembered, options: Options = {}): Promise<Report> {
  const { run } = remembered;
  try {
    const { verdict, status, elapsedMs } = await pollRun(ctx, remembered, options);
    const ms = options.resumed ? Math.max(0, ctx.clock.now() - Date.parse(run.started_at)) : elapsedMs;
    const result = resultOf(run, {
      started_at: run.started_at,
      status,
      outcome: verdict?.outcome ?? 'timed_out',
      finished_at: verdict ? new Date(ctx.clock.now()).toISOString() : null,
      duration_s: Math.round(ms / 1000),
      release: nameOf(verdict?.release),
    });
    const reason = verdict?.reason ?? null;
    if (verdict) remembered.change({ result, reason });
    return { ...reportOf(run, result, reason), release: verdict?.release ?? null };
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    const outcome = isStop(error) ? 'started' : 'unknown';
    return { result: resultOf(run, { started_at: run.started_at, outcome }), failure: error };
  }
}

function pollRun(ctx: DeployContext, remembered: Remembered, { resumed, pace }: Options): Promise<Followed<Verdict>> {
  const { run } = remembered;
  const read = reader(ctx, remembered, resumed);
  return follow(ctx, { what: run.site.label, read, resume: siteCommand('watch', run), pace, atOnce: resumed });
}

/** Reads how a run stands. The releases are read only while the site itself does not say that something is in progress. */
function reader(ctx: DeployContext, remembered: Remembered, resumed = false): () => Promise<Reading<Verdict>> {
  const { run } = remembered;
  const { baseline } = run;
  const evidence = evidenceOf(run, resumed);
  return async () => {
    const site = await readSite(ctx, run, { retry: false });
    const standing = standingOf(baseline, site);
    const readable = baseline.releases !== null && (standing !== 'going' || isAmbiguous(statusOf(site)));
    const releases = readable ? await readReleases(ctx, run, { retry: false }) : null;
    const seen: Seen = { site, releases, at: ctx.clock.elapsed() };
    const verdict = verdictOf(run, evidence, seen);
    if (evidence.going && !remembered.run.going) remembered.change({ going: true });
    const fresh = newSince(baseline, releases);
    const status = (verdict ? undefined : fresh.find(isGoing)?.word) ?? statusOf(site) ?? 'unknown';
    // What reads as before the request is still of the previous deployment.
    const queued = !verdict && standing === 'idle' && fresh.length === 0 && !evidence.going;
    return { status, words: queued ? `not begun yet (${status} before)` : undefined, verdict, dueMs: dueMs(evidence, seen.at) };
  };
}

function evidenceOf({ going, attached, asked, blurred, baseline }: Run, resumed: boolean): Evidence {
  const foreign = attached && isInstallation(baseline.status);
  const worked = attached ? baseline.idle === false : going;
  return { going: going || attached, worked, watched: resumed, settledAt: undefined, blurred, unsure: !asked, foreign };
}

const verdictOf = (run: Run, evidence: Evidence, seen: Seen): Verdict | undefined =>
  run.to === null
    ? judge(run.baseline, evidence, seen)
    : judgeRollback(run.baseline, { to: run.to, commit: run.commit ?? null }, evidence, seen);
