import { isStop, systemCode } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { BaseRecord } from './base-record.ts';
import type { Plan, Step } from './plan.ts';

/** Records what both sides agree on: what was equal, and these steps. Only warns on failure, because the work itself is done. */
export async function saveBase(
  { progress }: Pick<Context, 'progress'>,
  base: Pick<BaseRecord, 'save'>,
  { equal }: Pick<Plan, 'equal'>,
  steps: readonly Step[],
): Promise<void> {
  const agreed = steps.flatMap((step) => (step.agreed ? [[step.key, step.agreed.value] as const] : []));
  try {
    await base.save(new Map([...equal, ...agreed]));
  } catch (error) {
    if (isStop(error) || !(error instanceof Error)) throw error;
    progress.warn(
      `Could not record this state (${systemCode(error) ?? error.message}), so the next pull or push may ask which values to use.`,
    );
  }
}
