import { type Detail, DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { oneLine, plural, quotedName, title } from '../../base/text.ts';
import type { FieldDifference } from '../../platform/names/existing.ts';
import { idIn } from '../../platform/names/names.ts';
import { ambiguous } from '../../platform/names/unresolved.ts';
import type { Context } from '../language/command.ts';
import type { Result } from '../output/view.ts';

/** What is shown of a value that stays hidden. */
const MASK = '••••••••';
/** The longest value in a sentence. */
const LONGEST = 60;

/** What `ensure` did. */
interface Outcome {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'different';
  /** What differed when the command began. */
  readonly differences?: readonly FieldDifference[];
  /** The fields that the API does not show. */
  readonly unknown?: readonly string[];
}

interface Shown {
  readonly noun: string;
  readonly confidential: string | undefined;
}

/** The object for scripts. */
export function reportOf(
  { noun, confidential }: Shown,
  item: JsonObject | undefined,
  { outcome, differences = [], unknown = [] }: Outcome,
): JsonObject {
  const visible = item && Object.fromEntries(Object.entries(item).filter(([field]) => field !== confidential));
  return {
    changed: outcome === 'created' || outcome === 'updated',
    outcome,
    id: idIn(item?.id) ?? null,
    differences: differences.map((each) => (each.field === confidential ? { ...each, is: MASK, wanted: MASK } : each)),
    unknown,
    [noun]: visible ?? null,
  };
}

/** A warning for what differs, or with `--strict` a failure. */
export function differing(
  { progress }: Pick<Context, 'progress'>,
  result: Result,
  { sentence, differences, hint }: { readonly sentence: string; readonly differences: readonly FieldDifference[]; readonly hint?: string },
  { strict, confidential }: { readonly strict: boolean; readonly confidential?: string },
): Result {
  const isHidden = ({ field }: FieldDifference) => field === confidential;
  if (strict) {
    const details = differences.map((each) => detailOf(isHidden(each) ? { ...each, is: MASK, wanted: MASK } : each));
    return { ...result, exit: new DnxError('differences', sentence, { details, hint }) };
  }
  const words = differences.map((each) => {
    const field = wordsOf(each.field);
    return isHidden(each) ? `${field} is not the one given` : `${field} is ${shown(each.is)}, not ${shown(each.wanted)}`;
  });
  progress.warn(`${sentence}: ${words.join('; ')}`);
  return result;
}

/** `frequency  '0 0 * * *' → '0 3 * * *'`. */
export const detailOf = ({ field, is, wanted }: FieldDifference): Detail => [wordsOf(field), `${shown(is)} → ${shown(wanted)}`];

/** What was given and not compared, and a status that needs attention; undefined if nothing. */
export function noteOn(secrets: readonly string[], unknown: readonly string[], status: unknown): string | undefined {
  const sentences = [
    ...(secrets.length > 0 ? [`The ${listed(secrets)} was not compared.`] : []),
    ...(unknown.length > 0 ? [`Not compared, because the API does not show it: ${listed(unknown)}.`] : []),
    ...(phaseOf(status) === 'bad' || /^(delet|remov)/.test(statusKey(status)) ? [`Its status is ${oneLine(status)}.`] : []),
  ];
  return sentences.length > 0 ? sentences.join(' ') : undefined;
}

/** The error if the list hides the field to find a resource by. */
export function hiddenKey(noun: string, field: string): DnxError {
  const what = `The API does not show the ${wordsOf(field)} of all ${plural(title(noun))}`;
  return new DnxError('failed', `${what}, so dnx cannot tell what exists.`, { hint: 'Nothing was changed.' });
}

/** The error for several resources that may be meant, none of them as wanted. */
export const manyDiffer = (noun: string, key: unknown, found: readonly JsonObject[]): DnxError =>
  ambiguous(noun, oneLine(key), found).withHint(
    'All of them differ from what was given; nothing was changed. Use an id with another command.',
  );

/** Why nothing was updated. */
export const noUpdate = (noun: string): string => `The API cannot update ${plural(title(noun))}.`;

/** A field in a sentence. */
export const wordsOf = (field: string): string => oneLine(field.replaceAll('_', ' '));

const listed = (fields: readonly string[]): string => fields.map(wordsOf).join(', ');

/** A value in a sentence, shortened in the middle. */
function shown(value: unknown): string {
  const word = oneLine(value);
  if (word === '') return 'not set';
  if (word === MASK) return word;
  return word.length <= LONGEST ? quotedName(word) : `'${word.slice(0, LONGEST / 2)}…${word.slice(-LONGEST / 2)}'`;
}
