import type { Next } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { flagName } from '../../base/text.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/host.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { nounOf } from '../language/command.ts';
import { takenBy } from '../language/signature.ts';
import { safeLine as printable } from '../output/text.ts';
import type { Invocation } from './invocation.ts';

/** The profile, host and CA file that a suggested command line must use. */
type Where = Pick<Settings, 'host' | 'profile' | 'origins'> & Partial<Pick<Settings, 'caOption'>>;

/** Formats the words after `dnx` for a shell, with `--profile`, `--host` and `--ca-file` if needed. */
export function commandLine(words: readonly string[], { host, profile, origins, caOption }: Where): string {
  const given = (flag: string) => words.includes(flag);
  const flags = [
    ...(profile === DEFAULT_PROFILE || given('--profile') ? [] : ['--profile', profile]),
    ...(origins.host !== 'option' || given('--host') ? [] : ['--host', host]),
    ...(caOption === undefined || given('--ca-file') ? [] : ['--ca-file', caOption]),
  ];
  const end = words.indexOf('--');
  const [before, after] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end)];
  return ['dnx', ...before, ...flags, ...after].map(quoted).join(' ');
}

/** A next command as a line: `Resume with: dnx watch`. */
export const nextLine = ({ command, why }: Next, where: Where): string => `${why}: ${commandLine(command, where)}`;

/** The `--help` of a command, a group, or dnx itself. */
export const seeHelp = (path: string): Next => ({ command: [...path.split(' ').filter(Boolean), '--help'], why: 'See' });

/** The command line that needs no prompts. Undefined if it would repeat a secret, or does not fit on a line. */
export function withAnswers(invocation: Invocation, answers: Readonly<Record<string, unknown>>): readonly string[] | undefined {
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
  return line.every((word) => printable(word) === word) ? line : undefined;
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
