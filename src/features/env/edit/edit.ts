import { message, type Result, record } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import { changedAnd, type Deploying, deployAfter, refuseWithoutDeploy } from '../deploy-after.ts';
import type { Step } from '../sync/plan.ts';
import { remoteSide } from '../sync/remote-side.ts';
import { counted, detailsOf, summaryColumns, summaryOf } from '../sync/show.ts';
import { listEndpoint, nextDeploy, type Variable } from '../variables.ts';
import { draftOf, harmless } from './draft.ts';
import { removeLeftFiles, withPrivateFile } from './private-file.ts';
import type { EditContext } from './send.ts';
import { editUntilSent } from './session.ts';

interface Options extends Deploying {
  readonly allow_file: readonly string[] | undefined;
}

/** `dnx env edit`: opens the variables in an editor and sends what was changed. */
export async function edit(ctx: EditContext, targets: Located, { allow_file = [], ...deploying }: Options, yes: boolean): Promise<Result> {
  refuseWithoutDeploy(deploying);
  removeLeftFiles(ctx);
  const { site } = targets;
  const draft = draftOf(remoteSide(await ctx.list<Variable>(listEndpoint)), targets);
  const name = `${harmless(site.label).replaceAll('?', '-')}.env`;
  const { sent, failure } = await withPrivateFile(ctx, name, draft.text, ({ path, write }) =>
    editUntilSent(ctx, targets, { path, name, draft, write }, { yes, allowed: allow_file }),
  );
  // The file is gone before a deployment, which takes minutes.
  const summary = changesIn(site.label, sent);
  if (failure) return { view: record(summary, columns), exit: failure };
  if (sent.length === 0) return unchanged(site.label, deploying);
  const done = `Updated ${counted(sent.length)} of ${site.label}`;
  if (await wantsDeployment(ctx, deploying, yes, done)) {
    ctx.progress.succeeded(done);
    return deployAfter(ctx, targets, deploying, summary);
  }
  return { view: record(summary, columns, done, detailsOf(sent, 'past')), next: nextDeploy(site) };
}

/** The keys that were changed, for scripts. */
function changesIn(site: string, steps: readonly Step[]) {
  const { added, changed, removed } = summaryOf(site, '', steps);
  return { site, added, changed, removed };
}

const columns = summaryColumns.filter(({ key }) => ['site', 'added', 'changed', 'removed'].includes(key));

function unchanged(site: string, { deploy }: Deploying): Result {
  const summary = changesIn(site, []);
  return {
    view: message('Nothing changed.', deploy ? changedAnd(summary, null) : summary),
    ...(deploy && { note: 'Nothing was deployed.' }),
  };
}

/** Asks whether to deploy, unless an option says so. */
async function wantsDeployment({ ask }: EditContext, { deploy }: Deploying, yes: boolean, done: string): Promise<boolean> {
  if (deploy !== undefined) return deploy;
  return ask.allowed && !yes && ask.confirm(`${done}. Deploy now?`);
}
