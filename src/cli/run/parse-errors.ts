import { type DnxError, usage } from '../../base/errors.ts';
import { didYouMean, nearest } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { flagName } from '../../base/text.ts';
import type { AnyCommand, Tree } from '../language/command.ts';
import type { Options } from '../language/options.ts';
import type { Positional } from '../language/signature.ts';
import { everyCommand } from '../language/tree.ts';
import { seeHelp } from './command-line.ts';
import type { GivenOptions } from './invocation.ts';

/** What the errors of a command depend on. */
export interface NamedCommand {
  readonly command: AnyCommand;
  readonly positionals: readonly Positional[];
  readonly options: Options;
  /** The position of another command line among the arguments; -1 if it takes none. */
  readonly rest: number;
}

export const isWord = (word: string): boolean => !word.startsWith('-');

/** The error for an unknown command, with a suggestion. `path` is the group, or empty. */
export async function unknownCommand(word: string, path: string, tree: Tree, topics: Tree['topics'] = []): Promise<DnxError> {
  const { contents, standalone, shortcuts } = tree;
  const leaves = await everyCommand(tree);
  const entry = contents.find(({ name }) => name === path);
  const known = entry
    ? leaves.filter(({ group }) => [entry.name, entry.also].includes(group.name)).map(({ command }) => command.name)
    : [
        ...contents.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
        ...[...standalone, ...topics].map(({ name }) => name),
        ...[...Object.keys(shortcuts), 'help'],
      ];
  const elsewhere = leaves.filter(({ command: { name, aliases = [] } }) => name === word || aliases.includes(word));
  const here = nearest(word, known);
  const meant = elsewhere.length === 1 ? elsewhere[0]?.path : here && `${path} ${here}`.trim();
  return usage(`Unknown command '${`${path} ${word}`.trim()}'.${meant ? ` Did you mean '${meant}'?` : ''}`, undefined, seeHelp(path));
}

/** The error for an unknown option, with a suggestion, or for a flag with a value. The value may be a secret. */
export function unknownOption(words: readonly string[], flags: readonly string[], path: string): DnxError {
  const word = words.find((each) => /^-./.test(each) && Number.isNaN(Number(each))) ?? words[0] ?? '';
  const [name = ''] = word.split('=');
  if (flags.includes(name) && name !== word) return usage(`Option '${name}' takes no value.`, undefined, seeHelp(path));
  return usage(`Unknown option '${name}'.${didYouMean(name, flags)}`, undefined, seeHelp(path));
}

/** What to do about an option that was meant for another program. */
export function hintFor({ rest }: NamedCommand, argv: readonly string[]): string | undefined {
  if (rest === 0) return 'To pass it on, put -- before it.';
  return rest > 0 && !argv.includes('--') ? 'The options of a command to run come after --.' : undefined;
}

/** The error for `dnx ssh web-1 df -h`, whose `-h` is probably not for dnx. */
export function refusedHelp(words: readonly string[], path: string, { rest }: NamedCommand): DnxError | undefined {
  const first = words.findIndex((word) => !isWord(word));
  if (rest < 1 || first <= rest) return undefined;
  const help = words.find((word) => ['-h', '--help'].includes(word));
  return usage(`Put -- before '${words[rest]}' to pass it ${help}.`, undefined, seeHelp(path));
}

/** The error for extra arguments. A single one may belong to an option. */
export function tooMany(extra: readonly string[], path: string, leaf: NamedCommand | undefined, given: GivenOptions): DnxError {
  const [word = ''] = extra;
  const parent = leaf && extra.length === 1 ? parentFor(word, leaf, given) : undefined;
  const use = parent && `Use ${flagName(parent)} ${quoted(word)}.`;
  return usage(`Too many arguments: ${extra.map((each) => `'${each}'`).join(', ')}.`, use, seeHelp(path));
}

/** The option that an extra word could belong to: `site` if it has a dot, else `server`. */
function parentFor(word: string, { command, options, positionals }: NamedCommand, given: GivenOptions): string | undefined {
  if (typeof command.calls === 'function' || !/^\w[\w.-]*$/.test(word)) return undefined;
  const parent = word.includes('.') ? 'site' : 'server';
  const fits = parent in options && given[parent] === undefined && (parent === 'site' || !('site' in options));
  return fits && positionals.every(({ key, option }) => key !== parent && !option.destination) ? parent : undefined;
}
