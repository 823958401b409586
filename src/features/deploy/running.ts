import { DnxError } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import { follow } from '../../platform/follow/follow.ts';
import { DEFAULT_TIMEOUT_MS } from '../../platform/follow/rules.ts';
import { isGoing } from './judge.ts';
import type { DeployValues } from './options.ts';
import {
  type DeployContext,
  isBusy,
  readSite,
  type SiteReference,
  type Snapshot,
  siteCommand,
  siteReference,
  takeSnapshot,
} from './snapshot.ts';

type IfRunning = NonNullable<DeployValues['if_running']>;

/** What to do about a deployment that is under way already: follow that one, wait until it is over, or give up. */
export async function settleRunning(
  ctx: DeployContext,
  first: Snapshot,
  { if_running, timeout = DEFAULT_TIMEOUT_MS }: DeployValues,
): Promise<{ readonly before: Snapshot; readonly attach: boolean }> {
  const deadline = ctx.clock.elapsed() + timeout;
  let before = first;
  let answer = if_running;
  while (isBusy(before.site)) {
    const of = siteReference(ctx.targets, before.site.domain);
    answer ??= await choose(ctx, of, before);
    if (answer === 'fail') throw busy(of, before);
    if (answer === 'attach' && isDeployment(before)) return { before, attach: true };
    await untilIdle(ctx, of, deadline - ctx.clock.elapsed());
    before = await takeSnapshot(ctx, of);
  }
  return { before, attach: false };
}

async function choose({ ask }: DeployContext, of: SiteReference, { site }: Snapshot): Promise<IfRunning> {
  if (!ask.allowed) return 'attach';
  return ask.select<IfRunning>(`${of.site.label} is ${statusOf(site)} already. What now?`, [
    { name: 'Follow that one', value: 'attach', description: 'Sends nothing; its outcome is the result' },
    { name: 'Wait until it is over, then deploy', value: 'wait' },
    { name: 'Stop', value: 'fail' },
  ]);
}

/** An installation or a rollback is no deployment that could stand for ours. A site that keeps releases shows one for each deployment. */
const isDeployment = ({ site, releases }: Snapshot): boolean =>
  !/install|provision|restor/i.test(statusOf(site) ?? '') && (!releases || releases.length === 0 || releases.some(isGoing));

async function untilIdle(ctx: DeployContext, of: SiteReference, timeoutMs: number): Promise<void> {
  const { label } = of.site;
  ctx.progress.note(`${label} is busy; waiting until that is over.`);
  const { verdict } = await follow(ctx, {
    what: `${label}, before us`,
    timeoutMs,
    resume: siteCommand('watch', of),
    read: async () => {
      const site = await readSite(ctx, of, { retry: false });
      return { status: statusOf(site) ?? 'unknown', verdict: isBusy(site) ? undefined : ('idle' as const) };
    },
  });
  if (!verdict) throw new DnxError('timed_out', `${label} was busy for the whole time allowed, so nothing was deployed.`);
}

const busy = (of: SiteReference, { site }: Snapshot): DnxError =>
  new DnxError('differences', `${of.site.label} is ${statusOf(site)} already, so nothing was deployed.`, {
    hint: 'Use --if-running attach to follow that one, or --if-running wait to deploy after it.',
  });
