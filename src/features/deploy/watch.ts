import { usage } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import { ago } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { within } from '../../platform/follow/rules.ts';
import { progressOf } from './baseline.ts';
import { savedFor } from './branch/saved.ts';
import { followRun } from './follow-run.ts';
import { jobOf, reportOf } from './outcome.ts';
import type { Report } from './result.ts';
import { type Remembered, type Run, recall, remember } from './runs.ts';
import { type DeployContext, type SiteReference, type Snapshot, siteEndpoint, siteReference, takeSnapshot } from './snapshot.ts';

/** How long `watch` repeats the outcome of a finished run, in ms. */
const REPEATED_MS = 3_600_000;

type WatchContext = DeployContext & Pick<Context, 'resolve' | 'tokens'>;

/** Saves someone else's deployment as a run. Sends nothing. */
export const attach = (ctx: DeployContext, { server, site }: SiteReference, { baseline }: Snapshot): Remembered =>
  remember(ctx, { kind: 'deploy', server, site, baseline, attached: true, asked: true, going: true });

/** Restores the branch that an interrupted deployment left, once it was followed to its end. */
export async function restoringLeft(ctx: DeployContext, of: SiteReference, report: Report): Promise<Report> {
  if (report.result.finished_at !== null && savedFor(ctx, of)) await (await import('./branch/repair.ts')).repair(ctx, of, { over: true });
  return report;
}

/**
 * Resumes the last unfinished run (of the site, if given), or follows a deployment in progress. Only the latest run of each
 * site counts.
 */
export async function watch(ctx: WatchContext): Promise<Report | View> {
  const done = await watched(ctx);
  const { site } = ctx.targets;
  // A message, not a report: nothing is in progress.
  if (site && 'kind' in done && savedFor(ctx, siteReference(ctx.targets))) {
    await (await import('./branch/repair.ts')).repair(ctx, siteReference(ctx.targets));
  }
  return done;
}

async function watched(ctx: WatchContext): Promise<Report | View> {
  const { site } = ctx.targets;
  const all = recall(ctx).filter(({ run }) => isReachable(ctx, run) && (!site || run.site.id === site.id));
  const runs = all.filter(({ run }, index) => all.findIndex((other) => other.run.site.id === run.site.id) === index);
  const [latest] = runs;
  if (latest && !latest.run.result) return withFlags(await resume(ctx, latest), flagsOf(ctx, latest.run));
  const running = site && (await attachToRunning(ctx));
  if (running && 'run' in running) {
    const unverified = latest?.run.result?.outcome === 'succeeded' && latest.run.reason;
    if (unverified) ctx.progress.warn(`Your ${jobOf(latest.run)} went live, but ${unverified}. Following one that was started elsewhere.`);
    return restoringLeft(ctx, running.run, await followRun(ctx, running));
  }
  if (latest && ctx.clock.now() - Date.parse(latest.run.started_at) < REPEATED_MS)
    return withFlags(await restoringLeft(ctx, latest.run, repeatResult(ctx, latest)), flagsOf(ctx, latest.run));
  if (running) return running;
  const unfinished = runs.find(({ run }) => !run.result);
  if (unfinished) return withFlags(await resume(ctx, unfinished), flagsOf(ctx, unfinished.run));
  if (!site && ctx.ask.allowed) return watchPicked(ctx);
  const next = { command: ['watch', 'shop.example.com'], why: 'For example' };
  throw usage('No site given, and no unfinished deployment to resume.', undefined, next);
}

/** Prompts for a site, and follows its deployment. The prompt does not count towards --timeout. */
async function watchPicked(ctx: WatchContext): Promise<Report | View> {
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

function withFlags(report: Report, flags: readonly string[]): Report {
  const { failure } = report;
  if (!failure || flags.length === 0) return report;
  return {
    ...report,
    failure: failure.withHint(failure.hint, ...failure.next.map((each) => ({ ...each, command: [...each.command, ...flags] }))),
  };
}

async function resume(outer: WatchContext, remembered: Remembered): Promise<Report> {
  const { run } = remembered;
  const ctx = await contextOf(outer, run);
  ctx.progress.note(`Resuming the ${jobOf(run)}, started ${ago(run.started_at, ctx.clock.now())}.`);
  const report = await followRun(ctx, remembered, { resumed: true });
  const { release } = report.result;
  if (!run.asked && release) {
    const sign = run.kind === 'deploy' ? 'is the only new one, so it' : 'is live, so the rollback';
    ctx.progress.warn(`The response to the request was lost. Release ${release} ${sign} is assumed to be yours.`);
  }
  return restoringLeft(ctx, run, report);
}

/** Attaches to a deployment in progress, or returns a message that there is none. */
async function attachToRunning(ctx: DeployContext): Promise<Remembered | View> {
  const now = await takeSnapshot(ctx, siteReference(ctx.targets));
  const of = siteReference(ctx.targets, now.site.domain);
  if (progressOf(now.site, now.releases) !== undefined) return attach(ctx, of, now);
  return message(`No deployment of ${of.site.label} is in progress; its status is ${statusOf(now.site) ?? 'unknown'}.`, now.site);
}

/** Repeats the result of a finished run, because its output may have been interrupted. */
function repeatResult({ progress }: Pick<Context, 'progress'>, { run }: Remembered): Report {
  const { result, reason } = run;
  if (!result) throw new Error('A run without a result cannot be repeated.');
  const job = jobOf(run);
  progress.note(`The ${job} has already finished.`);
  if (result.outcome === 'succeeded' && reason) progress.warn(`The release is live, but ${reason}.`);
  return reportOf(run, result, reason);
}
