import { usage } from '../../base/errors.ts';
import { phaseOf, statusOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { look } from './before.ts';
import { baselineOfRunning } from './judge.ts';
import { type Deploying, resumeCommand, spotOf } from './place.ts';
import { pursue, whatOf } from './pursue.ts';
import { type Ended, ended } from './result.ts';
import { type Remembered, recall, remember } from './runs.ts';

/** So long, in ms, the outcome of a run that is over is told again. */
const RETOLD_MS = 3_600_000;

/** Takes up the last run (of the site, where one is named) that did not come to its end here, else follows what is under way. */
export async function watch(ctx: Deploying, timeoutMs: number | undefined): Promise<Ended | View> {
  const { site } = ctx.targets;
  const runs = recall(ctx).filter(({ run }) => !site || run.site.id === site.id);
  const [latest] = runs;
  const unfinished = site ? (latest?.run.result ? undefined : latest) : runs.find(({ run }) => !run.result);
  if (unfinished) return resume(ctx, unfinished, timeoutMs);
  const running = site && (await attach(ctx));
  if (running && 'run' in running) return pursue(ctx, running, { timeoutMs });
  if (latest?.run.result && ctx.clock.now() - Date.parse(latest.run.started_at) < RETOLD_MS) return retell(ctx, latest);
  if (running) return running;
  throw usage('Which site? Nothing says, and no deployment is left to follow.', 'Give its domain: dnx site watch shop.example.com');
}

async function resume(ctx: Deploying, remembered: Remembered, timeoutMs: number | undefined): Promise<Ended> {
  const { run } = remembered;
  ctx.progress.note(`${whatOf(run)} of ${run.started_at.replace('T', ' ').slice(0, 19)} UTC, taken up again.`);
  const done = await pursue(ctx, remembered, { timeoutMs, resumed: true });
  const { release } = done.result;
  if (!run.asked && release)
    ctx.progress.warn(`The answer to the request was lost; ${release} is the only new release since, so it is taken for ours.`);
  return done;
}

/** What is under way at the site, as a run of ours; a message where nothing is. */
async function attach(ctx: Deploying): Promise<Remembered | View> {
  const { site, releases } = await look(ctx, spotOf(ctx.targets));
  const { labels } = spotOf(ctx.targets, site.domain);
  const status = statusOf(site) ?? 'unknown';
  if (phaseOf(status) !== 'going') return message(`No deployment of ${labels.site.label} is under way; its status is ${status}.`, site);
  return remember(ctx, { kind: 'deploy', ...labels, baseline: baselineOfRunning(site, releases), attached: true, asked: true });
}

/** A run that ended here already: its printing may have been what was interrupted. */
function retell(ctx: Pick<Context, 'progress' | 'settings'>, { run }: Remembered): Ended {
  const { result, reason, server, site } = run;
  if (!result) throw new Error('A run without a result has nothing to tell.');
  ctx.progress.note(`${whatOf(run)} has ended.`);
  if (result.outcome === 'succeeded' && reason) ctx.progress.warn(`The release is live, but ${reason}.`);
  const spot = { server: server.id, site: site.id, labels: { server, site } };
  return ended(result, { what: whatOf(run), reason, resume: resumeCommand(ctx, spot) });
}
