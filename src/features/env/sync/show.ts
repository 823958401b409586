import type { Detail } from '../../../base/errors.ts';
import { plural } from '../../../base/text.ts';
import { safeLine as harmless } from '../../../cli/output/text.ts';
import { columns } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import type { PlanStep, Reason, SyncPlan, Verb } from './plan.ts';

/** What a pull or push did, for scripts: keys only, never values. */
export interface VariableSummary {
  readonly site: string;
  readonly file: string;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
  readonly conflicts: readonly string[];
}

/** The columns of a summary. */
export const summaryColumns = columns<VariableSummary>('site', 'file', 'added', 'changed', 'removed', 'kept', 'conflicts');

/** The summary of these steps. */
export function planSummary(site: string, file: string, steps: readonly PlanStep[]): VariableSummary {
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

const marks: Readonly<Record<Verb, string>> = { add: '+', change: '~', remove: '-', keep: '=', conflict: '!' };
const past: Readonly<Record<Verb, string>> = { add: 'added', change: 'changed', remove: 'removed', keep: 'kept', conflict: 'conflict' };

const reasons: Readonly<Record<Reason, string>> = {
  'changed here': 'changed here',
  'changed there': 'changed at Deploynix',
  'changed on both sides': 'changed on both sides',
  'removed here': 'removed here only',
  'removed there': 'removed at Deploynix',
  'only here': 'only here',
  'only there': 'only at Deploynix',
  hidden: 'hidden at Deploynix',
  reference: 'a reference',
  chosen: 'as chosen',
};

/** A line for each thing that happens, with the keys to which it happens. The label is the mark or the verb of a plan, or what was done. */
export function stepDetails(steps: readonly PlanStep[], tense: 'mark' | 'plan' | 'past'): readonly Detail[] {
  const lines = new Map<string, { readonly label: string; readonly keys: string[]; readonly why: string }>();
  for (const verb of Object.keys(past) as Verb[]) {
    for (const step of steps.filter((each) => each.verb === verb)) {
      const why = step.reason === undefined ? '' : ` (${reasons[step.reason]})`;
      const line = lines.get(verb + why) ?? { label: labelOf(verb, tense), keys: [], why };
      line.keys.push(harmless(step.key));
      lines.set(verb + why, line);
    }
  }
  return [...lines.values()].map(({ label, keys, why }) => [label, `${keys.join(', ')}${why}`]);
}

const labelOf = (verb: Verb, tense: 'mark' | 'plan' | 'past'): string =>
  tense === 'mark' ? marks[verb] : tense === 'past' ? past[verb] : verb;

/** The lines of a plan before a question, or of a dry run: `  + MAIL_HOST`. */
export const planLines = (plan: Pick<SyncPlan, 'steps'>): readonly string[] =>
  stepDetails(plan.steps, 'mark').map(([mark, text]) => `  ${mark} ${text}`);

/** `1 variable`, `3 variables`. */
export const countedVariables = (count: number): string => `${count} ${count === 1 ? 'variable' : plural('variable')}`;

/** What is kept, and why, as a note under `Nothing to push`. */
export function keptNote(steps: readonly PlanStep[]): { readonly note?: string } {
  const kept = stepDetails(
    steps.filter(({ verb }) => verb === 'keep'),
    'past',
  );
  return kept.length === 0 ? {} : { note: kept.map(([label, text]) => `  ${label}  ${text}`).join('\n') };
}

/** A pull or push of the same site, and of the file that the user named. */
export const commandFor = (
  verb: 'pull' | 'push',
  file: string | undefined,
  targets: Located,
  ...options: readonly string[]
): readonly string[] => [
  'env',
  verb,
  ...(file === undefined ? [] : [file]),
  '--site',
  targets.site.label,
  '--server',
  targets.server.label,
  ...options,
];
