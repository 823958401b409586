import { DnxError, isError, type Next, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { following, toggle, type Values } from '../../cli/language/options.ts';
import { type Column, type Item, message, nothing, type Result, record, type View } from '../../cli/output/view.ts';
import { failedOf } from '../../cli/run/several.ts';
import { releasesEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import type { Located } from '../../platform/names/names.ts';
import type { DeployResult } from '../deploy/result.ts';
import { applyFailure, type SyncOutcome } from './remote.ts';
import { stepDetails } from './sync/show.ts';
import type { SyncStep } from './sync/steps.ts';
import { nextDeploy } from './variables.ts';

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

export type DeployOptions = Pick<Values<typeof deploying>, 'deploy' | 'wait' | 'timeout'>;

/** Fails if options for the deployment are given without it. */
export function refuseWithoutDeploy({ deploy, wait }: DeployOptions): void {
  if (wait !== undefined && !deploy) throw usage(`--${wait ? '' : 'no-'}wait needs --deploy.`);
}

/** A change of variables: what was done, whether dnx asked before, and the result for scripts. */
interface ChangeReport<V> {
  readonly sentence: string;
  readonly asked: boolean;
  readonly variables: V;
}

/** Deploys a site after its variables were changed, as `dnx deploy` does: with `--deploy`, or if the user wants it. */
export async function deployIfWanted<V>(
  ctx: Context,
  targets: Located,
  { deploy, wait, timeout }: DeployOptions,
  { sentence, asked, variables }: ChangeReport<V>,
): Promise<Result<ChangedAnd<V>> | undefined> {
  if (!(deploy ?? (asked && (await ctx.ask.confirm(`${sentence}. Deploy now?`))))) return undefined;
  ctx.progress.succeeded(sentence);
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

/** The result of `--deploy` if there was nothing to deploy. */
export const nothingDeployed = <V>(sentence: string, variables: V): Result<ChangedAnd<V>> => ({
  view: message(sentence, { variables, deployment: null }),
  note: 'Nothing was deployed.',
});

function withVariables<V>(view: View, variables: V, fields: readonly Column[]): View<ChangedAnd<V>> {
  // In a dry run.
  if (view.kind !== 'record') return nothing;
  const { item, done, details, event } = view;
  const columns = fields.map(({ cell, ...column }) => ({
    ...column,
    computed: true as const,
    cell: ({ deployment }: Item) => (cell ? cell(deployment as Item) : (deployment as Item)[column.key]),
  }));
  return { ...record({ variables, deployment: item as object as DeployResult }, columns, done, details), ...(event && { event }) };
}

interface Sent<S> {
  readonly outcome: SyncOutcome;
  /** True if dnx asked before. */
  readonly asked: boolean;
  readonly shown: {
    /** The summary of these steps. */
    readonly of: (steps: readonly SyncStep[]) => S;
    readonly columns: readonly Column[];
    readonly kept: readonly SyncStep[];
  };
  readonly sentence: string;
  /** The command that sends the rest. */
  readonly again: readonly string[];
  readonly next: readonly Next[];
}

/** The result of what was sent, and of the deployment. A failure says which variables were sent and which were not. */
export async function sentResult<S extends object>(
  ctx: Context,
  targets: Located,
  options: DeployOptions,
  { outcome, asked, shown, sentence, again, next }: Sent<S>,
) {
  const { done, failed, left } = outcome;
  const steps = [...done, ...shown.kept];
  const summary = shown.of(steps);
  const exit = applyFailure(outcome, [{ command: again, why: 'Send the rest with' }]);
  if (exit) {
    if (exit.code !== 'partial') throw exit;
    const unsent = new DnxError('partial', 'Not sent, because another variable failed.');
    const missing = [
      ...failed.map(({ step, error }) => failedOf({ id: null, label: step.key }, error, ctx.settings)),
      ...left.map(({ key }) => failedOf({ id: null, label: key }, unsent, ctx.settings, 'not_started')),
    ];
    const view = record({ ...summary, failed: missing }, shown.columns);
    return { view, exit: options.deploy ? exit.withHint('Nothing was deployed.', ...exit.next) : exit };
  }
  const deployed = await deployIfWanted(ctx, targets, options, { sentence, asked, variables: summary });
  if (deployed) return deployed;
  return {
    view: record({ ...summary }, shown.columns, sentence, stepDetails(steps, 'past')),
    next: [...next, ...nextDeploy(ctx, targets)],
  };
}
