import { usage } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { version } from '../../base/version.ts';
import { type AnyCommand, type Entry, type Group, rootGroup, type Tree } from '../language/command.ts';
import { globals as globalOptions } from '../language/globals.ts';
import { type Options, text } from '../language/options.ts';
import { optionsOf, positionalsOf } from '../language/signature.ts';
import { namesOf } from '../language/tree.ts';
import { seeHelp } from './command-line.ts';
import type { Page } from './help/page.ts';
import type { Invocation } from './invocation.ts';
import { invocationOf } from './received.ts';
import { type Expected, type Step, takeStep, unknownOption } from './step.ts';
import { unknownCommand } from './unknown-command.ts';

/** Text that is loaded when it is printed. */
export type Help = (page: Page) => Promise<string>;

/** The state of one parse. */
export interface Reading {
  readonly tree: Tree;
  /** The values of global options so far. */
  readonly given: Record<string, unknown>;
  /** What to print instead of running a command. */
  help?: Help;
}

/** Options that may also come before the group or the command. */
const parents = { server: text('The server'), site: text('The site') };

/** Finds the command with commander, in steps: global options, group, command. Undefined if help or the version is shown instead. */
export async function reach(argv: readonly string[], reading: Reading, topics: readonly string[] = []): Promise<Invocation | undefined> {
  const { contents, standalone, shortcuts } = reading.tree;
  const { words, asked } = firstWords(argv, '', reading);
  const [name, ...rest] = words;
  if (asked === 'version') return show(reading, async () => `${version}\n`);
  if (asked === 'help' || name === undefined)
    return show(reading, async (page) => (await import('./help/root.ts')).rootHelp(reading.tree, page));
  if (name === 'help') return reachHelp(rest, reading);
  const entry = contents.find((each) => namesOf(each).includes(name));
  if (entry) return reachIn(entry, rest, reading);
  const single = standalone.find((each) => each.name === name);
  if (single) return read(rootGroup(single), (await single.load()).default, name, rest, reading);
  const [of, verb] = own(shortcuts, name) ?? [];
  const group = (await contents.find((each) => each.name === of)?.load())?.default;
  const command = group?.commands.find((each) => each.name === verb);
  if (group && command) return read(group, command, name, rest, reading);
  const known = [...contents.flatMap(({ name, aliases = [] }) => [name, ...aliases]), ...standalone.map((each) => each.name)];
  return refuse(name, rest, '', [...known, ...Object.keys(shortcuts), ...topics, 'help'], reading);
}

/** `dnx help`: a topic, or the help of a command. */
async function reachHelp(argv: readonly string[], reading: Reading): Promise<Invocation | undefined> {
  const { topics } = reading.tree;
  // Unknown options are ignored, as with --help.
  const { words } = firstWords(argv, '', reading, true);
  const [name, ...rest] = words;
  const topic = rest.every((word) => word.startsWith('-')) ? topics.find((each) => each.name === name) : undefined;
  if (!topic) {
    const names = topics.map((each) => each.name);
    return reach([...argv, '--help'], reading, names);
  }
  const { default: content } = await topic.load();
  takeStep(rest, { path: '', options: [globalOptions], args: [], lenient: true }, reading.given);
  return show(reading, async (page) => (await import('./help/topic.ts')).topicHelp(content, page));
}

/** Finds the command in a group. */
async function reachIn(entry: Entry, argv: readonly string[], reading: Reading): Promise<Invocation | undefined> {
  const group = (await entry.load()).default;
  const { words, asked } = firstWords(argv, entry.name, reading);
  const [verb, ...rest] = words;
  if (asked === 'help' || verb === undefined)
    return show(reading, async (page) => (await import('./help/group.ts')).groupHelp(entry, group, page));
  if (verb === 'help') return reachIn(entry, [...rest, '--help'], reading);
  const also = reading.tree.contents.find(({ name }) => name === entry.also);
  const groups = [group, ...(also ? [(await also.load()).default] : [])];
  for (const each of groups) {
    const command = each.commands.find(({ name, aliases = [] }) => name === verb || aliases.includes(verb));
    if (command) return read(each, command, `${each.name} ${command.name}`, rest, reading);
  }
  return refuse(
    verb,
    rest,
    entry.name,
    groups.flatMap(({ commands }) => commands.map(({ name }) => name)),
    reading,
  );
}

