import { usage } from '../../base/errors.ts';
import type { Result } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { type DeployValues, verificationOf } from './options.ts';
import { reported } from './report.ts';
import { requestDeployment } from './request.ts';
import { type Report, resultOf } from './result.ts';
import { settleRunning } from './running.ts';
import { deploySeveral, plan } from './several.ts';
import { type DeployContext, siteReference, snapshotBefore } from './snapshot.ts';
import { refuseUnverifiable, verifyDeployment } from './verify.ts';
import { attach, followRun } from './watch.ts';

/** `dnx deploy`: one site, or many; every site of a server is a list, even if it is one. */
export async function deploy(ctx: DeployContext & { readonly all: readonly Targets[] }, values: DeployValues): Promise<Result> {
  const { all } = ctx;
  if (all.length === 0) throw usage('There is nothing to deploy: this server has no sites.');
  if (values.dry_run) {
    const count = all.length * (values.wait === false ? 1 : 3);
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

/** Starts a deployment, follows it to its end, and verifies it where that is wanted. The POST is sent once, whatever happens. */
async function deploySite(ctx: DeployContext, values: DeployValues, pace?: () => number): Promise<Report> {
  const verification = verificationOf(values);
  const { wait, timeout: timeoutMs } = values;
  const required = wait === true || verification !== undefined;
  const seen = wait === false ? undefined : await snapshotBefore(ctx, siteReference(ctx.targets), required);
  const settled = seen && (await settleRunning(ctx, seen, values));
  const before = settled?.before;
  const of = siteReference(ctx.targets, before?.site.domain);
  if (verification && before) refuseUnverifiable(verification, before, of);

  const startedAt = ctx.clock.now();
  if (settled?.attach) ctx.progress.note(`A deployment of ${of.site.label} is under way already; following that one.`);
  const run = settled?.attach ? attach(ctx, of, settled.before) : await requestDeployment(ctx, of, before);
  if (!run) return { result: resultOf(of, { started_at: new Date(startedAt).toISOString(), outcome: 'started' }) };

  const report = await followRun(ctx, run, { timeoutMs, pace });
  if (!verification || !before || report.result.outcome !== 'succeeded') return report;
  return verifyDeployment(ctx, { run, report, before, verification, timeoutMs });
}
