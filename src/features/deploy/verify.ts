import { DnxError, isStop, usage } from '../../base/errors.ts';
import { inTime } from '../../platform/follow/rules.ts';
import { newSince, progressOf, type Site } from './baseline.ts';
import { PATIENCE_MS } from './evidence.ts';
import { followRun } from './follow-run.ts';
import type { Verification } from './options.ts';
import { verify } from './probe.ts';
import { isGoing, liveOf, type Release } from './release.ts';
import { requestRollback } from './request.ts';
import { type Report, reportOf } from './result.ts';
import type { Remembered } from './runs.ts';
import { type DeployContext, readSite, type SiteReference, type Snapshot, siteCommand, takeSnapshot } from './snapshot.ts';

/** A rollback must be possible before anything is deployed. */
export function refuseUnverifiable({ rollback }: Verification, { site, releases }: Snapshot, of: SiteReference): void {
  const possible = liveOf(releases) && site.zero_downtime_enabled !== false;
  if (!rollback || possible) return;
  if ((releases ?? []).length > 1 && site.zero_downtime_enabled !== false) {
    throw usage(`Which release of ${of.site.label} is live is not known, so nothing was deployed.`, 'Leave --rollback-on-fail out.');
  }
  throw usage(`${of.site.label} has no release to go back to, so nothing was deployed.`, undefined, {
    command: siteCommand('enable-zero-downtime', of),
    why: 'A rollback needs zero-downtime releases. Leave --rollback-on-fail out, or see',
  });
}

interface Deployed {
  readonly run: Remembered;
  readonly report: Report;
  readonly before: Snapshot;
  readonly verification: Verification;
}

/** What is said of a deployment whose verification did not come to an end. */
const UNVERIFIED = 'it was not verified to the end';

/** Verifies a deployment that succeeded, and rolls it back if that is wanted and needed. */
export async function verifyDeployment(ctx: DeployContext, deployed: Deployed): Promise<Report> {
  const { run, report, before, verification } = deployed;
  const { result } = report;
  const name = run.run.site.label;
  const began = ctx.clock.elapsed();
  const finish = (outcome: 'succeeded' | 'failed' | 'superseded' | 'rolled_back', reason: string | null): Report => {
    const duration = (result.duration_s ?? 0) + Math.round((ctx.clock.elapsed() - began) / 1000);
    const finished = { ...result, outcome, finished_at: new Date(ctx.clock.now()).toISOString(), duration_s: duration };
    run.change({ result: finished, reason });
    return reportOf(run.run, finished, reason);
  };

  run.change({ reason: UNVERIFIED });
  const close = ctx.ci.group(`Verify ${name}`);
  const verified = await orStopped(report, async () => {
    const then = report.release ? undefined : await readSite(ctx, run.run);
    const why = await verify(ctx, verification, { name, release: result.release });
    if (why !== undefined) finish('failed', `it fails verification: ${why}`);
    return { why, ...(await lookAgain(ctx, deployed, then).catch((error: unknown) => blind(error, why))) };
  }).finally(close);
  if ('result' in verified) return verified;
  const { why, now, theirs } = verified;
  if (why !== undefined) ctx.progress.warn(`${name} fails verification: ${why}.`);
  if (theirs?.live) return finish('superseded', theirs.reason);
  if (why === undefined) {
    ctx.progress.note(`${name} passes verification.`);
    return finish('succeeded', null);
  }
  const back = liveOf(before.releases);
  if (!verification.rollback || !back) return finish('failed', `it was deployed, but fails verification: ${why}`);
  if (theirs) return finish('superseded', `${theirs.reason}, so nothing was rolled back`);
  if (run.run.attached) return finish('failed', `it was not started here, so it is not rolled back; it fails verification: ${why}`);
  const again = await orStopped(report, async () => ({ why: await rollBack(ctx, deployed, now, back) }));
  if ('result' in again) return again;
  const failed = again.why;
  if (failed !== undefined) return finish('failed', `it fails verification (${why}), and so does the rollback to ${back.name}: ${failed}`);
  return finish('rolled_back', `to ${back.name}, for it fails verification: ${why}`);
}

