import { DnxError, isError } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { allowanceOf, inTime, within } from '../../platform/api/deadline.ts';
import { follow } from '../../platform/follow/follow.ts';
import type { Located } from '../../platform/names/names.ts';
import { isLinkedSite } from '../link/confirmation.ts';
import { isInstallation, reportsWork, workInProgress } from './baseline.ts';
import { followRun } from './follow-run.ts';
import { type DeployValues, readsSiteFirst, type Verification } from './options.ts';
import { liveRelease } from './release.ts';
import { attachToRunning, isRequested, requestDeployment } from './request.ts';
import { type DeployReport, deployReport, deployResult } from './result.ts';
import type { SavedRun } from './run-file.ts';
import {
  type DeployContext,
  readReleases,
  readSite,
  type Snapshot,
  siteCommand,
  siteReference,
  snapshotBefore,
  snapshotNamed,
} from './site.ts';

/** Deploys one site: reads it, requests the deployment once, follows it to its end, and verifies it. */
export async function deploySite(ctx: DeployContext, values: DeployValues, verification: Verification | undefined): Promise<DeployReport> {
  const job = `the deployment of ${siteReference(ctx.targets).site.label}`;
  const { siteRef, saved, before, attach } = await inTime(startDeployment(ctx, values, verification), job);
  if (!before || values.wait === false) return startedReport(siteRef, saved, before, values.wait);
  if (!attach) ctx.progress.step(`Started a deployment of ${siteRef.site.label}`);

  const isLogged = values.log !== false && ctx.ask.allowed;
  const endLog = isLogged ? await (await import('../logs/deployment.ts')).showDeployLog(ctx, siteRef, before.site) : undefined;
  let report = await followRun(ctx, saved, attach && !saved.run.attached).finally(endLog);
  if (verification && (report.result.outcome === 'succeeded' || report.other !== undefined))
    report = await (await import('./verify.ts')).verifyDeployment(ctx, { saved, report, before, verification });
  return withCause(ctx, siteRef, report);
}

/** How long the rate limit may delay the request before the site is read again for --if-running, in ms, and how often. */
const DELAY_MS = 3_000;
const MOST_READS = 3;

/** Requests the deployment, or attaches to one in progress. With --if-running, what was read before the request must not be old. */
async function startDeployment(ctx: DeployContext, values: DeployValues, verification: Verification | undefined) {
  for (let reads = values.if_running === undefined ? MOST_READS : 1; ; reads++) {
    const { before, attach } = await readyToDeploy(ctx, values, verification);
    const siteRef = siteReference(ctx.targets, before?.site.domain);
    if (attach && before) return { siteRef, saved: attachToRunning(ctx, siteRef, before), before, attach };
    if (values.guard) await (await import('../changes/guard.ts')).guard(ctx, siteRef, values, before);
    else if (before) await warnBefore(ctx, siteRef, before);
    const mostDelayMs = reads < MOST_READS ? DELAY_MS : undefined;
    try {
      return { siteRef, saved: await requestDeployment(ctx, siteRef, before, { planned: values.commit, mostDelayMs }), before, attach };
    } catch (error) {
      // Reading waits for the rate limit, for as long as --max-wait allows.
      if (reads >= MOST_READS || !isError(error, 'rate_limited')) throw error;
    }
  }
}

/** Reads the site if the options need it, and handles a deployment in progress: attaches to it, waits for its end, or fails. */
async function readyToDeploy(outer: DeployContext, values: DeployValues, verification: Verification | undefined) {
  const unread: { before?: Snapshot; attach: boolean } = { attach: false };
  if (!readsSiteFirst(values)) return unread;
  // Waiting for another deployment has a time limit even with --no-wait.
  const ctx = { ...outer, ...(outer.deadline === Number.POSITIVE_INFINITY && within(outer, allowanceOf({}))) };
  const first = await snapshotBefore(ctx, mustRead(values, verification));
  if (!first) return unread;
  const start = await settleRunning(ctx, first, values);
  if (verification) {
    const { refuseUnverifiable } = await import('./verify.ts');
    refuseUnverifiable(verification, start.before, siteReference(ctx.targets, start.before.site.domain));
  }
  return start;
}

/** True if the options need to know the site before the request. */
export const mustRead = ({ if_running, wait }: DeployValues, verification: Verification | undefined): boolean =>
  wait === true || verification !== undefined || if_running !== undefined;

