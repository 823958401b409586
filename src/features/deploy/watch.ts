import { usage } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { progressOf } from './baseline.ts';
import { followRun } from './follow-run.ts';
import { type Report, reportOf, subjectOf } from './result.ts';
import { type Remembered, type Run, recall, remember } from './runs.ts';
import { type DeployContext, type SiteReference, type Snapshot, siteReference, takeSnapshot } from './snapshot.ts';

/** So long, in ms, the outcome of a run that is over is told again. */
const RETOLD_MS = 3_600_000;

type WatchContext = DeployContext & Pick<Context, 'tokens'>;

/** Somebody else's deployment as a run of ours; nothing is requested. */
export const attach = (ctx: DeployContext, { server, site }: SiteReference, { baseline }: Snapshot): Remembered =>
  remember(ctx, { kind: 'deploy', server, site, baseline, attached: true, asked: true, going: true });

/**
 * Resumes the last run (of the site, if one is named) that did not come to its end here, else follows what is in progress.
 * Runs count in the order in which they were started: one that a later run of its site has overtaken is obsolete.
 */
export async function watch(ctx: WatchContext): Promise<Report | View> {
  const { site } = ctx.targets;
  const all = recall(ctx).filter(({ run }) => isReachable(ctx, run) && (!site || run.site.id === site.id));
  const runs = all.filter(({ run }, index) => all.findIndex((other) => other.run.site.id === run.site.id) === index);
  const [latest] = runs;
  if (latest && !latest.run.result) return withFlags(await resume(ctx, latest), flagsOf(ctx, latest.run));
  const running = site && (await attachToRunning(ctx));
  if (running && 'run' in running) return followRun(ctx, running);
  if (latest && ctx.clock.now() - Date.parse(latest.run.started_at) < RETOLD_MS)
    return withFlags(retell(ctx, latest), flagsOf(ctx, latest.run));
  if (running) return running;
  const unfinished = runs.find(({ run }) => !run.result);
  if (unfinished) return withFlags(await resume(ctx, unfinished), flagsOf(ctx, unfinished.run));
  const next = { command: ['site', 'watch', 'shop.example.com'], why: 'Give its domain' };
  throw usage('Which site? Nothing says, and no deployment is left to follow.', undefined, next);
}

/** True if the user chose a host or profile, or a token that belongs to one. */
const isChosen = ({ settings: { origins }, world }: WatchContext): boolean =>
  [origins.host, origins.profile].some((origin) => origin === 'option' || origin === 'environment') || Boolean(world.env.DNX_TOKEN);

/** A site that was named is one of this host. Otherwise a run decides where to look, unless the user did. */
const isReachable = (ctx: WatchContext, { host }: Run): boolean => host === ctx.settings.host || (!ctx.targets.site && !isChosen(ctx));

/** The options that choose where a run was started, if that is elsewhere. */
const flagsOf = ({ settings }: WatchContext, { host, profile }: Run): readonly string[] =>
  host === settings.host && profile === settings.profile ? [] : ['--profile', profile, '--host', host];

/** The same context with the profile and host that a run was started with. */
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
  ctx.progress.note(`${subjectOf(run)} of ${run.started_at.replace('T', ' ').slice(0, 19)} UTC, taken up again.`);
  const report = await followRun(ctx, remembered, { resumed: true });
  const { release } = report.result;
  if (!run.asked && release) {
    const sign = run.kind === 'deploy' ? 'is the only new release since' : 'is live';
    ctx.progress.warn(`The answer to the request was lost; ${release} ${sign}, so it is taken for ours.`);
  }
  return report;
}

/** What is in progress at the site, as a run of ours; a message if nothing is. */
async function attachToRunning(ctx: DeployContext): Promise<Remembered | View> {
  const now = await takeSnapshot(ctx, siteReference(ctx.targets));
  const of = siteReference(ctx.targets, now.site.domain);
  if (progressOf(now.site, now.releases) !== undefined) return attach(ctx, of, now);
  return message(`No deployment of ${of.site.label} is under way; its status is ${statusOf(now.site) ?? 'unknown'}.`, now.site);
}

/** A run that ended here already: its printing may have been what was interrupted. */
function retell({ progress }: Pick<Context, 'progress'>, { run }: Remembered): Report {
  const { result, reason } = run;
  if (!result) throw new Error('A run without a result has nothing to tell.');
  progress.note(`${subjectOf(run)} has ended.`);
  if (result.outcome === 'succeeded' && reason) progress.warn(`The release is live, but ${reason}.`);
  return reportOf(run, result, reason);
}
