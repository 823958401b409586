import { flagName } from '../../base/text.ts';
import type { Targets } from '../../platform/names/names.ts';
import { nounOf, type TypedLine } from '../language/command.ts';
import { takenBy } from '../language/signature.ts';
import { safeLine } from '../output/text.ts';
import type { Result } from '../output/view.ts';
import type { Ready } from './line.ts';

/** Adds the command line that needs no prompts, if dnx prompted for anything. */
export function withoutPrompts({ line, inputs: { asked, answers }, picked, targets }: Ready, result: Result): Result {
  const all = { ...placesIn(line, targets[0] ?? {}), ...picked, ...answers, ...result.answers };
  if (!line.command.fields || Object.keys(all).length === 0) return result;
  // --no-input, because the command would prompt again for options that were left out.
  const quiet = Object.values(asked).some(({ value }) => value === undefined);
  const words = wordsWithout(line, quiet ? { ...all, no_input: true } : all);
  return words ? { ...result, next: [...(result.next ?? []), { command: words, why: 'Without prompts' }] } : result;
}

/** The server or site that the settings name, which a repeated command line must name, too. A site needs no server. */
const placesIn = ({ targets: typed }: TypedLine, { server, site }: Targets): Readonly<Record<string, string>> => ({
  ...(site && !typed.site && { site: site.label }),
  ...(server && !typed.server && !typed.site && { server: server.label }),
});

/** The command line that needs no prompts. Undefined if it would repeat a secret, or does not fit on a line. */
function wordsWithout(line: TypedLine, answers: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const { command, path, group, targets, options, fields, body, consent } = line;
  const taken = takenBy(command);
  if (body.field.length > 0 || body.data !== undefined || Object.keys(options).some((key) => taken[key]?.confidential)) return undefined;
  const values: Readonly<Record<string, unknown>> = {
    ...targets,
    ...fields,
    ...options,
    ...(consent.yes && { yes: true }),
    ...(consent.confirm !== undefined && { confirm: consent.confirm }),
    ...answers,
  };
  const positional = (key: string) => key === nounOf(group) || taken[key]?.place !== undefined;
  const placed = Object.keys(values).filter(positional);
  const named = Object.keys(values).filter((key) => !positional(key));
  const words = placed.flatMap((key) => valuesOf(values[key]));
  const flags = [...named.flatMap((key) => option(key, values[key])), ...shaped(line)];
  const all = words.some((word) => word.startsWith('-'))
    ? [...path.split(' '), ...flags, '--', ...words]
    : [...path.split(' '), ...words, ...flags];
  return all.every((word) => safeLine(word) === word) ? all : undefined;
}

const shaped = ({ globals }: TypedLine): readonly string[] => [
  ...(globals.json ? ['--json'] : []),
  ...(['output', 'query', 'sort', 'limit'] as const).flatMap((key) => (globals[key] === undefined ? [] : [flagName(key), globals[key]])),
  ...(globals.fields ? ['--fields', globals.fields.join(',')] : []),
  ...(globals.quiet ? ['--quiet'] : []),
];

function option(key: string, value: unknown): readonly string[] {
  if (value === true) return [flagName(key)];
  if (value === false) return [flagName(`no_${key}`)];
  return valuesOf(value).flatMap((word) => (/^-./.test(word) ? [`${flagName(key)}=${word}`] : [flagName(key), word]));
}

const valuesOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).map(String);
