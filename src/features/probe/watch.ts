import type { WatchedShape } from '../../base/api-shapes.ts';
import { DnxError, isError, orError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { statusOf } from '../../base/status.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { allowanceOf, inTime, within } from '../../platform/api/deadline.ts';
import { follow } from '../../platform/follow/follow.ts';
import { siteEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type Located } from '../../platform/names/names.ts';
import { isDeployed, newSince, workInProgress } from '../deploy/baseline.ts';
import { settleRunning } from '../deploy/deploy-site.ts';
import { followRun } from '../deploy/follow-run.ts';
import type { Observation } from '../deploy/judge.ts';
import { noDeployOptions } from '../deploy/options.ts';
import { requestDeployment } from '../deploy/request.ts';
import type { DeployReport } from '../deploy/result.ts';
import { rememberRun } from '../deploy/run-file.ts';
import {
  type DeployContext,
  readReleases,
  readSite,
  type Snapshot,
  siteCommand,
  siteIds,
  sitePlace,
  siteReference,
  snapshotNamed,
} from '../deploy/site.ts';
import { webhooksEndpoint } from './reads.ts';
import { watchedShape } from './watched-shape.ts';

interface WatchOptions {
  /** The site, by name or id. */
  readonly deploy: string;
  readonly server: string | undefined;
  readonly timeout: number | undefined;
}

/** What was seen of a deployment, and why not all of it. */
interface Watched {
  readonly shape?: WatchedShape;
  readonly failure?: DnxError | undefined;
}

/** Finds the site and asks whether to deploy it. Returns what watches the deployment. */
export async function openWatch(ctx: Context, { deploy, server, timeout }: WatchOptions, yes: boolean) {
  const targets = await ctx.resolve(siteEndpoint, { server, site: deploy });
  const place = sitePlace(siteReference(targets));
  const question = `Deploy ${place} after that? If not, dnx waits until somebody does.`;
  const starts = yes || (ctx.ask.allowed && (await ctx.ask.confirm(question)));
  ctx.progress.note(`After that, dnx ${starts ? 'deploys' : 'waits until somebody deploys'} ${place}, and watches the deployment.`);
  return () => {
    const timeoutMs = allowanceOf({ timeout });
    return watchDeployment({ ...ctx, ...within(ctx, timeoutMs), timeoutMs, targets }, starts);
  };
}

/** Deploys a site, or waits until somebody does, and watches it to its end. What was seen until a failure is kept. */
async function watchDeployment(outer: DeployContext, starts: boolean): Promise<Watched> {
  const polls: Observation[] = [];
  const ctx: DeployContext = { ...outer, observe: (poll) => void polls.push(poll) };
  try {
    const { saved, webhooks, ...begun } = await inTime(begin(ctx, starts), 'a deployment');
    const report = await followRun(ctx, saved);
    const { outcome } = report.result;
    const isOver = outcome !== 'started' && outcome !== 'timed_out';
    const added = isOver ? newAmong(await webhookIds(ctx), webhooks) : 0;
    const ended = outcome === 'succeeded' ? 'good' : outcome === 'failed' ? 'bad' : 'unclear';
    const shape = watchedShape({ ...begun, polls, ended, webhooks: added });
    // What two deployments show together is no shape of one.
    return { ...(outcome !== 'superseded' && { shape }), failure: told(ctx, report) };
  } catch (error) {
    // What was read before is printed nevertheless.
    if (!isError(error)) throw error;
    return { failure: error };
  }
}

/** Says how a deployment ended. Returns the failure if it is not over, or nobody knows. */
function told({ progress }: Context, { result, done, failure }: DeployReport): DnxError | undefined {
  if (result.outcome === 'succeeded' && done !== undefined) progress.succeeded(done);
  if (result.outcome !== 'failed') return failure;
  if (failure) progress.warn(`${failure.message}.`);
  return undefined;
}

/** Starts a deployment once no other work is in progress, so that all of it is seen, or waits until somebody does. */
async function begin(ctx: DeployContext, starts: boolean) {
  const webhooks = await webhookIds(ctx);
  const { before } = await settleRunning(ctx, await snapshotNamed(ctx), { ...noDeployOptions, if_running: 'wait' });
  const siteRef = siteReference(ctx.targets, before.site.domain);
  const asked = ctx.clock.elapsed();
  if (!starts) return { webhooks, before, ...(await untilBegun(ctx, siteRef, before)) };
  const saved = await requestDeployment(ctx, siteRef, before, {});
  ctx.progress.step(`Started a deployment of ${siteRef.site.label}`);
  return { webhooks, before, saved, from: asked };
}

/** Waits until work in progress or its result shows. */
async function untilBegun(ctx: DeployContext, { server, site }: Located, { baseline }: Snapshot) {
  const read = async () => {
    const poll = {
      site: await readSite(ctx, { server, site }, { retry: false }),
      releases: await readReleases(ctx, { server, site }, { retry: false }),
      at: ctx.clock.elapsed(),
    };
    const isBegun =
      workInProgress(poll.site, poll.releases) !== undefined ||
      isDeployed(baseline, poll.site) ||
      newSince(baseline, poll.releases).length > 0;
    if (isBegun) ctx.observe?.(poll);
    return { status: statusOf(poll.site) ?? 'unknown', words: 'waiting for a deployment', verdict: isBegun ? poll : undefined };
  };
  const resume = { command: siteCommand('watch', { server, site }), why: 'Follow one with' };
  const { verdict } = await follow(ctx, { what: site.label, job: 'next deployment', resume, read });
  if (!verdict)
    throw new DnxError('timed_out', `Nobody deployed ${site.label} within ${duration(ctx.timeoutMs)}.`, {
      hint: 'Use --yes to start a deployment.',
    });
  const saved = rememberRun(ctx, { kind: 'deploy', server, site, baseline, attached: true, asked: true, going: true });
  return { saved, from: verdict.at };
}

/** The ids of the newest records of webhooks; undefined if they cannot be read. */
async function webhookIds({ api, targets }: DeployContext): Promise<readonly string[] | undefined> {
  const read = api.send<unknown>(webhooksEndpoint, siteIds(siteReference(targets)), { query: { per_page: 100 }, casual: true });
  const found = await orError(read);
  return isError(found) || !Array.isArray(found.data) ? undefined : found.data.filter(isObject).flatMap(({ id }) => idIn(id) ?? []);
}

const newAmong = (after: readonly string[] | undefined, before: readonly string[] | undefined): number =>
  before && after ? after.filter((id) => !before.includes(id)).length : 0;
