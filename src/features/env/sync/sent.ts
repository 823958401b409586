import { DnxError, type Next } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { type Column, record } from '../../../cli/output/view.ts';
import { failedOf } from '../../../cli/run/several.ts';
import type { Located } from '../../../platform/names/names.ts';
import { type DeployOptions, deployIfWanted } from '../deploy-after.ts';
import { applyFailure, type SyncOutcome } from '../remote.ts';
import { nextDeploy } from '../variables.ts';
import { stepDetails } from './show.ts';
import type { SyncStep } from './steps.ts';

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