/** Parses the words of a command. Nothing is required yet, because abilities are computed from incomplete lines. */
function read(group: Group, command: AnyCommand, path: string, argv: readonly string[], reading: Reading): Invocation | undefined {
  const positionals = positionalsOf(group, command);
  const options = optionsOf(group, command);
  const rest = positionals.findIndex(({ option }) => option.rest);
  // After another argument, the other command line begins with `--`.
  const end = rest > 0 ? argv.indexOf('--') : -1;
  const expected: Expected = {
    path,
    options: [options, globalOptions],
    args: positionals.map(({ key, variadic }) => `[${key.replaceAll('_', '-')}${variadic ? '...' : ''}]`),
    passThrough: rest === 0,
    ...(rest === 0 && { hint: 'To pass it on, put -- before it.' }),
    ...(rest > 0 && end < 0 && { hint: 'The options of a command to run come after --.' }),
    parentOf: (word) => {
      const parent = parentOf(word, typeof command.calls === 'function' ? {} : options, reading.given);
      return positionals.some(({ key, option }) => key === parent || option.destination) ? undefined : parent;
    },
  };
  const { values, asked } = takeStep(end < 0 ? argv : argv.slice(0, end), expected, reading.given);
  if (asked === 'help' && rest > 0 && end < 0) refuseHelpOf(argv, expected, rest);
  // `--api` is not an option; it only works with --help.
  if (asked && argv.includes('--api')) return show(reading, async (page) => (await import('./help/api.ts')).apiHelp(path, command, page));
  if (asked) return show(reading, async (page) => (await import('./help/command.ts')).commandHelp(path, group, command, page));
  const words = end < 0 ? values : values.map((value, index) => (index === rest ? [...listOf(value), ...argv.slice(end + 1)] : value));
  return invocationOf(group, command, path, { positionals, words, own: options, given: reading.given });
}

/** Throws for `dnx ssh web-1 df -h`, whose `-h` is probably not for dnx. `rest` is the position of the other command line. */
function refuseHelpOf(argv: readonly string[], expected: Expected, rest: number): void {
  const isHelp = (word: string) => word === '-h' || word === '--help';
  const others = argv.filter((word) => !isHelp(word));
  const [program] = listOf(takeStep(others, { ...expected, lenient: true }, {}).values[rest]);
  if (program !== undefined) throw usage(`Put -- before '${program}' to pass it ${argv.find(isHelp)}.`, undefined, seeHelp(expected.path));
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The option that an extra word could belong to: `site` if it has a dot, else `server`. */
function parentOf(word: string, options: Options, given: Readonly<Record<string, unknown>>): string | undefined {
  if (!/^\w[\w.-]*$/.test(word)) return undefined;
  const parent = word.includes('.') ? 'site' : 'server';
  const fits = parent in options && given[parent] === undefined;
  return fits && (parent === 'site' || !('site' in options)) ? parent : undefined;
}

/** Parses leading options, and returns the other words unchanged. */
function firstWords(argv: readonly string[], path: string, { given }: Reading, lenient = false): Pick<Step, 'words' | 'asked'> {
  // Most lines have none there, and need no commander yet.
  if (!argv[0]?.startsWith('-')) return { words: argv };
  return takeStep(
    argv,
    { path, options: [globalOptions, parents], args: ['[words...]'], passThrough: true, version: path === '', lenient },
    given,
  );
}

function show(reading: Reading, help: Help): undefined {
  reading.help = help;
}

/** Fails for an unknown command. Reads the options after it, because `--json` decides how the error is printed. */
async function refuse(word: string, rest: readonly string[], path: string, known: readonly string[], reading: Reading): Promise<never> {
  takeStep(rest, { path, options: [globalOptions], args: ['[words...]'], lenient: true }, reading.given);
  throw word.startsWith('-') ? unknownOption(word, [], path) : await unknownCommand(word, path, known, reading.tree);
}
