import { cancelled, DnxError, usage } from '../../../base/errors.ts';
import { didYouMean } from '../../../base/nearest.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Given } from '../../../cli/language/options.ts';
import { countedVariables, stepDetails, stepLines } from './show.ts';
import { type ConflictChoice, type Side, type SyncStep, type SyncSteps, stepsOf } from './steps.ts';

/** The values of `--ours` and `--theirs`. */
export type ChosenSides = Given<{ ours: readonly string[]; theirs: readonly string[] }>;

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

/** Computes the steps. With `asks`, a user on a terminal settles all conflicts at once, for one of the sides. */
export async function settleConflicts<S extends { readonly choice: ConflictChoice }>(
  { ask, progress }: Context,
  sides: S,
  planOf: (sides: S) => SyncSteps,
  { asks, known, file }: { readonly asks: boolean; readonly known: boolean; readonly file: string },
) {
  const sync = planOf(sides);
  const conflicts = stepsOf(sync, 'conflict');
  if (conflicts.length === 0 || !asks || !ask.allowed) return { sides, sync, asked: false };
  for (const line of stepLines({ steps: withReasons(conflicts, known) })) progress.note(line);
  const side = await ask.select<keyof ConflictChoice | undefined>(`${conflictIn(conflicts.length, known)}. Use:`, [
    { name: `The values in ${file}`, value: 'ours' },
    { name: 'The values at Deploynix', value: 'theirs' },
    { name: 'Cancel', value: undefined },
  ]);
  if (side === undefined) throw cancelled();
  const decided = { ...sides, choice: { ...sides.choice, [side]: [...sides.choice[side], '*'] } };
  return { sides: decided, sync: planOf(decided), asked: true };
}

/** The error for variables that need a decision. `known`: there is a record of the last pull or push. */
export function conflictError(conflicts: readonly SyncStep[], known: boolean, nothing: string, hint: string): DnxError {
  return new DnxError('differences', `${conflictIn(conflicts.length, known)}. ${nothing}`, {
    details: stepDetails(withReasons(conflicts, known), 'verb'),
    hint,
    reason: 'changed_on_both_sides',
  });
}

const conflictIn = (count: number, known: boolean): string =>
  `${countedVariables(count)} ${known ? 'changed here and at Deploynix' : `${count === 1 ? 'differs' : 'differ'}, and there is no record of the last pull`}`;

/** Without a record, nobody knows where a variable changed. */
const withReasons = (conflicts: readonly SyncStep[], known: boolean): readonly SyncStep[] =>
  conflicts.map((step) => (known || step.reason === 'hidden at Deploynix' ? step : { key: step.key, verb: step.verb }));
