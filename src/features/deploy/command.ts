import { usage } from '../../base/errors.ts';
import type { Result } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { deploy } from './deploy.ts';
import type { DeployValues } from './options.ts';
import type { Deploying } from './place.ts';
import { reported } from './report.ts';
import { deploySeveral, plan } from './several.ts';

/** `dnx deploy`: one site, or many; every site of a server is a list, even if it is one. */
export async function deployCommand(ctx: Deploying & { readonly all: readonly Targets[] }, values: DeployValues): Promise<Result> {
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
    if (all.length > 1 || values.all) return deploySeveral(inner, all, values);
    const close = inner.ci.group(`Deploy ${ctx.targets.site?.label}`);
    return deploy(inner, values).finally(close);
  });
}
