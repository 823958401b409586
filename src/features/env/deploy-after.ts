import { DnxError, isError, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { following, toggle, type Values } from '../../cli/language/options.ts';
import { type Column, type Item, nothing, type Result, record, type View } from '../../cli/output/view.ts';
import { releasesEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import type { Located } from '../../platform/names/names.ts';
import type { DeployResult } from '../deploy/result.ts';

/** What a command calls if it deploys after a change of variables. */
export const deployCalls = {
  when: 'deploy',
  also: ['POST /servers/{server}/sites/{site}/deploy', siteEndpoint, releasesEndpoint],
} as const;

/** The options of a command that may deploy after a change of variables. */
export const deploying = {
  deploy: toggle('Deploy the site afterwards, or not, without asking'),
  ...following,
  timeout: { ...following.timeout, later: true },
} as const;

export type Deploying = Pick<Values<typeof deploying>, 'deploy' | 'wait' | 'timeout'>;

/** Fails if options for the deployment are given without it. */
export function refuseWithoutDeploy({ deploy, wait }: Deploying): void {
  if (wait !== undefined && !deploy) throw usage(`--${wait ? '' : 'no-'}wait needs --deploy.`);
}

/** True for `--deploy`, or if the user wants it. `asked`: what was done, if dnx asked before it did so. */
export const isDeployWanted = async ({ ask }: Context, { deploy }: Deploying, asked: string | false): Promise<boolean> =>
  deploy ?? (asked !== false && (await ask.confirm(`${asked}. Deploy now?`)));

/** Deploys a site after its variables were changed, as `dnx deploy` does. `variables`: the result of the change, for scripts. */
export async function deployAfter<V>(
  ctx: Context,
  targets: Located,
  { wait, timeout }: Pick<Deploying, 'wait' | 'timeout'>,
  variables: V,
): Promise<Result<ChangedAnd<V>>> {
  const [{ deployNow }, { deployColumns }] = await Promise.all([import('../deploy/deploy.ts'), import('../deploy/result.ts')]);
  // A deployment in progress may not have the new values, so it is not enough to follow it.
  const result = await deployNow(ctx, targets, { wait, timeout, ...(wait !== false && { if_running: 'wait' }) }).catch((error: unknown) => {
    throw notDeployed(error, targets);
  });
  return { ...result, view: withVariables(result.view, variables, deployColumns) };
}

function notDeployed(error: unknown, { site, server }: Located): unknown {
  if (!isError(error)) return error;
  const { code, message, cause, hint, next } = error;
  const deployLater = { command: ['deploy', site.label, '--server', server.label], why: 'Deploy them with' };
  return new DnxError(code, message.replace('Nothing was changed.', 'Nothing was deployed.'), {
    ...error,
    cause,
    hint: [hint, 'The variables were changed.'].filter(Boolean).join(' '),
    next: next.length > 0 ? next : [deployLater],
  });
}

interface ChangedAnd<V> {
  readonly variables: V;
  readonly deployment: DeployResult | null;
}

/** The result of a change and its deployment; null if there was none. */
export const changedAnd = <V>(variables: V, deployment: DeployResult | null): ChangedAnd<V> => ({ variables, deployment });

function withVariables<V>(view: View, variables: V, fields: readonly Column[]): View<ChangedAnd<V>> {
  // In a dry run.
  if (view.kind !== 'record') return nothing;
  const { item, done, details, event } = view;
  const columns = fields.map(({ cell, ...column }) => ({
    ...column,
    computed: true as const,
    cell: ({ deployment }: Item) => (cell ? cell(deployment as Item) : (deployment as Item)[column.key]),
  }));
  return { ...record(changedAnd(variables, item as object as DeployResult), columns, done, details), ...(event && { event }) };
}