/** The site and whether to attach to its deployment in progress, which is waited for if that is what --if-running says. */
export async function settleRunning(ctx: DeployContext, first: Snapshot, { if_running }: DeployValues) {
  let before = first;
  let answer = if_running;
  for (let waited = false; ; waited = true) {
    const siteRef = siteReference(ctx.targets, before.site.domain);
    const word = workInProgress(before.site, before.releases) ?? (isRequested(ctx, siteRef, before) ? 'queued' : undefined);
    if (word === undefined) return { before, attach: false };
    answer ??= await choose(ctx, siteRef, word);
    if (answer === 'fail') throw busy(siteRef, word);
    if (answer === 'attach') {
      const what = isInstallation(word)
        ? `${siteRef.site.label} is already ${word}`
        : `A deployment of ${siteRef.site.label} is already in progress`;
      ctx.progress.note(`${what}; following it.`);
      return { before, attach: true };
    }
    if (!waited) ctx.progress.note(`${siteRef.site.label} is busy; waiting for it to finish.`);
    await untilIdle(ctx, siteRef);
    before = await snapshotNamed(ctx);
  }
}

type IfRunning = NonNullable<DeployValues['if_running']>;

async function choose({ ask }: DeployContext, siteRef: Located, word: string): Promise<IfRunning> {
  if (!ask.allowed) return isInstallation(word) ? 'wait' : 'attach';
  return ask.select<IfRunning>(`${siteRef.site.label} is already ${word}. What would you like to do?`, [
    { name: 'Follow it', value: 'attach', description: 'Start nothing, and exit with its result' },
    { name: 'Wait for it, then deploy', value: 'wait' },
    { name: 'Cancel', value: 'fail' },
  ]);
}

/** The error of `--if-running fail`. */
export const busy = (siteRef: Located, word: string): DnxError =>
  new DnxError('differences', `${siteRef.site.label} is already ${word}. Nothing was deployed.`, {
    reason: 'deployment_running',
    hint: 'Use --if-running attach to follow it, or --if-running wait to deploy after it.',
  });

async function untilIdle(ctx: DeployContext, siteRef: Located): Promise<void> {
  const { label } = siteRef.site;
  const follower = ctx.sites?.follower(ctx, siteRef);
  const { verdict } = await follow(ctx, {
    what: `${label} (before this deployment)`,
    job: 'deployment in progress',
    resume: { command: siteCommand('watch', siteRef), why: 'Follow it with' },
    sleep: follower?.sleep,
    read: async () => {
      const site = await (follower?.read() ?? readSite(ctx, siteRef, { retry: false }));
      const releases = reportsWork(site, []) ? null : await readReleases(ctx, siteRef, { retry: false });
      const word = workInProgress(site, releases);
      return { status: word ?? statusOf(site) ?? 'unknown', verdict: word === undefined ? ('idle' as const) : undefined };
    },
  });
  if (!verdict) throw new DnxError('timed_out', `Timed out while ${label} was busy. Nothing was deployed.`);
}

/** On a terminal, adds to a failed deployment the cause that `dnx why` finds without a question. */
async function withCause(ctx: DeployContext, siteRef: Located, report: DeployReport): Promise<DeployReport> {
  const { failure, result } = report;
  if (!failure || result.outcome !== 'failed' || !ctx.ask.allowed) return report;
  try {
    const site = await readSite(ctx, siteRef);
    const lines = await (await import('../why/why.ts')).causeLines(ctx, siteRef, site);
    return { ...report, failure: failure.with({ details: [...(failure.details ?? []), ...lines] }) };
  } catch (error) {
    // The deployment has failed, whatever cannot be read.
    if (!(error instanceof DnxError)) throw error;
    return report;
  }
}

/** Warns of commits that are not pushed, and of missing variables, in a clone that is linked to the site. The guard does so itself. */
async function warnBefore(ctx: DeployContext, siteRef: Located, { site, releases }: Snapshot): Promise<void> {
  const branch = wordOf(site.branch);
  if (branch === '' || !ctx.settings.link?.environments.some((environment) => isLinkedSite(environment, { ...siteRef }))) return;
  await (await import('../changes/show.ts')).warnUnpushed(ctx, branch);
  await (await import('../changes/changes.ts')).warnMissing(ctx, { siteRef, site, releases });
}

/** The report of a deployment that is not followed, because of --no-wait or because the token cannot read the site. */
function startedReport(siteRef: Located, { run }: SavedRun, before: Snapshot | undefined, wait: boolean | undefined): DeployReport {
  const result = deployResult(siteRef, {
    started_at: run.started_at,
    outcome: 'started',
    live: liveRelease(before?.releases)?.name ?? null,
  });
  const report = deployReport({ kind: 'deploy', ...siteRef }, result, null);
  return wait === false ? { ...report, next: [{ command: siteCommand('watch', siteRef), why: 'Watch it with' }] } : report;
}
