import type { Context } from '../../../cli/language/command.ts';
import { message, type Result, record } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import { changedAnd, type Deploying, deployAfter, refuseWithoutDeploy } from '../deploy-after.ts';
import { remoteSide } from '../sync/masks.ts';
import type { Step } from '../sync/plan.ts';
import { counted, detailsOf, summaryColumns, summaryOf } from '../sync/show.ts';
import { type createEndpoint, type deleteEndpoint, listEndpoint, nextDeploy, type updateEndpoint, type Variable } from '../variables.ts';
import { draftOf, harmless } from './draft.ts';
import { removeLeftFiles, withPrivateFile } from './private-file.ts';
import { editUntilSent } from './session.ts';

export type EditContext = Context<typeof listEndpoint | typeof createEndpoint | typeof updateEndpoint | typeof deleteEndpoint>;

/** `dnx env edit`: opens the variables in an editor and sends what was changed. */
export async function edit(ctx: EditContext, targets: Located, deploying: Deploying, yes: boolean): Promise<Result> {
  refuseWithoutDeploy(deploying);
  removeLeftFiles(ctx);
  const { site, server } = targets;
  const draft = draftOf(remoteSide(await ctx.list<Variable>(listEndpoint)), harmless(`${site.label} on ${server.label}`));
  const name = `${harmless(site.label)}.env`;
  const sent = await withPrivateFile(ctx, name, draft.text, (path) => editUntilSent(ctx, targets, { path, name, draft, yes }));
  // The file is gone before a deployment, which takes minutes.
  if (sent.length === 0) return unchanged(site.label, deploying);
  const summary = changesIn(site.label, sent);
  const done = `Updated ${counted(sent.length)} of ${site.label}`;
  if (!(await wantsDeployment(ctx, deploying, yes, done)))
    return { view: record(summary, columns, done, detailsOf(sent, 'past')), next: nextDeploy(site) };
  return deployAfter(ctx, targets, deploying, summary);
}

/** The keys that were changed, for scripts. */
export function changesIn(site: string, steps: readonly Step[]) {
  const { added, changed, removed } = summaryOf(site, '', steps);
  return { site, added, changed, removed };
}

export const columns = summaryColumns.filter(({ key }) => ['site', 'added', 'changed', 'removed'].includes(key));

function unchanged(site: string, { deploy }: Deploying): Result {
  const summary = changesIn(site, []);
  return { view: message('Nothing changed.', deploy ? changedAnd(summary, null) : summary), ...(deploy && { note: 'Nothing was deployed.' }) };
}

/** Asks whether to deploy, unless an option says so. Shows what was done, which a deployment does not. */
async function wantsDeployment({ ask, progress }: EditContext, { deploy }: Deploying, yes: boolean, done: string): Promise<boolean> {
  const asks = deploy === undefined && ask.allowed && !yes;
  if (!deploy && !asks) return false;
  progress.succeeded(done);
  return deploy ?? ask.confirm('Deploy now?');
}
