import { DnxError } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import { follow } from '../../platform/follow/follow.ts';
import { isInstallation, progressOf, saysGoing } from './baseline.ts';
import type { DeployValues } from './options.ts';
import {
  type DeployContext,
  readReleases,
  readSite,
  type SiteReference,
  type Snapshot,
  siteCommand,
  siteReference,
  snapshotNamed,
} from './snapshot.ts';

type IfRunning = NonNullable<DeployValues['if_running']>;

/** What to do about a deployment that is in progress already: follow that one, wait until it is over, or give up. Following sends nothing. */
export async function settleRunning(
  ctx: DeployContext,
  first: Snapshot,
  { if_running }: DeployValues,
): Promise<{ readonly before: Snapshot; readonly attach: boolean }> {
  let before = first;
  let answer = if_running;
  for (;;) {
    const word = progressOf(before.site, before.releases);
    if (word === undefined) return { before, attach: false };
    const of = siteReference(ctx.targets, before.site.domain);
    answer ??= await choose(ctx, of, word);
    if (answer === 'fail') throw busy(of, word);
    if (answer === 'attach') {
      ctx.progress.note(
        isInstallation(word)
          ? `${of.site.label} is ${word} already; following that.`
          : `A deployment of ${of.site.label} is under way already; following that one.`,
      );
      return { before, attach: true };
    }
    await untilIdle(ctx, of);
    before = await snapshotNamed(ctx);
  }
}

/** Without a terminal the deployment in progress is followed. An installation is none, so its end is waited for. */
async function choose({ ask }: DeployContext, of: SiteReference, word: string): Promise<IfRunning> {
  if (!ask.allowed) return isInstallation(word) ? 'wait' : 'attach';
  return ask.select<IfRunning>(`${of.site.label} is ${word} already. What now?`, [
    { name: 'Follow that one', value: 'attach', description: 'Sends nothing; its outcome is the result' },
    { name: 'Wait until it is over, then deploy', value: 'wait' },
    { name: 'Stop', value: 'fail' },
  ]);
}

async function untilIdle(ctx: DeployContext, of: SiteReference): Promise<void> {
  const { label } = of.site;
  ctx.progress.note(`${label} is busy; waiting until that is over.`);
  const { verdict } = await follow(ctx, {
    what: `${label}, before us`,
    resume: siteCommand('watch', of),
    read: async () => {
      const site = await readSite(ctx, of, { retry: false });
      const releases = saysGoing(site, []) ? null : await readReleases(ctx, of, { retry: false });
      const word = progressOf(site, releases);
      return { status: word ?? statusOf(site) ?? 'unknown', verdict: word === undefined ? ('idle' as const) : undefined };
    },
  });
  if (!verdict) throw new DnxError('timed_out', `${label} was busy for the whole time allowed, so nothing was deployed.`);
}

const busy = (of: SiteReference, word: string): DnxError =>
  new DnxError('differences', `${of.site.label} is ${word} already, so nothing was deployed.`, {
    hint: 'Use --if-running attach to follow that one, or --if-running wait to deploy after it.',
  });
