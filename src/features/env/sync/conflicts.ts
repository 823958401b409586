import { cancelled, DnxError, usage } from '../../../base/errors.ts';
import { didYouMean } from '../../../base/nearest.ts';
import type { Context } from '../../../cli/language/command.ts';
import { type ConflictChoice, type PlanStep, type Side, type SyncPlan, stepsOf } from './plan.ts';
import { countedVariables, planLines, stepDetails } from './show.ts';

/** The values of `--ours` and `--theirs`. */
export interface ChosenSides {
  readonly ours: readonly string[] | undefined;
  readonly theirs: readonly string[] | undefined;
}

/** The sides that the options choose. */
export function choiceOf({ ours = [], theirs = [] }: ChosenSides): ConflictChoice {
  const both = ours.find((key) => theirs.includes(key));
  if (both !== undefined) throw usage(`${both} is given with --ours and with --theirs.`, 'Use only one of them.');
  return { ours, theirs };
}

/** Fails for a chosen key that is on neither side. */
export function requireKnown({ ours, theirs }: ConflictChoice, local: ReadonlyMap<string, unknown>, remote: Side): void {
  const missing = [...ours, ...theirs].find((key) => key !== '*' && !local.has(key) && !remote.has(key));
  if (missing === undefined) return;
  throw usage(`Variable '${missing}' not found in the file or at Deploynix.${didYouMean(missing, [...local.keys(), ...remote.keys()])}`);
}

/** What a plan is made of, and whether somebody may be asked about it. */
interface Undecided<S> {
  readonly sides: S;
  readonly planOf: (sides: S) => SyncPlan;
  /** False for a dry run. */
  readonly asks: boolean;
  /** There is a record of the last pull or push. */
  readonly known: boolean;
  /** The file as the user knows it. */
  readonly file: string;
}

/** The plan. A user on a terminal decides once which side all conflicts take. */
export async function decide<S extends { readonly choice: ConflictChoice }>(
  { ask, progress }: Pick<Context, 'ask' | 'progress'>,
  { sides, planOf, asks, known, file }: Undecided<S>,
): Promise<{ readonly sides: S; readonly plan: SyncPlan; readonly asked: boolean }> {
  const plan = planOf(sides);
  const conflicts = stepsOf(plan, 'conflict');
  if (conflicts.length === 0 || !asks || !ask.allowed) return { sides, plan, asked: false };
  for (const line of planLines({ steps: withReasons(conflicts, known) })) progress.note(line);
  const side = await ask.select<keyof ConflictChoice | undefined>(`${conflictIn(conflicts.length, known)}. Use:`, [
    { name: `The values in ${file}`, value: 'ours' },
    { name: 'The values at Deploynix', value: 'theirs' },
    { name: 'Cancel', value: undefined },
  ]);
  if (side === undefined) throw cancelled();
  const decided = { ...sides, choice: { ...sides.choice, [side]: [...sides.choice[side], '*'] } };
  return { sides: decided, plan: planOf(decided), asked: true };
}

/** The error for variables that need a decision. `known`: there is a record of the last pull or push. */
export function conflictError(conflicts: readonly PlanStep[], known: boolean, nothing: string, hint: string): DnxError {
  return new DnxError('differences', `${conflictIn(conflicts.length, known)}. ${nothing}`, {
    details: stepDetails(withReasons(conflicts, known), 'plan'),
    hint,
    reason: 'changed_on_both_sides',
  });
}

const conflictIn = (count: number, known: boolean): string =>
  `${countedVariables(count)} ${known ? 'changed here and at Deploynix' : `${count === 1 ? 'differs' : 'differ'}, and there is no record of the last pull`}`;

/** Without a record, nobody knows where a variable changed. */
const withReasons = (conflicts: readonly PlanStep[], known: boolean): readonly PlanStep[] =>
  conflicts.map((step) => (known || step.reason === 'hidden' ? step : { key: step.key, verb: step.verb }));
