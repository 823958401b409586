import { usage } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import { ago } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { within } from '../../platform/follow/follow.ts';
import { isDeploymentOver, isUnchanged, workInProgress } from './baseline.ts';
import { savedBranch } from './branch/saved.ts';
import { liveRelease } from './release.ts';
import { type DeployReport, type DeployResult, deployJob, deployReport } from './result.ts';
import { followRun } from './run.ts';
import { baselineOfRun, type Remembered, type Run, recallRuns, rememberRun } from './run-file.ts';
import { type DeployContext, type SiteReference, type Snapshot, siteEndpoint, siteReference, takeSnapshot } from './snapshot.ts';

/** How long `watch` repeats the outcome of a finished run, in ms. */
const REPEATED_MS = 3_600_000;

type WatchContext = DeployContext & Pick<Context, 'resolve' | 'tokens'>;

/** The run of a deployment in progress: the last one of this machine if it may be that, or else someone else's. Sends nothing. */
export function attach(ctx: DeployContext, { server, site }: SiteReference, now: Snapshot): Remembered {
  const last = recallRuns(ctx).find(({ run }) => run.host === ctx.settings.host && run.site.id === site.id);
  const isOurs = last?.run.kind === 'deploy' && !last.run.attached && !last.run.result;
  if (isOurs && !isDeploymentOver(baselineOfRun(last.run, now), now.site, now.releases)) return last;
  return rememberRun(ctx, { kind: 'deploy', server, site, baseline: now.baseline, attached: true, asked: true, going: true });
}

/** Restores the branch that an interrupted deployment left, once it was followed to its end. */
export async function restoringLeft(ctx: DeployContext, of: SiteReference, report: DeployReport): Promise<DeployReport> {
  if (report.result.finished_at !== null && savedBranch(ctx, of))
    await (await import('./branch/restore.ts')).repairBranch(ctx, of, { over: true });
  return report;
}

/**
 * Resumes the last unfinished run (of the site, if given), or follows a deployment in progress. Only the latest run of each
 * site counts.
 */
export async function watch(ctx: WatchContext): Promise<DeployReport | View> {
  const done = await watched(ctx);
  const { site } = ctx.targets;
  // A message, not a report: nothing is in progress.
  if (site && 'kind' in done && savedBranch(ctx, siteReference(ctx.targets))) {
    await (await import('./branch/restore.ts')).repairBranch(ctx, siteReference(ctx.targets));
  }
  return done;
}

async function watched(ctx: WatchContext): Promise<DeployReport | View> {
  const { site } = ctx.targets;
  const all = recallRuns(ctx).filter(({ run }) => isReachable(ctx, run) && (!site || run.site.id === site.id));
  const runs = all.filter(({ run }, index) => all.findIndex((other) => other.run.site.id === run.site.id) === index);
  const [latest] = runs;
  if (latest && !latest.run.result) return withFlags(await resume(ctx, latest), flagsOf(ctx, latest.run));
  const recent = latest && ctx.clock.now() - Date.parse(latest.run.started_at) < REPEATED_MS ? latest.run : undefined;
  if (site) return watchNow(ctx, siteReference(ctx.targets), latest?.run, recent);
  if (recent) {
    const inner = await contextOf(ctx, recent);
    const { server, site } = recent;
    const done = await watchNow({ ...inner, targets: { server, site } }, recent, recent, recent);
    return 'kind' in done ? done : withFlags(done, flagsOf(ctx, recent));
  }
  const unfinished = runs.find(({ run }) => !run.result);
  if (unfinished) return withFlags(await resume(ctx, unfinished), flagsOf(ctx, unfinished.run));
  if (!site && ctx.ask.allowed) return watchPicked(ctx);
  const next = { command: ['watch', 'shop.example.com'], why: 'For example' };
  throw usage('No site given, and no unfinished deployment to resume.', undefined, next);
}

/** Prompts for a site, and follows its deployment. The prompt does not count towards --timeout. */
async function watchPicked(ctx: WatchContext): Promise<DeployReport | View> {
  const left = ctx.deadline - ctx.clock.elapsed();
  const targets = await ctx.resolve(siteEndpoint);
  return watch({ ...ctx, ...within(ctx, left), targets });
}

