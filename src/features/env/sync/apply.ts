import { DnxError, isError, isStop, type Next, usage } from '../../../base/errors.ts';
import { isMask } from '../../../base/text.ts';
import { PAGE_SIZE } from '../../../platform/api/pages.ts';
import { type Located, requireId } from '../../../platform/names/names.ts';
import { checkHolds } from '../dotenv/dotenv.ts';
import { remoteSide, sendVariable } from '../remote.ts';
import { deleteVariableEndpoint, type SiteVariable, type SyncingContext, variablesEndpoint } from '../variables.ts';
import { type PlanStep, planChanges, type SyncPlan } from './plan.ts';
import { countedVariables, stepDetails } from './show.ts';

/** What came of a plan. */
export interface Applied {
  readonly done: readonly PlanStep[];
  /** Rejected steps, and the one at which it stopped. */
  readonly failed: readonly { readonly step: PlanStep; readonly error: DnxError }[];
  /** Steps that were not tried. */
  readonly left: readonly PlanStep[];
}

/** Variables that were read longer ago are read again before the next one is added, in ms per page. */
const STALE_MS = 10_000;

/**
 * Sends the changes of a plan, each once. A rejected variable does not stop the others; any other failure does. A variable that somebody
 * changed since the plan is not sent, so the variables are read again right before one is overwritten. `known`: the list of the plan.
 */
export async function applySyncPlan(
  ctx: SyncingContext,
  targets: Located,
  known: readonly SiteVariable[],
  plan: SyncPlan,
): Promise<Applied> {
  const changes = planChanges(plan);
  const planned = remoteSide(known);
  const staleMs = STALE_MS * Math.max(1, Math.ceil(known.length / PAGE_SIZE));
  const done: PlanStep[] = [];
  const failed: { readonly step: PlanStep; readonly error: DnxError }[] = [];
  let [now, readAt] = [known, ctx.clock.elapsed()];
  for (const [index, step] of changes.entries()) {
    ctx.progress.spin(`Sending variable ${index + 1} of ${changes.length}`);
    try {
      // The rate limit may have made this take minutes.
      if (!ctx.plan && (step.verb !== 'add' || ctx.clock.elapsed() - readAt > staleMs))
        [now, readAt] = [await ctx.list<SiteVariable>(variablesEndpoint), ctx.clock.elapsed()];
      if (remoteSide(now).get(step.key) !== planned.get(step.key))
        throw new DnxError('differences', 'It was changed at Deploynix meanwhile.');
      if (step.verb === 'remove') await removeVariable(ctx, now, step);
      else await sendVariable(ctx, targets, now, { key: step.key, value: step.value });
      done.push(step);
    } catch (error) {
      if (!isError(error)) throw error;
      failed.push({ step, error });
      if (!isError(error, 'invalid', 'not_found', 'differences')) return { done, failed, left: changes.slice(index + 1) };
    }
  }
  return { done, failed, left: [] };
}

async function removeVariable(ctx: SyncingContext, known: readonly SiteVariable[], { key }: PlanStep): Promise<void> {
  const before = known.find((each) => each?.key === key);
  if (!before) return;
  const params = { variable: requireId({ id: before.id }, 'variable') };
  await ctx.call(deleteVariableEndpoint, { params, assume: {} }).catch((error: unknown) => {
    // Somebody else may remove it first.
    if (!isError(error, 'not_found')) throw error;
  });
}

/** The error if only some changes were sent: which were, which were not and why. `again` sends the rest. */
export function applyFailure({ done, failed, left }: Applied, again: readonly Next[] = []): DnxError | undefined {
  const [first] = failed;
  if (!first) return undefined;
  const details = [
    ...stepDetails(done, 'past'),
    ...failed.map(({ step, error }) => [step.key, error.message] as const),
    ...(left.length > 0 ? [['not sent', left.map(({ key }) => key).join(', ')] as const] : []),
  ];
  const stopped = failed.find(({ error }) => isStop(error))?.error;
  if (stopped) return stopped.with({ details, next: [...stopped.next, ...again] });
  if (done.length === 0 && failed.length === 1) return first.error.with({ details });
  const unsent = failed.length + left.length;
  return new DnxError('partial', `${unsent} of ${countedVariables(unsent + done.length)} ${unsent === 1 ? 'was' : 'were'} not sent`, {
    details,
    next: again,
    cause: first.error,
  });
}

/** Fails for values that nobody can mean, before anything is sent. */
export function requireSendable(plan: SyncPlan): void {
  for (const { key, value } of planChanges(plan)) {
    if (value === undefined) continue;
    checkHolds(key, value);
    if (isMask(value)) throw usage(`The value of ${key} is a mask, not a value. Nothing was sent.`, 'Write the value itself.');
  }
}
