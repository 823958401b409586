import { flagName } from '../../base/text.ts';
import { nounOf } from '../language/command.ts';
import { takenBy } from '../language/signature.ts';
import { safeLine } from '../output/text.ts';
import type { Result } from '../output/view.ts';
import type { Inputs } from './inputs.ts';
import type { Invocation } from './invocation.ts';

/** Adds the command line that needs no prompts, if dnx prompted for anything. */
export function withoutPrompts(
  invocation: Invocation,
  { asked, answers }: Inputs,
  picked: Readonly<Record<string, string>>,
  result: Result,
): Result {
  const all = { ...picked, ...answers, ...result.answers };
  if (!invocation.command.fields || Object.keys(all).length === 0) return result;
  // --no-input, because the command would prompt again for options that were left out.
  const quiet = Object.values(asked).some(({ value }) => value === undefined);
  const line = lineOf(invocation, quiet ? { ...all, no_input: true } : all);
  return line ? { ...result, next: [...(result.next ?? []), { command: line, why: 'Without prompts' }] } : result;
}

/** The command line that needs no prompts. Undefined if it would repeat a secret, or does not fit on a line. */
function lineOf(invocation: Invocation, answers: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const { command, path, group, targets, options, fields, body, consent } = invocation;
  const taken = takenBy(command);
  if (body.field.length > 0 || body.data !== undefined || Object.keys(options).some((key) => taken[key]?.confidential)) return undefined;
  const all: Readonly<Record<string, unknown>> = {
    ...targets,
    ...fields,
    ...options,
    ...(consent.yes && { yes: true }),
    ...(consent.confirm !== undefined && { confirm: consent.confirm }),
    ...answers,
  };
  const positional = (key: string) => key === nounOf(group) || taken[key]?.place !== undefined;
  const placed = Object.keys(all).filter(positional);
  const named = Object.keys(all).filter((key) => !positional(key));
  const words = placed.flatMap((key) => valuesOf(all[key]));
  const flags = [...named.flatMap((key) => option(key, all[key])), ...shaped(invocation)];
  const line = words.some((word) => word.startsWith('-'))
    ? [...path.split(' '), ...flags, '--', ...words]
    : [...path.split(' '), ...words, ...flags];
  return line.every((word) => safeLine(word) === word) ? line : undefined;
}

/** The output options. */
const shaped = ({ globals }: Invocation): readonly string[] => [
  ...(globals.json ? ['--json'] : []),
  ...(['output', 'query', 'sort', 'limit'] as const).flatMap((key) => (globals[key] === undefined ? [] : [flagName(key), globals[key]])),
  ...(globals.fields ? ['--fields', globals.fields.join(',')] : []),
  ...(globals.quiet ? ['--quiet'] : []),
];

function option(key: string, value: unknown): readonly string[] {
  if (value === true) return [flagName(key)];
  if (value === false) return [flagName(`no_${key}`)];
  return valuesOf(value).flatMap((each) => (/^-./.test(each) ? [`${flagName(key)}=${each}`] : [flagName(key), each]));
}

const valuesOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).map(String);
