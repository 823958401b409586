import { DnxError, isStop, usage } from '../../base/errors.ts';
import { inTime } from '../../platform/follow/rules.ts';
import { newSince, progressOf, type Site } from './baseline.ts';
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
    return { why, then, now: await takeSnapshot(ctx, run.run) };
  }).finally(close);
  if ('result' in verified) return verified;
  const { why, now } = verified;
  const theirs = somebodyElse(deployed, verified);
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

/** What somebody else has deployed since, or is deploying. `live`: it took the place of ours. `then`: the site before it was verified, if it keeps no releases. */
function somebodyElse(
  { before, report }: Deployed,
  { then, now }: { readonly then: Site | undefined; readonly now: Snapshot },
): { readonly reason: string; readonly live: boolean } | undefined {
  const ours = report.release;
  const live = liveOf(now.releases);
  if (ours && live && live.id !== ours.id) return { reason: `release ${live.name} is live instead of ${ours.name}`, live: true };
  const others = newSince(before.baseline, now.releases).filter(({ id }) => id !== ours?.id);
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
    const { failure } = await followRun(ctx, await inTime(requestRollback(ctx, of, now, back), `${name} was not rolled back`));
    if (isStop(failure) || failure?.code === 'timed_out') throw failure;
    return failure ? failure.message : await verify(ctx, verification, { name, release: back.name });
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
