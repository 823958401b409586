import { usage } from '../../base/errors.ts';
import type { Result } from '../../cli/output/view.ts';
import { allowanceOf, inTime, within } from '../../platform/follow/follow.ts';
import type { Targets } from '../../platform/names/names.ts';
import { savedBranch } from './branch/saved.ts';
import { type DeployValues, readsSiteFirst, refuseUnguarded, refuseUnrestorable, type Verification, verificationOf } from './options.ts';
import { reportedDeployment } from './report.ts';
import { type DeployReport, deployReport, deployResult } from './result.ts';
import { followRun, requestDeployment } from './run.ts';
import { settleRunning } from './running.ts';
import { deploySeveral, plan, planned, requestsInAll } from './several.ts';
import { POLLS_A_MINUTE } from './shared-sites.ts';
import { type DeployContext, type SiteReference, type Snapshot, siteCommand, siteReference, snapshotBefore } from './snapshot.ts';
import { refuseUnverifiable, verifyDeployment } from './verify.ts';
import { attach, restoringLeft } from './watch.ts';

/** `dnx deploy`. With --all the result is a list, even for a single site. */
export async function deploy(ctx: DeployContext & { readonly all: readonly Targets[] }, values: DeployValues): Promise<Result> {
  const { all } = ctx;
  if (all.length === 0) throw usage('Nothing to deploy: this server has no sites.');
  refuseUnrestorable(values);
  refuseUnguarded(values);
  if (values.dry_run && values.guard) return (await import('../changes/guard.ts')).guardedPlan(ctx, all, values, planned(all, values));
  if (values.dry_run) {
    const count = all.length * requestsInAll(values);
    const requests = `${count} request${count === 1 ? '' : 's'}`;
    const polls =
      values.wait === false ? '' : `, plus ${all.length > 1 ? `up to ${POLLS_A_MINUTE}` : 'about six'} a minute while following`;
    ctx.progress.note(`${all.length} site${all.length === 1 ? '' : 's'} would be deployed with ${requests}${polls}. Nothing was deployed.`);
    return { view: plan(all, values) };
  }
  return reportedDeployment(ctx, values, async (inner) => {
    if (all.length > 1 || values.all) return deploySeveral(inner, all, values, deploySite);
    const close = inner.ci.group(`Deploy ${ctx.targets.site?.label}`);
    return deploySite(inner, values).finally(close);
  });
}

/** Starts a deployment, follows it, and verifies it if wanted. Sends the POST at most once. */
async function deploySite(ctx: DeployContext, values: DeployValues): Promise<DeployReport> {
  const verification = verificationOf(values);
  const job = `the deployment of ${siteReference(ctx.targets).site.label}`;
  const settled = await inTime(settleBranch(ctx, values, verification), job);
  const { before, attach: attaches = false } = settled ?? {};
  const of = siteReference(ctx.targets, before?.site.domain);
  if (values.guard && !attaches) await inTime((await import('../changes/guard.ts')).guard(ctx, of, values, before), job);
  const parts = { of, before, attaches, verification, wait: values.wait };
  const { branch } = values;
  if (branch === undefined || !before) return deployNow(ctx, parts);
  return (await import('./branch/borrow.ts')).onBranch(ctx, of, before, branch, (asking) => deployNow(ctx, parts, asking));
}

interface Parts {
  readonly of: SiteReference;
  readonly before: Snapshot | undefined;
  /** Follow the deployment in progress instead. */
  readonly attaches: boolean;
  readonly verification: Verification | undefined;
  readonly wait: boolean | undefined;
}

/** Sends the request, or attaches, and follows. `asking` is called right before the request. */
async function deployNow(
  ctx: DeployContext,
  { of, before, attaches, verification, wait }: Parts,
  asking: () => Promise<void> = async () => {},
): Promise<DeployReport> {
  const started_at = new Date(ctx.clock.now()).toISOString();
  const request = async () => {
    await asking();
    return inTime(requestDeployment(ctx, of, before), `the deployment of ${of.site.label}`);
  };
  const run = attaches && before ? attach(ctx, of, before) : await request();
  if (!before || wait === false) {
    const report = deployReport({ kind: 'deploy', ...of }, deployResult(of, { started_at, outcome: 'started' }), null);
    return wait === false ? { ...report, next: [{ command: siteCommand('watch', of), why: 'Watch it with' }] } : report;
  }
  if (!attaches) ctx.progress.step(`Started a deployment of ${of.site.label}`);

  const followed = await followRun(ctx, run, { resumed: attaches && !run.run.attached });
  const report = attaches ? await restoringLeft(ctx, of, followed) : followed;
  if (!verification || !before || report.result.outcome !== 'succeeded') return report;
  return verifyDeployment(ctx, { run, report, before, verification });
}

/** Settles what is in progress, and restores the branch that an interrupted deployment left. */
async function settleBranch(ctx: DeployContext, values: DeployValues, verification: Verification | undefined) {
  const given = siteReference(ctx.targets);
  if (values.branch !== undefined && savedBranch(ctx, given)) (await import('./branch/restore.ts')).refuseTakenBranch(ctx, given);
  const settled = await settle(ctx, values, verification);
  const of = siteReference(ctx.targets, settled?.before.site.domain);
  if (settled?.attach || !savedBranch(ctx, of)) return settled;
  const { clearBranch } = await import('./branch/restore.ts');
  // The site has changed, and someone may have deployed it.
  return (await clearBranch(ctx, of)) === 'restored' ? settle(ctx, values, verification) : settled;
}

/** Reads the site before the request, and handles a deployment in progress. Undefined if the options do not need it. */
async function settle(outer: DeployContext, values: DeployValues, verification: Verification | undefined) {
  if (!readsSiteFirst(values)) return undefined;
  // Waiting for another deployment has a time limit even with --no-wait.
  const ctx = { ...outer, ...(outer.deadline === Number.POSITIVE_INFINITY && within(outer, allowanceOf({}))) };
  const { branch, if_running, wait } = values;
  const required = wait === true || verification !== undefined || if_running !== undefined || branch !== undefined;
  const hint = branch === undefined ? undefined : 'Use a token with site:read.';
  const seen = await snapshotBefore(ctx, required, hint);
  const settled = seen && (await settleRunning(ctx, seen, values));
  if (verification && settled) refuseUnverifiable(verification, settled.before, siteReference(ctx.targets, settled.before.site.domain));
  return settled;
}
