import { DnxError, isStop, usage } from '../../base/errors.ts';
import { inTime } from '../../platform/follow/rules.ts';
import { siteUrl } from '../../platform/names/names.ts';
import { type Baseline, newSince, progressOf, type Site } from './baseline.ts';
import { PATIENCE_MS } from './evidence.ts';
import { followRun } from './follow-run.ts';
import type { Verification } from './options.ts';
import { reportOf } from './outcome.ts';
import { verify } from './probe.ts';
import { isInProgress, liveOf, type Release } from './release.ts';
import { requestRollback } from './request.ts';
import type { Report } from './result.ts';
import type { Remembered } from './runs.ts';
import { type DeployContext, readSite, type SiteReference, type Snapshot, siteCommand, takeSnapshot } from './snapshot.ts';

/** Fails before the deployment if the site cannot be requested, or --rollback-on-fail would not be possible. */
export function refuseUnverifiable({ path, rollback, url }: Verification, { site, releases }: Snapshot, of: SiteReference): void {
  if (path !== undefined && url === undefined && siteUrl(of.site.label) === undefined)
    throw usage(`'${of.site.label}' has no URL that can be requested. Nothing was deployed.`, 'Use --url.');
  const possible = liveOf(releases) && site.zero_downtime_enabled !== false;
  if (!rollback || possible) return;
  if ((releases ?? []).length > 1 && site.zero_downtime_enabled !== false) {
    throw usage(
      `The API does not say which release of ${of.site.label} is live. Nothing was deployed.`,
      'Deploy without --rollback-on-fail.',
    );
  }
  throw usage(
    `${of.site.label} has no release to roll back to. Nothing was deployed.`,
    'Deploy without --rollback-on-fail, or turn on zero-downtime releases.',
    { command: siteCommand('enable-zero-downtime', of), why: 'Turn them on with' },
  );
}

interface Deployed {
  readonly run: Remembered;
  readonly report: Report;
  readonly before: Snapshot;
  readonly verification: Verification;
}

/** The reason in the run file until the verification has finished. */
const UNVERIFIED = 'its verification did not finish';

/** Verifies a successful deployment, and rolls back if that fails and is wanted. */
export async function verifyDeployment(ctx: DeployContext, deployed: Deployed): Promise<Report> {
  const { run, report, before, verification } = deployed;
  const { result } = report;
  const name = run.run.site.label;
  const began = ctx.clock.elapsed();
  const finish = (
    outcome: 'succeeded' | 'failed' | 'superseded' | 'rolled_back',
    reason: string | null,
    live?: Release,
    ended?: Baseline,
  ): Report => {
    const duration = (result.duration_s ?? 0) + Math.round((ctx.clock.elapsed() - began) / 1000);
    const finished = { ...result, outcome, finished_at: new Date(ctx.clock.now()).toISOString(), duration_s: duration };
    run.change({ result: finished, reason, ...(ended && { ended }) });
    return reportOf(run.run, finished, reason, { release: report.release, undo: report.undo, live });
  };

  run.change({ reason: UNVERIFIED });
  const close = ctx.ci.group(`Verify ${name}`);
  const verified = await orStopped(report, async () => {
    const then = report.release ? undefined : await readSite(ctx, run.run);
    const why = await verify(ctx, verification, { name, release: result.release });
    if (why !== undefined) finish('failed', `it went live but failed verification: ${why}`);
    return { why, ...(await recheck(ctx, deployed, then).catch((error: unknown) => withoutRollback(error, why))) };
  }).finally(close);
  if ('result' in verified) return verified;
  const { why, now, theirs } = verified;
  const live = liveOf(now.releases);
  if (why !== undefined) ctx.progress.warn(`${name} failed verification: ${why}.`);
  if (theirs?.live) return finish('superseded', theirs.reason, live);
  if (why === undefined) {
    ctx.progress.note(`${name} passed verification.`);
    return finish('succeeded', null);
  }
  const back = liveOf(before.releases);
  if (!verification.rollback || !back) return finish('failed', `it went live but failed verification: ${why}`, live);
  if (theirs) return finish('superseded', `${theirs.reason}, so nothing was rolled back`, live);
  if (run.run.attached)
    return finish('failed', `it was started elsewhere, so it was not rolled back after it failed verification: ${why}`, live);
  const again = await orStopped(report, () => rollBack(ctx, deployed, now, back));
  if ('result' in again) return again;
  const failed = again.why;
  if (failed !== undefined)
    return finish('failed', `it failed verification (${why}), and so did the rollback to ${back.name}: ${failed}`, undefined, again.ended);
  return finish('rolled_back', `to ${back.name}: ${why}`, back, again.ended);
}

