import { own } from '../../base/json.ts';
import { version } from '../../base/version.ts';
import { type AnyCommand, type Entry, type Group, noGroup, type Tree } from '../language/command.ts';
import { type Globals, globals as globalOptions } from '../language/globals.ts';
import { type Options, text } from '../language/options.ts';
import { optionsOf, positionalsOf } from '../language/signature.ts';
import { namesOf } from '../language/tree.ts';
import type { Page } from './help/page.ts';
import type { Invocation } from './invocation.ts';
import { globalsOf, invocationOf } from './received.ts';
import { takeStep, unknownOption } from './step.ts';
import { unknownCommand } from './unknown-command.ts';

/** What argv says. The global options are known even if the rest is wrong. */
export interface Parsed {
  readonly globals: Globals;
  /** Undefined if help or the version was asked for, or the command line is wrong. */
  readonly invocation?: Invocation | undefined;
  /** What to print instead of running a command. */
  readonly help?: Help | undefined;
  readonly error?: unknown;
}

/** Loaded when it is printed. */
type Help = (page: Page) => Promise<string>;

/** What one reading of argv has found so far. */
interface Reading {
  readonly tree: Tree;
  readonly given: Record<string, unknown>;
  help?: Help;
}

/** Parents may stand before the group or the command, too. */
const parents = { server: text('The server'), site: text('The site') };

/** Reads argv in steps: global options, the group, the command. Loads only the group that is named. */
export async function parse(argv: readonly string[], tree: Tree): Promise<Parsed> {
  const reading: Reading = { tree, given: {} };
  try {
    const invocation = await reach(argv, reading);
    return { globals: globalsOf(reading.given), invocation, help: reading.help };
  } catch (error) {
    return { globals: globalsOf(reading.given), error };
  }
}

/** The command that these words name, or undefined after `show`. */
async function reach(argv: readonly string[], reading: Reading, topics: readonly string[] = []): Promise<Invocation | undefined> {
  const { contents, alone, shortcuts } = reading.tree;
  const { words, asked } = firstWords(argv, '', reading);
  const [name, ...rest] = words;
  if (asked === 'version') return show(reading, async () => `${version}\n`);
  if (asked === 'help' || name === undefined)
    return show(reading, async (page) => (await import('./help/root.ts')).rootHelp(reading.tree, page));
  if (name === 'help') return reachHelp(rest, reading);
  const entry = contents.find((each) => namesOf(each).includes(name));
  if (entry) return reachIn(entry, rest, reading);
  const single = alone.find((each) => each.name === name);
  if (single) return read(noGroup, (await single.load()).default, name, rest, reading);
  const [of, verb] = own(shortcuts, name) ?? [];
  const group = (await contents.find((each) => each.name === of)?.load())?.default;
  const command = group?.commands.find((each) => each.name === verb);
  if (group && command) return read(group, command, name, rest, reading);
  const known = [...contents.flatMap(({ name, aliases = [] }) => [name, ...aliases]), ...alone.map((each) => each.name)];
  return refuse(name, rest, '', [...known, ...Object.keys(shortcuts), ...topics, 'help'], reading);
}

/** A topic, or the help of what the words name. */
async function reachHelp(argv: readonly string[], reading: Reading): Promise<Invocation | undefined> {
  const { topics } = reading.tree;
  const { words } = firstWords(argv, '', reading);
  const [name, ...rest] = words;
  const topic = rest.every((word) => word.startsWith('-')) ? topics.find((each) => each.name === name) : undefined;
  if (!topic) {
    const names = topics.map((each) => each.name);
    return reach([...argv, '--help'], reading, names);
  }
  const { default: content } = await topic.load();
  takeStep(rest, { path: '', options: [globalOptions], args: [] }, reading.given);
  return show(reading, async (page) => (await import('./help/topic.ts')).topicHelp(content, page));
}

/** The command of a group. */
async function reachIn(entry: Entry, argv: readonly string[], reading: Reading): Promise<Invocation | undefined> {
  const group = (await entry.load()).default;
  const { words, asked } = firstWords(argv, entry.name, reading);
  const [verb, ...rest] = words;
  if (asked === 'help' || verb === undefined)
    return show(reading, async (page) => (await import('./help/group.ts')).groupHelp(entry, group, page));
  if (verb === 'help') return reachIn(entry, [...rest, '--help'], reading);
  const command = group.commands.find(({ name, aliases = [] }) => name === verb || aliases.includes(verb));
  if (command) return read(group, command, `${group.name} ${command.name}`, rest, reading);
  return refuse(
    verb,
    rest,
    entry.name,
    group.commands.map(({ name }) => name),
    reading,
  );
}

/** The words of the command itself. Nothing is required here: abilities are computed from incomplete lines. */
function read(group: Group, command: AnyCommand, path: string, argv: readonly string[], reading: Reading): Invocation | undefined {
  const positionals = positionalsOf(group, command);
  const options = optionsOf(group, command);
  const { values, asked } = takeStep(
    argv,
    {
      path,
      options: [options, globalOptions],
      args: positionals.map(({ key, variadic }) => `[${key.replaceAll('_', '-')}${variadic ? '...' : ''}]`),
      passThrough: positionals.some(({ option }) => option.rest),
      parentOf: (word) => parentOf(word, typeof command.calls === 'function' ? {} : options, reading.given),
    },
    reading.given,
  );
  // `--api` is no option: it only counts beside --help.
  if (asked && argv.includes('--api')) return show(reading, async (page) => (await import('./help/api.ts')).apiHelp(path, command, page));
  if (asked) return show(reading, async (page) => (await import('./help/command.ts')).commandHelp(path, group, command, page));
  return invocationOf(group, command, path, { positionals, words: values, own: options, given: reading.given });
}

/** The site or server that a word could be, if it is an option that was not given. Only a domain has a dot. */
function parentOf(word: string, options: Options, given: Readonly<Record<string, unknown>>): string | undefined {
  if (!/^\w[\w.-]*$/.test(word)) return undefined;
  const parent = word.includes('.') ? 'site' : 'server';
  const fits = parent in options && given[parent] === undefined;
  return fits && (parent === 'site' || !('site' in options)) ? parent : undefined;
}

/** The options that come first, and the words after them as they are. */
const firstWords = (argv: readonly string[], path: string, { given }: Reading) =>
  takeStep(argv, { path, options: [globalOptions, parents], args: ['[words...]'], passThrough: true, version: path === '' }, given);

function show(reading: Reading, help: Help): undefined {
  reading.help = help;
}

/** Refuses a word that is no command. `--json` after it still decides how the error is printed. */
async function refuse(word: string, rest: readonly string[], path: string, known: readonly string[], reading: Reading): Promise<never> {
  takeStep(rest, { path, options: [globalOptions], args: ['[words...]'], lenient: true }, reading.given);
  throw word.startsWith('-') ? unknownOption(word, [], path) : await unknownCommand(word, path, known, reading.tree);
}
