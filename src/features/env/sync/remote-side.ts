import { isObject } from '../../../base/json.ts';
import { isMask, wordOf } from '../../../base/text.ts';
import { type Side, UNKNOWN } from './merge.ts';

/** Fields by which an API marks a value that it does not show. */
const MARKS = ['masked', 'is_masked', 'hidden', 'is_hidden', 'redacted', 'is_redacted', 'secret', 'is_secret'] as const;

/** The variables at Deploynix, without the hidden values. Of two with the same key, the first counts. */
export function remoteSide(variables: readonly unknown[]): Side {
  const side = new Map<string, string | typeof UNKNOWN>();
  for (const each of variables) {
    if (!isObject(each) || typeof each.key !== 'string' || each.key === '' || side.has(each.key)) continue;
    side.set(each.key, valueIn(each));
  }
  return side;
}

function valueIn(variable: Readonly<Record<string, unknown>>): string | typeof UNKNOWN {
  const { value } = variable;
  if (MARKS.some((mark) => [true, 1, '1', 'true'].includes(variable[mark] as string))) return UNKNOWN;
  if (value === null || value === undefined || typeof value === 'object') return UNKNOWN;
  const text = wordOf(value);
  return isMask(text) ? UNKNOWN : text;
}