/** Adds to a read error that the deployment failed verification and was not rolled back. */
function withoutRollback(error: unknown, why: string | undefined): never {
  if (why === undefined || !(error instanceof DnxError) || isStop(error)) throw error;
  throw error.withHint(`It failed verification: ${why}. It was not rolled back.`);
}

/** Someone else's deployment. `live`: it replaced ours. */
interface Theirs {
  readonly reason: string;
  readonly live: boolean;
}

const PAUSE_MS = 5_000;

/** Checks whether our release is still live. An older live release may be a stale response, so it must persist. */
async function recheck(ctx: DeployContext, deployed: Deployed, then: Site | undefined) {
  const { before, run } = deployed;
  for (const began = ctx.clock.elapsed(); ; await ctx.clock.sleep(Math.min(PAUSE_MS, ctx.deadline - ctx.clock.elapsed()), ctx.signal)) {
    const now = await takeSnapshot(ctx, run.run);
    const theirs = otherDeployment(deployed, then, now);
    const old = before.releases?.some(({ id }) => id === liveOf(now.releases)?.id);
    if (!theirs?.live || !old || ctx.clock.elapsed() - began >= PATIENCE_MS) return { now, theirs };
  }
}

/** Someone else's deployment since ours, if any. `then`: the site before the verification, if it has no releases. */
function otherDeployment({ before, report }: Deployed, then: Site | undefined, now: Snapshot): Theirs | undefined {
  const ours = report.release;
  const live = liveOf(now.releases);
  if (ours && live && live.id !== ours.id) return { reason: `release ${live.name} is live instead of ${ours.name}`, live: true };
  const fresh = newSince(before.baseline, now.releases);
  // The oldest new release is ours, even if it was not visible when the deployment was judged.
  const others = ours ? fresh.filter(({ id }) => id !== ours.id) : fresh.slice(0, -1);
  const [other] = others;
  if (other && !live && !isInProgress(other)) return { reason: `release ${other.name} was deployed after it`, live: true };
  if (then && (now.site.last_deployed_at ?? null) !== (then.last_deployed_at ?? null))
    return { reason: 'the site was deployed again', live: true };
  const busy = other ?? progressOf(now.site, now.releases);
  return busy === undefined ? undefined : { reason: 'another deployment is in progress', live: false };
}

/** Rolls back and verifies that, too. Resolves to the reason for a failure, and the site at the end. */
async function rollBack(ctx: DeployContext, { run, verification }: Deployed, now: Snapshot, back: Release) {
  const { run: of } = run;
  const name = of.site.label;
  const close = ctx.ci.group(`Roll back ${name} to ${back.name}`);
  ctx.progress.note(`Rolling back ${name} to ${back.name}`);
  try {
    const rollback = await inTime(requestRollback(ctx, of, now, back), `the rollback of ${name}`);
    const { failure } = await followRun(ctx, rollback);
    if (isStop(failure) || failure?.code === 'timed_out') throw failure;
    const why = failure ? failure.message : await verify(ctx, verification, { name, release: back.name });
    // The run of the deployment has the result.
    rollback.forget();
    return { why, ended: rollback.run.ended };
  } catch (error) {
    // Rejected by the API. After any other error the outcome is unknown.
    if (error instanceof DnxError && error.status !== undefined) return { why: error.message };
    throw error;
  } finally {
    close();
  }
}

/** Turns an error during verification into a failed report: the deployment itself is done. */
async function orStopped<T extends object>(report: Report, work: () => Promise<T>): Promise<T | Report> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    return { result: { ...report.result, outcome: error.code === 'timed_out' ? 'timed_out' : 'unknown' }, failure: error };
  }
}
