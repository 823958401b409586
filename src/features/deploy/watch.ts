import { DnxError, isStop, usage } from '../../base/errors.ts';
import { phaseOf, statusOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { type Followed, follow, type Reading } from '../../platform/follow/follow.ts';
import { baselineOfRunning, type Evidence, judge, judgeRollback, type Verdict } from './judge.ts';
import { nameOf, type Report, reportOf, resultOf, subjectOf } from './result.ts';
import { type Remembered, type Run, recall, remember } from './runs.ts';
import {
  type DeployContext,
  isBusy,
  readReleases,
  readSite,
  type SiteReference,
  type Snapshot,
  siteCommand,
  siteReference,
  takeSnapshot,
} from './snapshot.ts';

/** So long, in ms, the outcome of a run that is over is told again. */
const RETOLD_MS = 3_600_000;

interface Options {
  readonly timeoutMs: number | undefined;
  /** True for a run that is taken up again: it may have ended meanwhile. */
  readonly resumed?: boolean;
  readonly pace?: (() => number) | undefined;
}

/** Follows a run to its end and remembers that. Whatever ends the wait early keeps the run, so that it can be taken up again. */
export async function followRun(ctx: DeployContext, remembered: Remembered, options: Options): Promise<Report> {
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
    return reportOf(run, result, reason);
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    const outcome = isStop(error) ? 'started' : 'unknown';
    return { result: resultOf(run, { started_at: run.started_at, outcome }), failure: error };
  }
}

function pollRun(ctx: DeployContext, remembered: Remembered, { timeoutMs, resumed, pace }: Options): Promise<Followed<Verdict>> {
  const { run } = remembered;
  const read = run.to === null ? deploymentReader(ctx, remembered) : rollbackReader(ctx, run, run.to);
  return follow(ctx, { what: run.site.label, read, timeoutMs, resume: siteCommand('watch', run), pace, atOnce: resumed });
}

/** Reads how a deployment stands. The releases are read only when the site itself does not say that it is going on. */
function deploymentReader(ctx: DeployContext, remembered: Remembered): () => Promise<Reading<Verdict>> {
  const { run } = remembered;
  const { baseline, going, attached, blurred, asked } = run;
  const evidence: Evidence = { going: going || attached, doubts: 0, blurred, unsure: !asked };
  return async () => {
    const site = await readSite(ctx, run, { retry: false });
    const status = statusOf(site) ?? 'unknown';
    const busy = isBusy(site);
    if (busy && !evidence.going) remembered.change({ going: true });
    const releases = !busy && baseline.releases ? await readReleases(ctx, run, { retry: false }) : null;
    const verdict = judge(baseline, evidence, site, releases);
    // What reads as ended and yet is no verdict is still the previous deployment.
    const words = verdict || busy || evidence.going || phaseOf(status) === undefined ? undefined : `not begun yet (${status} before)`;
    return { status, words, verdict };
  };
}

/** Reads how a rollback stands: the releases once the site has settled. */
function rollbackReader(ctx: DeployContext, run: Run, to: string): () => Promise<Reading<Verdict>> {
  const evidence: Evidence = { going: false, doubts: 0 };
  return async () => {
    const site = await readSite(ctx, run, { retry: false });
    const status = statusOf(site) ?? 'unknown';
    const phase = phaseOf(status);
    if (phase === 'going') evidence.going = true;
    if (phase !== 'good' && phase !== 'bad') return { status };
    const releases = await readReleases(ctx, run, { retry: false });
    return { status, verdict: judgeRollback({ baseline: run.baseline, to }, evidence, site, releases) };
  };
}

/** Somebody else's deployment as a run of ours; nothing is requested. */
export const attach = (ctx: DeployContext, { server, site }: SiteReference, now: Snapshot): Remembered =>
  remember(ctx, { kind: 'deploy', server, site, baseline: baselineOfRunning(now.site, now.releases), attached: true, asked: true });

/** Takes up the last run (of the site, where one is named) that did not come to its end here, else follows what is under way. */
export async function watch(ctx: DeployContext, timeoutMs: number | undefined): Promise<Report | View> {
  const { site } = ctx.targets;
  const runs = recall(ctx).filter(({ run }) => !site || run.site.id === site.id);
  const [latest] = runs;
  const unfinished = site ? (latest?.run.result ? undefined : latest) : runs.find(({ run }) => !run.result);
  if (unfinished) return resume(ctx, unfinished, timeoutMs);
  const running = site && (await attachToRunning(ctx));
  if (running && 'run' in running) return followRun(ctx, running, { timeoutMs });
  if (latest?.run.result && ctx.clock.now() - Date.parse(latest.run.started_at) < RETOLD_MS) return retell(ctx, latest);
  if (running) return running;
  const next = { command: ['site', 'watch', 'shop.example.com'], why: 'Give its domain' };
  throw usage('Which site? Nothing says, and no deployment is left to follow.', undefined, next);
}

async function resume(ctx: DeployContext, remembered: Remembered, timeoutMs: number | undefined): Promise<Report> {
  const { run } = remembered;
  ctx.progress.note(`${subjectOf(run)} of ${run.started_at.replace('T', ' ').slice(0, 19)} UTC, taken up again.`);
  const report = await followRun(ctx, remembered, { timeoutMs, resumed: true });
  const { release } = report.result;
  if (!run.asked && release)
    ctx.progress.warn(`The answer to the request was lost; ${release} is the only new release since, so it is taken for ours.`);
  return report;
}

/** What is under way at the site, as a run of ours; a message where nothing is. */
async function attachToRunning(ctx: DeployContext): Promise<Remembered | View> {
  const now = await takeSnapshot(ctx, siteReference(ctx.targets));
  const of = siteReference(ctx.targets, now.site.domain);
  if (isBusy(now.site)) return attach(ctx, of, now);
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
