import { flagName } from '../../base/text.ts';
import type { Options } from '../language/options.ts';
import type { Invocation } from './program.ts';

/** The command line that does the same without asking: what was typed, and the answers in place of the questions. */
export function equivalent({ command, path, words, group }: Invocation, answers: Readonly<Record<string, unknown>>): string {
  const options: Options = command.options ?? {};
  const all = { ...words, ...answers };
  const positional = (key: string) => key === group.noun || options[key]?.place !== undefined;
  const placed = Object.keys(all).filter(positional);
  const named = Object.keys(all).filter((key) => !positional(key));
  const line = [...placed.flatMap((key) => valuesOf(all[key])), ...named.flatMap((key) => option(key, all[key]))];
  return ['dnx', path, ...line].join(' ');
}

function option(key: string, value: unknown): readonly string[] {
  // `no_x` reads true until `--no-x` is given.
  if (key.startsWith('no_')) return value === false ? [flagName(key)] : [];
  if (value === true) return [flagName(key)];
  if (value === false) return [flagName(`no_${key}`)];
  return valuesOf(value).flatMap((each) => [flagName(key), each]);
}

const valuesOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).map((each) => quoted(String(each)));

/** One word for a shell. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
