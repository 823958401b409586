import { wordOf } from '../../../base/text.ts';
import { timeOf } from '../../../base/time.ts';
import type { FactLine, Facts } from '../facts.ts';
import { deployFix, type FixOf, ofSite } from '../fixes.ts';
import type { Incident } from '../incident.ts';
import { relevantLines } from '../logs/relevant.ts';
import { type Cause, type FoundCause, matchedGroup, shown } from './cause.ts';

/** Keys of .env.example that the site has no value for. Empty if its .env cannot be read. */
export function missingKeys({ machine, variables }: Pick<Facts, 'machine' | 'variables'>): readonly string[] {
  const known = machine?.env ? [...machine.env.keys()] : variables?.map(({ key }) => wordOf(key));
  return known && machine ? machine.example.filter((key) => !known.includes(key)) : [];
}

/** Lines that say of such a key that it is missing. */
function naming(facts: Facts, incident: Incident): readonly FactLine[] {
  const keys = missingKeys(facts);
  if (keys.length === 0) return [];
  return relevantLines(facts, incident).filter(({ text }) => {
    const words = new Set(text.match(/\b[A-Z][A-Z0-9_]{2,}\b/g));
    return keys.some((key) => words.has(key)) && /\b(?:missing|required|not (?:set|defined|found)|undefined|null|empty)\b/i.test(text);
  });
}

const keyIn = (found: FoundCause): string => {
  const named = new Set(found.line.text.match(/\b[A-Z][A-Z0-9_]{2,}\b/g));
  return missingKeys(found.facts).find((key) => named.has(key)) ?? matchedGroup(found, 'KEY');
};

const set = (found: FoundCause): readonly FixOf[] => [ofSite('Set it', 'env', 'set', keyIn(found), '--from-file', '-'), deployFix()];

/** Says that the site has a variable that it lacked: on the server, or from the next deployment on. */
export function variableNow({ facts: { machine, variables }, incident: { at } }: FoundCause, wanted: string): string | undefined {
  if (machine?.env?.get(wanted)) return 'the .env on the server has it now';
  const isSet = variables?.some(
    ({ key, value, updated_at }) => key === wanted && value !== '' && (timeOf(updated_at) ?? 0) > (at ?? Number.POSITIVE_INFINITY),
  );
  return isSet ? 'the site has it now' : undefined;
}

/** Variables that the site needs and does not have. */
export const environment: readonly Cause[] = [
  shown(
    'env_missing',
    (found) => `The variable ${keyIn(found)} is not set`,
    90,
    [
      /One or more environment variables failed assertions: (\w+) is (?:missing|empty)/,
      /[Mm]issing (?:required )?environment variable:? ["'[]?([A-Z][A-Z0-9_]+)/,
      /[Ee]nvironment variable ["'[]?([A-Z][A-Z0-9_]+)["'\]]? (?:is )?(?:not set|missing|not defined|required|not found)/,
    ],
    set,
    {
      state: naming,
      resolved: (found) => variableNow(found, keyIn(found)),
    },
  ),
];
