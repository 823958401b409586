import { usage } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import { ago, HOUR } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type Result, type View } from '../../cli/output/view.ts';
import { within } from '../../platform/api/deadline.ts';
import { siteEndpoint } from '../../platform/follow/readers.ts';
import { isUnchanged, workInProgress } from './baseline.ts';
import { followRun } from './follow-run.ts';
import { liveRelease, releasesOf } from './release.ts';
import { attachToRunning } from './request.ts';
import { commandResult, type DeployReport, type DeployResult, deployJob, deployReport } from './result.ts';
import { type Run, recallRuns, type SavedRun } from './run-file.ts';
import { type DeployContext, type Snapshot, siteReference, takeSnapshot } from './site.ts';

/** How long `watch` repeats the outcome of a finished run, in ms. */
const REPEATED_MS = HOUR;

type WatchContext = DeployContext & Context;

/** `dnx watch`. */
export async function watch(ctx: WatchContext): Promise<Result> {
  const report = await watchAny(ctx);
  return 'kind' in report ? { view: report } : commandResult(report, ctx);
}

/** The name of the live release, which a plan compares when it is applied. */
export const liveReleaseName = (releases: readonly unknown[]): string | undefined => liveRelease(releasesOf(releases))?.name;

/** The end of what was requested for a site since then, which it follows unless that is known. Undefined if nothing was. `isAnswered`: the API answered the request. */
export async function followRequested(outer: WatchContext, siteId: string | null, since: string) {
  const saved = recallRuns(outer).find(({ run }) => run.site.id === siteId && run.started_at >= since && !run.attached);
  if (!saved) return undefined;
  const { run } = saved;
  const report = run.result ? deployReport(run, run.result, run.reason) : await resume(outer, saved);
  return { result: commandResult(report, outer), isAnswered: run.asked };
}

/**
 * Resumes the last unfinished run (of the site, if given), or follows a deployment in progress. Only the latest run of each
 * site counts.
 */
async function watchAny(ctx: WatchContext): Promise<DeployReport | View> {
  const { site } = ctx.targets;
  const all = recallRuns(ctx).filter(({ run }) => isReachable(ctx, run) && (!site || run.site.id === site.id));
  const runs = all.filter(({ run }, index) => all.findIndex((other) => other.run.site.id === run.site.id) === index);
  const [latest] = runs;
  if (latest && !latest.run.result) return resume(ctx, latest);
  const recent = latest && ctx.clock.now() - Date.parse(latest.run.started_at) < REPEATED_MS ? latest.run : undefined;
  if (site) return watchSite(ctx, latest?.run, recent);
  if (recent) {
    const { server, site } = recent;
    return watchSite({ ...ctx, targets: { server, site } }, recent, recent);
  }
  const unfinished = runs.find(({ run }) => !run.result);
  if (unfinished) return resume(ctx, unfinished);
  if (ctx.ask.allowed) {
    // The prompt does not count towards --timeout.
    const left = ctx.deadline - ctx.clock.elapsed();
    const targets = await ctx.resolve(siteEndpoint);
    return watchAny({ ...ctx, ...within(ctx, left), targets });
  }
  const next = { command: ['watch', 'shop.example.com'], why: 'For example' };
  throw usage('No site given, and no unfinished deployment to resume.', undefined, next);
}

/** True for a run of this host and, unless a site is given, of this profile. */
const isReachable = ({ settings, targets }: WatchContext, { host, profile }: Run): boolean =>
  host === settings.host && (targets.site !== undefined || profile === settings.profile);

async function resume(ctx: WatchContext, remembered: SavedRun): Promise<DeployReport> {
  const { run } = remembered;
  ctx.progress.note(`Resuming the ${deployJob(run)}, started ${ago(run.started_at, ctx.clock.now())}.`);
  const report = await followRun(ctx, remembered, true);
  const { release } = report.result;
  if (!run.asked && release) {
    const sign = run.kind === 'deploy' ? 'is the only new one, so it' : 'is live, so the rollback';
    ctx.progress.warn(`The response to the request was lost. Release ${release} ${sign} is assumed to be yours.`);
  }
  return report;
}

/**
 * Follows a deployment in progress. Else repeats the result of a recent run, because its output may have been interrupted, unless the site
 * was deployed again. `latest`: the last run of the site, which has ended.
 */
async function watchSite(ctx: WatchContext, latest: Run | undefined, recent: Run | undefined): Promise<DeployReport | View> {
  const now = await takeSnapshot(ctx, siteReference(ctx.targets));
  const siteRef = siteReference(ctx.targets, now.site.domain);
  if (workInProgress(now.site, now.releases) !== undefined) {
    const { outcome } = latest?.result ?? {};
    if (latest?.reason && (outcome === 'unknown' || outcome === 'failed'))
      ctx.progress.warn(`Your ${deployJob(latest)}: ${latest.reason}. Following one that was started elsewhere.`);
    return followRun(ctx, attachToRunning(ctx, siteRef, now));
  }
  const { result, ended, reason } = recent ?? {};
  if (recent && result && ended && isUnchanged(ended, now.site, now.releases)) {
    ctx.progress.note(`The ${deployJob(recent)} finished ${endOf(ctx, result)}${stillLive(result, now)}.`);
    return deployReport(recent, result, reason ?? null);
  }
  if (recent && result) ctx.progress.note(`Your ${deployJob(recent)} finished ${endOf(ctx, result)}. The site has changed since.`);
  return message(`No deployment of ${siteRef.site.label} is in progress; its status is ${statusOf(now.site) ?? 'unknown'}.`, now.site);
}

const endOf = ({ clock }: WatchContext, { finished_at }: DeployResult): string =>
  finished_at === null ? 'earlier' : ago(finished_at, clock.now());

function stillLive({ outcome, release }: DeployResult, { releases }: Snapshot): string {
  const live = liveRelease(releases);
  if (outcome !== 'succeeded' || release === null || !live) return '';
  return live.name === release ? ', and its release is still live' : `, but release ${live.name} is live now instead of ${release}`;
}