/** It is not known whether ours is still live, so a deployment that failed verification is not rolled back. */
function blind(error: unknown, why: string | undefined): never {
  if (why === undefined || !(error instanceof DnxError) || isStop(error)) throw error;
  throw error.withHint(`It fails verification: ${why}. It was not rolled back.`);
}

/** Somebody else's deployment. `live`: it took the place of ours. */
interface Theirs {
  readonly reason: string;
  readonly live: boolean;
}

const PAUSE_MS = 5_000;

/** Whether ours is still live. That a release from before is live again may be an answer that lags behind, so it must stay like that. */
async function lookAgain(ctx: DeployContext, deployed: Deployed, then: Site | undefined) {
  const { before, run } = deployed;
  for (const began = ctx.clock.elapsed(); ; await ctx.clock.sleep(Math.min(PAUSE_MS, ctx.deadline - ctx.clock.elapsed()), ctx.signal)) {
    const now = await takeSnapshot(ctx, run.run);
    const theirs = somebodyElse(deployed, then, now);
    const old = before.releases?.some(({ id }) => id === liveOf(now.releases)?.id);
    if (!theirs?.live || !old || ctx.clock.elapsed() - began >= PATIENCE_MS) return { now, theirs };
  }
}

/** What somebody else has deployed since, or is deploying. `then`: the site before it was verified, if it keeps no releases. */
function somebodyElse({ before, report }: Deployed, then: Site | undefined, now: Snapshot): Theirs | undefined {
  const ours = report.release;
  const live = liveOf(now.releases);
  if (ours && live && live.id !== ours.id) return { reason: `release ${live.name} is live instead of ${ours.name}`, live: true };
  const fresh = newSince(before.baseline, now.releases);
  // The first one since is ours, also if it did not show yet when the deployment was judged.
  const others = ours ? fresh.filter(({ id }) => id !== ours.id) : fresh.slice(0, -1);
  const [other] = others;
  if (other && !live && !isGoing(other)) return { reason: `release ${other.name} was deployed after it`, live: true };
  if (then && (now.site.last_deployed_at ?? null) !== (then.last_deployed_at ?? null))
    return { reason: 'the site was deployed again', live: true };
  const busy = other ?? progressOf(now.site, now.releases);
  return busy === undefined ? undefined : { reason: 'another deployment is in progress', live: false };
}

/** Rolls back and verifies that too. Answers why it is not good; undefined: it is. */
async function rollBack(ctx: DeployContext, { run, verification }: Deployed, now: Snapshot, back: Release): Promise<string | undefined> {
  const { run: of } = run;
  const name = of.site.label;
  const close = ctx.ci.group(`Roll ${name} back to ${back.name}`);
  try {
    const rollback = await inTime(requestRollback(ctx, of, now, back), `${name} was not rolled back`);
    const { failure } = await followRun(ctx, rollback);
    if (isStop(failure) || failure?.code === 'timed_out') throw failure;
    const why = failure ? failure.message : await verify(ctx, verification, { name, release: back.name });
    // What came of the deployment is told by its own run.
    rollback.forget();
    return why;
  } catch (error) {
    // A refusal is an answer; anything else leaves open what came of it.
    if (error instanceof DnxError && error.status !== undefined) return error.message;
    throw error;
  } finally {
    close();
  }
}

/** Ctrl-C, a refusal or the end of the time while verifying: the deployment itself is done, and the command still fails. */
async function orStopped<T extends object>(report: Report, work: () => Promise<T>): Promise<T | Report> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    return { result: { ...report.result, outcome: error.code === 'timed_out' ? 'timed_out' : 'unknown' }, failure: error };
  }
}
