import { usage } from '../../base/errors.ts';
import type { Result } from '../../cli/output/view.ts';
import { allowanceOf, inTime, within } from '../../platform/follow/rules.ts';
import type { Targets } from '../../platform/names/names.ts';
import { followRun } from './follow-run.ts';
import { type DeployValues, readsSiteFirst, type Verification, verificationOf } from './options.ts';
import { reportOf } from './outcome.ts';
import { reported } from './report.ts';
import { requestDeployment } from './request.ts';
import { type Report, resultOf } from './result.ts';
import { settleRunning } from './running.ts';
import { deploySeveral, plan, requestsFor } from './several.ts';
import { POLLS_A_MINUTE } from './shared-sites.ts';
import { type DeployContext, siteCommand, siteReference, snapshotBefore } from './snapshot.ts';
import { refuseUnverifiable, verifyDeployment } from './verify.ts';
import { attach } from './watch.ts';

/** `dnx deploy`. With --all the result is a list, even for a single site. */
export async function deploy(ctx: DeployContext & { readonly all: readonly Targets[] }, values: DeployValues): Promise<Result> {
  const { all } = ctx;
  if (all.length === 0) throw usage('Nothing to deploy: this server has no sites.');
  if (values.dry_run) {
    const count = all.length * requestsFor(values);
    const requests = `${count} request${count === 1 ? '' : 's'}`;
    const polls =
      values.wait === false ? '' : `, plus ${all.length > 1 ? `up to ${POLLS_A_MINUTE}` : 'about six'} a minute while following`;
    ctx.progress.note(`${all.length} site${all.length === 1 ? '' : 's'} would be deployed with ${requests}${polls}. Nothing was deployed.`);
    return { view: plan(all, values) };
  }
  return reported(ctx, values, async (inner) => {
    if (all.length > 1 || values.all) return deploySeveral(inner, all, values, deploySite);
    const close = inner.ci.group(`Deploy ${ctx.targets.site?.label}`);
    return deploySite(inner, values).finally(close);
  });
}

/** Starts a deployment, follows it, and verifies it if wanted. Sends the POST at most once. */
async function deploySite(ctx: DeployContext, values: DeployValues): Promise<Report> {
  const verification = verificationOf(values);
  const job = `the deployment of ${siteReference(ctx.targets).site.label}`;
  const settled = await inTime(settle(ctx, values, verification), job);
  const before = settled?.before;
  const of = siteReference(ctx.targets, before?.site.domain);
  const started_at = new Date(ctx.clock.now()).toISOString();
  const run = settled?.attach ? attach(ctx, of, settled.before) : await inTime(requestDeployment(ctx, of, before), job);
  if (!run || values.wait === false) {
    const report = reportOf({ kind: 'deploy', ...of }, resultOf(of, { started_at, outcome: 'started' }), null);
    return values.wait === false ? { ...report, next: [{ command: siteCommand('watch', of), why: 'Watch it with' }] } : report;
  }
  if (!run.run.attached) ctx.progress.step(`Started a deployment of ${of.site.label}`);

  const report = await followRun(ctx, run);
  if (!verification || !before || report.result.outcome !== 'succeeded') return report;
  return verifyDeployment(ctx, { run, report, before, verification });
}

/** Reads the site before the request, and handles a deployment in progress. Undefined if the options do not need it. */
async function settle(outer: DeployContext, values: DeployValues, verification: Verification | undefined) {
  if (!readsSiteFirst(values)) return undefined;
  // Waiting for another deployment has a time limit even with --no-wait.
  const ctx = { ...outer, ...(outer.deadline === Number.POSITIVE_INFINITY && within(outer, allowanceOf({}))) };
  const required = values.wait === true || verification !== undefined || values.if_running !== undefined;
  const seen = await snapshotBefore(ctx, required);
  const settled = seen && (await settleRunning(ctx, seen, values));
  if (verification && settled) refuseUnverifiable(verification, settled.before, siteReference(ctx.targets, settled.before.site.domain));
  return settled;
}
