import { cancelled, type Detail, DnxError, usage } from '../../../base/errors.ts';
import { didYouMean } from '../../../base/nearest.ts';
import { counted } from '../../../base/text.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Given } from '../../../cli/language/options.ts';
import { failedItem, listOf, objectOf, type Printed, word, words } from '../../../cli/language/shape.ts';
import { safeLine } from '../../../cli/output/text.ts';
import { columns } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import { type ConflictChoice, type Side, type SyncStep, type SyncSteps, stepsOf, type Verb } from './steps.ts';

/** What a pull or push did, for scripts: keys only, never values. */
export const variableSummary = objectOf(
  { site: word, file: word, added: words, changed: words, removed: words, kept: words, conflicts: words },
  { failed: listOf(failedItem) },
);
export type VariableSummary = Printed<typeof variableSummary>;

/** The columns of a summary. */
export const summaryColumns = columns<VariableSummary>('site', 'file', 'added', 'changed', 'removed', 'kept', 'conflicts');

/** The summary of these steps. */
export function summaryOf(site: string, file: string, steps: readonly SyncStep[]): VariableSummary {
  const keys = (verb: Verb) => steps.filter((step) => step.verb === verb).map(({ key }) => key);
  return {
    site,
    file,
    added: keys('add'),
    changed: keys('change'),
    removed: keys('remove'),
    kept: keys('keep'),
    conflicts: keys('conflict'),
  };
}

const labels: Readonly<Record<Verb, { readonly mark: string; readonly verb: Verb; readonly past: string }>> = {
  add: { mark: '+', verb: 'add', past: 'added' },
  change: { mark: '~', verb: 'change', past: 'changed' },
  remove: { mark: '-', verb: 'remove', past: 'removed' },
  keep: { mark: '=', verb: 'keep', past: 'kept' },
  conflict: { mark: '!', verb: 'conflict', past: 'conflict' },
};

/** A line for each thing that happens, with the keys to which it happens. The label is a mark, a verb, or what was done. */
export function stepDetails(steps: readonly SyncStep[], tense: 'mark' | 'verb' | 'past'): readonly Detail[] {
  const lines = new Map<string, { readonly label: string; readonly keys: string[]; readonly why: string }>();
  for (const verb of Object.keys(labels) as Verb[]) {
    for (const step of steps.filter((step) => step.verb === verb)) {
      const why = step.reason === undefined ? '' : ` (${step.reason})`;
      const line = lines.get(verb + why) ?? { label: labels[verb][tense], keys: [], why };
      line.keys.push(safeLine(step.key));
      lines.set(verb + why, line);
    }
  }
  return [...lines.values()].map(({ label, keys, why }) => [label, `${keys.join(', ')}${why}`]);
}

/** The lines before a question, or of a dry run: `  + MAIL_HOST`. */
export const stepLines = (sync: Pick<SyncSteps, 'steps'>): readonly string[] =>
  stepDetails(sync.steps, 'mark').map(([mark, text]) => `  ${mark} ${text}`);

/** `1 variable`, `3 variables`. */
export const countedVariables = (count: number): string => counted(count, 'variable');

/** What is kept, and why, as a note under `Nothing to push`. */
export function keptNote(steps: readonly SyncStep[]): { readonly note?: string } {
  const kept = stepDetails(stepsOf({ steps }, 'keep'), 'past');
  return kept.length === 0 ? {} : { note: kept.map(([label, text]) => `  ${label}  ${text}`).join('\n') };
}

/** A pull or push of the same site, and of the file that the user named. */
export const commandFor = (verb: 'pull' | 'push', file: string | undefined, targets: Located, ...options: readonly string[]) => [
  ...['env', verb, ...(file === undefined ? [] : [file])],
  ...['--site', targets.site.label, '--server', targets.server.label, ...options],
];

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
