import type { Detail } from '../../../base/errors.ts';
import { counted } from '../../../base/text.ts';
import { failedItem, listOf, objectOf, type Printed, word, words } from '../../../cli/language/shape.ts';
import { safeLine } from '../../../cli/output/text.ts';
import { columns } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import { type SyncStep, type SyncSteps, stepsOf, type Verb } from './steps.ts';

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
