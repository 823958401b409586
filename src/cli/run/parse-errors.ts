import { type DnxError, usage } from '../../base/errors.ts';
import { didYouMean, nearest } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { flagName, orList } from '../../base/text.ts';
import type { AnyCommand, Tree } from '../language/command.ts';
import type { Options } from '../language/options.ts';
import type { GivenOptions, Positional } from '../language/signature.ts';
import { everyCommand, namesOf } from '../language/tree.ts';
import { seeHelp } from './line.ts';

/** A command, and what commander reads for it. */
export interface NamedCommand {
  readonly command: AnyCommand;
  readonly all: readonly Positional[];
  /** Without a site that leads. */
  readonly positionals: readonly Positional[];
  readonly options: Options;
  /** The position of another command line among the arguments; -1 if it takes none. */
  readonly rest: number;
}

/** The error for an unknown command, with what may be meant. `path` is the group, or empty. */
export async function unknownCommand(word: string, path: string, tree: Tree, topics: Tree['topics'] = []): Promise<DnxError> {
  const meant = await meantBy(word, path, tree, topics);
  const maybe = meant.length > 0 ? ` Did you mean ${orList(meant.map((each) => `'${each}'`))}?` : '';
  return usage(`Unknown command '${`${path} ${word}`.trim()}'.${maybe}`, undefined, seeHelp(path));
}

/** A verb of more groups than this tells nothing. */
const MOST_GROUPS = 4;

async function meantBy(word: string, path: string, tree: Tree, topics: Tree['topics']): Promise<readonly string[]> {
  const { contents, standalone, shortcuts } = tree;
  const migration = `from-${word}`;
  if (path === '' && tree.topics.some(({ name }) => name === migration)) return [`help ${migration}`];
  const leaves = await everyCommand(tree);
  const named = (verb: string) => leaves.filter(({ command: { name, aliases = [] } }) => name === verb || aliases.includes(verb));
  const [noun = '', verb = ''] = word.split(':');
  const spaced = named(verb).find(({ group }) => contents.some((each) => each.name === group.name && namesOf(each).includes(noun)))?.path;
  if (spaced) return [spaced];
  const singles = [...Object.keys(shortcuts), ...standalone.map(({ name }) => name)];
  const single = [verb, noun].find((each) => each !== word && singles.includes(each));
  if (single !== undefined) return [single];

  const elsewhere = named(word).map((leaf) => leaf.path);
  if (elsewhere.length === 1) return elsewhere;

  const entry = contents.find(({ name }) => name === path);
  const known = entry
    ? leaves.filter(({ group }) => [entry.name, entry.also].includes(group.name)).map(({ command }) => command.name)
    : [...contents.flatMap(({ name, aliases = [] }) => [name, ...aliases]), ...singles, ...topics.map(({ name }) => name), 'help'];
  const here = nearest(word, known);
  if (here !== undefined) return [`${path} ${here}`.trim()];
  if (elsewhere.length <= MOST_GROUPS) return elsewhere;
  // What nearly every group has says nothing about this one.
  return entry ? [] : elsewhere.filter((each) => /^(server|site) /.test(each));
}

/** The option among the words that commander refused, with its value if they are one word. */
export const refusedOption = (words: readonly string[]): string =>
  words.find((each) => /^-./.test(each) && Number.isNaN(Number(each))) ?? words[0] ?? '';

/** The error for an unknown option, with a suggestion, or for a flag with a value. The value may be a secret. */
export function unknownOption(word: string, flags: readonly string[], path: string): DnxError {
  const [name = ''] = word.split('=');
  if (flags.includes(name) && name !== word) return usage(`Option '${name}' takes no value.`, undefined, seeHelp(path));
  return usage(`Unknown option '${name}'.${didYouMean(name, flags)}`, undefined, seeHelp(path));
}

/** What to do about an option that was meant for another program. */
export function hintFor({ rest }: NamedCommand, argv: readonly string[]): string | undefined {
  if (rest === 0) return 'To pass it on, put -- before it.';
  return rest > 0 && !argv.includes('--') ? 'The options of a command come after its name.' : undefined;
}

interface OtherUses {
  /** The option that an extra word could belong to. */
  readonly option: string | undefined;
  /** An option that was given, and may be repeated. */
  readonly list: string | undefined;
}

/** The error for extra arguments, which may belong to an option. */
export function tooMany(extra: readonly string[], path: string, { option, list }: OtherUses): DnxError {
  const again = list && `To give several values, repeat ${flagName(list)}.`;
  const use = option ? `Use ${option} ${quoted(extra[0] ?? '')}.` : again;
  return usage(`Too many arguments: ${extra.map((each) => `'${each}'`).join(', ')}.`, use, seeHelp(path));
}

/** The option that an extra word could belong to: `--site` if it has a dot, else `--server`. */
export function optionFor(
  [word = '', ...others]: readonly string[],
  { command, options, positionals }: NamedCommand,
  values: GivenOptions,
): string | undefined {
  if (others.length > 0 || typeof command.calls === 'function' || !/^\w[\w.-]*$/.test(word)) return undefined;
  const parent = word.includes('.') ? 'site' : 'server';
  const fits = parent in options && values[parent] === undefined && (parent === 'site' || !('site' in options));
  return fits && positionals.every(({ key, option }) => key !== parent && !option.destination) ? flagName(parent) : undefined;
}
