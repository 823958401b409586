import { usage } from '../../base/errors.ts';
import type { Result } from '../../cli/output/view.ts';
import { allowanceOf, inTime, within } from '../../platform/follow/rules.ts';
import type { Targets } from '../../platform/names/names.ts';
import { followRun } from './follow-run.ts';
import { type DeployValues, looksFirst, type Verification, verificationOf } from './options.ts';
import { reported } from './report.ts';
import { requestDeployment } from './request.ts';
import { type Report, resultOf } from './result.ts';
import { settleRunning } from './running.ts';
import { deploySeveral, plan, requestsFor } from './several.ts';
import { type DeployContext, siteReference, snapshotBefore } from './snapshot.ts';
import { refuseUnverifiable, verifyDeployment } from './verify.ts';
import { attach } from './watch.ts';

/** `dnx deploy`: one site, or many; every site of a server is a list, even if it is one. */
export async function deploy(ctx: DeployContext & { readonly all: readonly Targets[] }, values: DeployValues): Promise<Result> {
  const { all } = ctx;
  if (all.length === 0) throw usage('There is nothing to deploy: this server has no sites.');
  if (values.dry_run) {
    const count = all.length * requestsFor(values);
    const requests = `${count} request${count === 1 ? '' : 's'}`;
    const polls = values.wait === false ? '' : ', and about six a minute after each while it is followed';
    ctx.progress.note(`${all.length} site${all.length === 1 ? '' : 's'} would be deployed with ${requests}${polls}. Nothing was deployed.`);
    return { view: plan(all, values) };
  }
  return reported(ctx, values, async (inner) => {
    if (all.length > 1 || values.all) return deploySeveral(inner, all, values, deploySite);
    const close = inner.ci.group(`Deploy ${ctx.targets.site?.label}`);
    return deploySite(inner, values).finally(close);
  });
}

/** Starts a deployment, follows it to its end, and verifies it if that is wanted. The POST is sent once, whatever happens. */
async function deploySite(ctx: DeployContext, values: DeployValues, pace?: () => number): Promise<Report> {
  const verification = verificationOf(values);
  const undone = `${siteReference(ctx.targets).site.label} was not deployed`;
  const settled = await inTime(settle(ctx, values, verification), undone);
  const before = settled?.before;
  const of = siteReference(ctx.targets, before?.site.domain);
  const started_at = new Date(ctx.clock.now()).toISOString();
  const run = settled?.attach ? attach(ctx, of, settled.before) : await inTime(requestDeployment(ctx, of, before), undone);
  if (!run || values.wait === false) return { result: resultOf(of, { started_at, outcome: 'started' }) };

  const report = await followRun(ctx, run, { pace });
  if (!verification || !before || report.result.outcome !== 'succeeded') return report;
  return verifyDeployment(ctx, { run, report, before, verification });
}

/** Reads the site before anything is requested, and settles what to do if it is busy. Undefined if nobody wants to know. */
async function settle(outer: DeployContext, values: DeployValues, verification: Verification | undefined) {
  if (!looksFirst(values)) return undefined;
  // Waiting for somebody else's deployment ends, also if ours is not followed.
  const ctx = { ...outer, ...(outer.deadline === Number.POSITIVE_INFINITY && within(outer, allowanceOf({}))) };
  const required = values.wait === true || verification !== undefined || values.if_running !== undefined;
  const seen = await snapshotBefore(ctx, required);
  const settled = seen && (await settleRunning(ctx, seen, values));
  if (verification && settled) refuseUnverifiable(verification, settled.before, siteReference(ctx.targets, settled.before.site.domain));
  return settled;
}
