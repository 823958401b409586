import { type DnxError, usage } from '../../base/errors.ts';
import { didYouMean, nearest } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { flagName, orList } from '../../base/text.ts';
import type { AnyCommand, Term, Tree } from '../language/command.ts';
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

/** The error for an unknown command: what it is called here, or the nearest one. `path` is the group, or empty. */
export async function unknownCommand(word: string, path: string, tree: Tree, topics: Tree['topics'] = []): Promise<DnxError> {
  const { meant, topic } = await meantBy(word, path, tree, topics);
  const maybe = meant.length > 0 ? ` Did you mean ${orList(meant.map((each) => `'${each}'`))}?` : '';
  const see = topic === undefined ? seeHelp(path) : { command: ['help', topic], why: 'See' };
  return usage(`Unknown command '${`${path} ${word}`.trim()}'.${maybe}`, undefined, see);
}

/** A table with the words of another command line: `from-forge`. */
const FROM = 'from-';

const MOST_MEANT = 3;
/** A verb of more groups than this tells nothing. */
const MOST_GROUPS = 4;

async function meantBy(
  word: string,
  path: string,
  tree: Tree,
  topics: Tree['topics'],
): Promise<{ readonly meant: readonly string[]; readonly topic?: string | undefined }> {
  const { contents, standalone, shortcuts } = tree;
  if (path === '' && tree.topics.some(({ name }) => name === FROM + word)) return { meant: [`help ${FROM}${word}`] };
  const leaves = await everyCommand(tree);
  const named = (verb: string) => leaves.filter(({ command: { name, aliases = [] } }) => name === verb || aliases.includes(verb));
  const [noun = '', verb = ''] = word.split(':');
  const spaced = named(verb).find(({ group }) => contents.some((each) => each.name === group.name && namesOf(each).includes(noun)))?.path;

  const rows = await translations(`${path}:${word}`.replace(/^:/, ''), tree);
  const singles = [...Object.keys(shortcuts), ...standalone.map(({ name }) => name)];
  const paths = [...leaves.map((leaf) => leaf.path), ...singles];
  const translated = rows.flatMap(({ commands }) => commands).map((line) => withoutSamples(line, paths));
  const isShorter = translated.some((each) => shortcuts[each]?.slice(0, 2).join(' ') === spaced);
  const meant = [...new Set([...(spaced && !isShorter ? [spaced] : []), ...translated])];
  if (rows.length > 0) return { meant: meant.slice(0, MOST_MEANT), topic: topicOf(rows) };
  if (spaced) return { meant };
  const single = [verb, noun].find((each) => each !== word && singles.includes(each));
  if (single !== undefined) return { meant: [single] };

  const elsewhere = named(word).map((leaf) => leaf.path);
  if (elsewhere.length === 1) return { meant: elsewhere };

  const entry = contents.find(({ name }) => name === path);
  const known = entry
    ? leaves.filter(({ group }) => [entry.name, entry.also].includes(group.name)).map(({ command }) => command.name)
    : [
        ...contents.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
        ...[...standalone, ...topics].map(({ name }) => name),
        ...[...Object.keys(shortcuts), 'help'],
      ];
  const here = nearest(word, known);
  if (here !== undefined) return { meant: [`${path} ${here}`.trim()] };
  if (elsewhere.length <= MOST_GROUPS) return { meant: elsewhere };
  // What nearly every group has says nothing about this one.
  return { meant: entry ? [] : elsewhere.filter((each) => /^(server|site) /.test(each)) };
}

/** `logs --source deploy` for `logs web-1 --source deploy`: the command of a row and its options. What Artisan runs is no sample. */
function withoutSamples(line: string, paths: readonly string[]): string {
  const path = paths.filter((each) => `${line} `.startsWith(`${each} `)).sort((one, other) => other.length - one.length)[0] ?? line;
  if (path === 'artisan') return line;
  const options = line.slice(path.length).replace(/ (--|<) .*| --(server|site) \S+/g, '');
  return path + (options.match(/ -\S+( [^-\s]\S*)?/g) ?? []).join('');
}

/** A word in the tables of other command lines, and its commands here: none if it has no counterpart. */
interface Translation {
  readonly word: string;
  readonly commands: readonly string[];
  readonly topic: string;
}

/** The table to see: that of Forge, or the only one. */
function topicOf(rows: readonly Translation[]): string | undefined {
  const [topic, ...others] = new Set(rows.map((row) => row.topic));
  return rows.some((row) => row.topic === 'from-forge') ? 'from-forge' : others.length === 0 ? topic : undefined;
}

/** What `dnx help from-forge` and the like say about a word: `secret:list`, also for `secrets`; `addons`, also for `addons:create`. */
async function translations(word: string, { topics }: Tree): Promise<readonly Translation[]> {
  const tables = await Promise.all(
    topics
      .filter(({ name }) => name.startsWith(FROM))
      .map(async ({ name, load }) => {
        const [table, missing] = (await load()).body;
        const rows = (Array.isArray(table) ? (table as readonly Term[]) : []).flatMap((line) => translationsIn(line, name));
        const [, without = ''] = /^No dnx command: (.*?)\./.exec(String(missing)) ?? [];
        return [...rows, ...without.split(/, and |, | and /).map((each) => ({ word: each, commands: [], topic: name }))];
      }),
  );
  const rows = tables.flat();
  const singular = /s$/.test(word) ? word.slice(0, -1) : word;
  const ways = [word, `${singular}:list`, singular].map((way) => rows.filter((row) => row.word === way));
  const missing = rows.filter((row) => row.commands.length === 0 && word.startsWith(`${row.word}:`));
  return [...ways, missing].find((found) => found.length > 0) ?? [];
}

/** `forge env:pull, env:push` and `dnx env pull; dnx env push` are two words, each with its command. */
function translationsIn([term, text]: Term, topic: string): Translation[] {
  const [, ...others] = term.split(' ');
  const words = others.join(' ').split(', ');
  const commands = text.split('; ').map((each) => each.replace(/^dnx /, ''));
  const paired = words.length === commands.length;
  return words.map((each, index) => ({
    word: each.replace(/ .*/, ''),
    commands: paired ? commands.slice(index, index + 1) : commands,
    topic,
  }));
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
