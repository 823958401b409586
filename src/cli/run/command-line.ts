import type { Next } from '../../base/errors.ts';
import { flagName } from '../../base/text.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/place.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { nounOf } from '../language/command.ts';
import { takenBy } from '../language/signature.ts';
import type { Invocation } from './invocation.ts';

/** The profile and host that a suggested command line must use. */
type Where = Pick<Settings, 'host' | 'profile' | 'origins'>;

/** Formats the words after `dnx` for a shell, with `--profile` and `--host` if needed. */
export function commandLine(words: readonly string[], { host, profile, origins }: Where): string {
  const given = (flag: string) => words.includes(flag);
  const flags = [
    ...(profile === DEFAULT_PROFILE || given('--profile') ? [] : ['--profile', profile]),
    ...(origins.host !== 'option' || given('--host') ? [] : ['--host', host]),
  ];
  return ['dnx', ...words, ...flags].map(quoted).join(' ');
}

/** A next command as a line: `Resume with: dnx watch`. */
export const nextLine = ({ command, why }: Next, where: Where): string => `${why}: ${commandLine(command, where)}`;

/** The `--help` of a command, a group, or dnx itself. */
export const seeHelp = (path: string): Next => ({ command: [...path.split(' ').filter(Boolean), '--help'], why: 'See' });

/** The command line that needs no prompts. */
export function withAnswers(invocation: Invocation, answers: Readonly<Record<string, unknown>>): readonly string[] {
  const { command, path, group, targets, options, fields, body, consent } = invocation;
  const taken = takenBy(command);
  const all: Readonly<Record<string, unknown>> = {
    ...targets,
    ...fields,
    ...options,
    ...(body.field.length > 0 && { field: body.field }),
    ...(body.data !== undefined && { data: body.data }),
    ...(consent.yes && { yes: true }),
    ...(consent.confirm !== undefined && { confirm: consent.confirm }),
    ...answers,
  };
  const positional = (key: string) => key === nounOf(group) || taken[key]?.place !== undefined;
  const placed = Object.keys(all).filter(positional);
  const named = Object.keys(all).filter((key) => !positional(key));
  return [
    ...path.split(' '),
    ...placed.flatMap((key) => valuesOf(all[key])),
    ...named.flatMap((key) => option(key, all[key])),
    ...shaped(invocation),
  ];
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
  return valuesOf(value).flatMap((each) => [flagName(key), each]);
}

const valuesOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).map(String);

/** Quotes a word for a shell if needed. */
export const quoted = (word: string): string => (/^[\w@%+=:,./…-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
