import { DnxError } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import { follow } from '../../platform/follow/follow.ts';
import { isInstallation, reportsWork, workInProgress } from './baseline.ts';
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

/** Handles a deployment in progress: attach to it (which sends nothing), wait for its end, or fail. */
export async function settleRunning(
  ctx: DeployContext,
  first: Snapshot,
  { if_running, branch }: DeployValues,
): Promise<{ readonly before: Snapshot; readonly attach: boolean }> {
  let before = first;
  let answer = if_running;
  for (;;) {
    const word = workInProgress(before.site, before.releases);
    if (word === undefined) return { before, attach: false };
    const of = siteReference(ctx.targets, before.site.domain);
    answer ??= await choose(ctx, of, word, branch === undefined);
    if (answer === 'fail') throw busy(of, word, branch === undefined);
    if (answer === 'attach') {
      ctx.progress.note(
        isInstallation(word)
          ? `${of.site.label} is already ${word}; following it.`
          : `A deployment of ${of.site.label} is already in progress; following it.`,
      );
      return { before, attach: true };
    }
    await untilIdle(ctx, of);
    before = await snapshotNamed(ctx);
  }
}

/** Chooses what to do. Without a terminal, attaches to a deployment if possible, and waits for the end of an installation. */
async function choose({ ask }: DeployContext, of: SiteReference, word: string, attachable: boolean): Promise<IfRunning> {
  if (!ask.allowed) return isInstallation(word) || !attachable ? 'wait' : 'attach';
  const attach = { name: 'Follow it', value: 'attach', description: 'Starts nothing; its outcome is the result' } as const;
  return ask.select<IfRunning>(`${of.site.label} is already ${word}. What would you like to do?`, [
    ...(attachable ? [attach] : []),
    { name: 'Wait for it, then deploy', value: 'wait' },
    { name: 'Cancel', value: 'fail' },
  ]);
}

async function untilIdle(ctx: DeployContext, of: SiteReference): Promise<void> {
  const { label } = of.site;
  ctx.progress.note(`${label} is busy; waiting for it to finish.`);
  const follower = ctx.sites?.follower(ctx, of);
  const { verdict } = await follow(ctx, {
    what: `${label} (before this deployment)`,
    job: 'deployment in progress',
    resume: { command: siteCommand('watch', of), why: 'Follow it with' },
    sleep: follower?.sleep,
    read: async () => {
      const site = await (follower?.read() ?? readSite(ctx, of, { retry: false }));
      const releases = reportsWork(site, []) ? null : await readReleases(ctx, of, { retry: false });
      const word = workInProgress(site, releases);
      return { status: word ?? statusOf(site) ?? 'unknown', verdict: word === undefined ? ('idle' as const) : undefined };
    },
  });
  if (!verdict) throw new DnxError('timed_out', `Timed out while ${label} was busy. Nothing was deployed.`);
}

const busy = (of: SiteReference, word: string, attachable: boolean): DnxError =>
  new DnxError('differences', `${of.site.label} is already ${word}. Nothing was deployed.`, {
    hint: `Use ${attachable ? '--if-running attach to follow it, or ' : ''}--if-running wait to deploy after it.`,
  });