/** True if the user chose a host, a profile or a token. */
const isChosen = ({ settings: { origins }, world }: WatchContext): boolean =>
  [origins.host, origins.profile].some((origin) => origin === 'option' || origin === 'environment') || Boolean(world.env.DNX_TOKEN);

/** True if a run can be resumed with these settings. Without a site and a chosen host, the run's host is used. */
const isReachable = (ctx: WatchContext, { host }: Run): boolean => host === ctx.settings.host || (!ctx.targets.site && !isChosen(ctx));

/** The options for the host and profile of a run, if they differ from the current ones. */
const flagsOf = ({ settings }: WatchContext, { host, profile }: Run): readonly string[] =>
  host === settings.host && profile === settings.profile ? [] : ['--profile', profile, '--host', host];

/** A context with the profile and host of a run. */
async function contextOf(ctx: WatchContext, run: Run): Promise<WatchContext> {
  const { host, profile } = run;
  if (isChosen(ctx) || flagsOf(ctx, run).length === 0) return ctx;
  const tokens = ctx.tokens.of({ host, profile });
  if (host === ctx.settings.host && !(await tokens.find())) return ctx;
  const api = ctx.api.as(await tokens.token(), host);
  return { ...ctx, api, settings: { ...ctx.settings, host, profile } };
}

function withFlags(report: DeployReport, flags: readonly string[]): DeployReport {
  const { failure } = report;
  if (!failure || flags.length === 0) return report;
  return {
    ...report,
    failure: failure.withHint(failure.hint, ...failure.next.map((each) => ({ ...each, command: [...each.command, ...flags] }))),
  };
}

async function resume(outer: WatchContext, remembered: Remembered): Promise<DeployReport> {
  const { run } = remembered;
  const ctx = await contextOf(outer, run);
  ctx.progress.note(`Resuming the ${deployJob(run)}, started ${ago(run.started_at, ctx.clock.now())}.`);
  const report = await followRun(ctx, remembered, { resumed: true });
  const { release } = report.result;
  if (!run.asked && release) {
    const sign = run.kind === 'deploy' ? 'is the only new one, so it' : 'is live, so the rollback';
    ctx.progress.warn(`The response to the request was lost. Release ${release} ${sign} is assumed to be yours.`);
  }
  return restoringLeft(ctx, run, report);
}

/**
 * Follows a deployment in progress. Else repeats the result of a recent run, because its output may have been interrupted, unless the site
 * was deployed again. `latest`: the last run of the site, which has ended.
 */
async function watchNow(
  ctx: WatchContext,
  given: SiteReference,
  latest: Run | undefined,
  recent: Run | undefined,
): Promise<DeployReport | View> {
  const now = await takeSnapshot(ctx, given);
  const of = siteReference(ctx.targets, now.site.domain);
  if (workInProgress(now.site, now.releases) !== undefined) {
    const unverified = latest?.result?.outcome === 'succeeded' && latest.reason;
    if (unverified) ctx.progress.warn(`Your ${deployJob(latest)} went live, but ${unverified}. Following one that was started elsewhere.`);
    return restoringLeft(ctx, of, await followRun(ctx, attach(ctx, of, now)));
  }
  const { result, ended, reason } = recent ?? {};
  if (recent && result && ended && isUnchanged(ended, now.site, now.releases)) {
    ctx.progress.note(`The ${deployJob(recent)} finished ${endOf(ctx, result)}${stillLive(result, now)}.`);
    if (result.outcome === 'succeeded' && reason) ctx.progress.warn(`The release went live, but ${reason}.`);
    return restoringLeft(ctx, recent, deployReport(recent, result, reason ?? null));
  }
  if (recent && result) ctx.progress.note(`Your ${deployJob(recent)} finished ${endOf(ctx, result)}. The site has changed since.`);
  return message(`No deployment of ${of.site.label} is in progress; its status is ${statusOf(now.site) ?? 'unknown'}.`, now.site);
}

const endOf = ({ clock }: WatchContext, { finished_at }: DeployResult): string =>
  finished_at === null ? 'earlier' : ago(finished_at, clock.now());

/** Whether the release of a success is still live. */
function stillLive({ outcome, release }: DeployResult, { releases }: Snapshot): string {
  const live = liveRelease(releases);
  if (outcome !== 'succeeded' || release === null || !live) return '';
  return live.name === release ? ', and its release is still live' : `, but release ${live.name} is live now instead of ${release}`;
}
