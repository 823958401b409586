import { Command, CommanderError, Option as Flag } from 'commander';
import { type DnxError, usage } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { capitalized, flagName, plural } from '../../base/text.ts';
import { version } from '../../base/version.ts';
import { type AnyCommand, type Entry, type Group, noGroup, type Tree } from '../language/command.ts';
import { type Globals, globals as globalOptions } from '../language/globals.ts';
import { type Options, text } from '../language/options.ts';
import { optionsOf, positionalsOf } from '../language/signature.ts';
import { seeHelp } from './command-line.ts';
import { commandHelp, groupHelp, type Page, rootHelp } from './help.ts';
import type { Invocation } from './invocation.ts';
import { globalsOf, invocationOf } from './received.ts';

/** What argv says. The options of every command are known even where the rest is not understood. */
export interface Parsed {
  readonly globals: Globals;
  /** Undefined where help or the version was asked for, or the command line is wrong. */
  readonly invocation?: Invocation | undefined;
  /** What to print instead of running anything. */
  readonly help?: Help | undefined;
  readonly error?: unknown;
}

type Help = (page: Page) => string;

/** What one reading of argv has found out so far. */
interface Reading {
  readonly tree: Tree;
  /** The options of every command, which may stand before the group, after it, and after the command. */
  readonly flags: readonly Flag[];
  readonly given: Record<string, unknown>;
  help?: Help;
}

/** What may stand before a group beside the options of every command. */
const parents = { server: text('The server'), site: text('The site') };

/**
 * Reads argv with commander, in steps: the program's own options, those of the group, then the command itself. Only the group that is named is
 * loaded, and only what is named is declared.
 */
export async function parse(argv: readonly string[], tree: Tree): Promise<Parsed> {
  const reading: Reading = { tree, flags: flagsOf(globalOptions), given: {} };
  try {
    const invocation = await reach(argv, reading);
    return { globals: globalsOf(reading.given), invocation };
  } catch (error) {
    const globals = globalsOf(reading.given);
    return error instanceof CommanderError && error.exitCode === 0 ? { globals, help: reading.help } : { globals, error };
  }
}

/** The command that these words name. Help ends in a CommanderError with exit code 0. */
async function reach(argv: readonly string[], reading: Reading): Promise<Invocation> {
  const { contents, alone, shortcuts } = reading.tree;
  const program = step(reading, '', (page) => rootHelp(reading.tree, page)).version(version, '--version');
  const [name, ...rest] = wordsAfter(program, argv, [...reading.flags, ...flagsOf(parents)], reading);
  if (name === undefined) return program.help();
  if (name === 'help') return reach([...rest, '--help'], reading);
  const entry = contents.find((each) => namesOf(each).includes(name));
  if (entry) return reachIn(entry, rest, reading);
  const single = alone.find((each) => each.name === name);
  if (single) return read(noGroup, (await single.load()).default, name, rest, reading);
  const [of, verb] = own(shortcuts, name) ?? [];
  const group = (await contents.find((each) => each.name === of)?.load())?.default;
  const command = group?.commands.find((each) => each.name === verb);
  if (group && command) return read(group, command, name, rest, reading);
  const known = [...contents, ...alone].map((each) => each.name);
  return unknown([name, ...rest], [...known, ...Object.keys(shortcuts), 'help'], '', reading);
}

const namesOf = ({ name, aliases = [] }: Entry): readonly string[] => [name, plural(name), ...aliases];

/** The command of a group. */
async function reachIn(entry: Entry, argv: readonly string[], reading: Reading): Promise<Invocation> {
  const group = (await entry.load()).default;
  const program = step(reading, entry.name, (page) => groupHelp(entry, group, page));
  const [verb, ...rest] = wordsAfter(program, argv, reading.flags, reading);
  if (verb === undefined) throw usage(`dnx ${entry.name} is a group of commands: which one?`, undefined, seeHelp(entry.name));
  if (verb === 'help') return reachIn(entry, [...rest, '--help'], reading);
  const command = group.commands.find(({ name, aliases = [] }) => name === verb || aliases.includes(verb));
  if (command) return read(group, command, `${group.name} ${command.name}`, rest, reading);
  const known = group.commands.map(({ name }) => name);
  return unknown([verb, ...rest], known, entry.name, reading);
}

/** The words of the command itself. Nothing is required here: abilities are computed from lines that leave things out. */
function read(group: Group, command: AnyCommand, path: string, argv: readonly string[], reading: Reading): Invocation {
  const program = step(reading, path, (page) => commandHelp(path, group, command, page));
  const positionals = positionalsOf(group, command);
  for (const { key, variadic } of positionals) program.argument(`[${key.replaceAll('_', '-')}${variadic ? '...' : ''}]`);
  if (positionals.some(({ option }) => option.rest)) program.passThroughOptions();
  const own = optionsOf(group, command);
  parseWith(program, argv, [...flagsOf(own), ...reading.flags], reading);
  return invocationOf(group, command, path, { positionals, words: program.processedArgs, own, given: reading.given });
}

/** A step of the program: it ends by an error of ours, and its help is ours. */
function step(reading: Reading, path: string, help: Help): Command {
  return new Command(path || 'dnx')
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : refused(error, path);
    })
    .configureOutput({
      writeOut: (text) => {
        reading.help ??= () => text;
      },
      writeErr: () => {},
    })
    .configureHelp({
      formatHelp: () => {
        reading.help = help;
        return '';
      },
    })
    .action(() => {});
}

/** Reads the options that stand first; what comes after them is left as it is. */
function wordsAfter(program: Command, argv: readonly string[], flags: readonly Flag[], reading: Reading): readonly string[] {
  parseWith(program.argument('[words...]').passThroughOptions(), argv, flags, reading);
  return program.args;
}

function parseWith(program: Command, argv: readonly string[], flags: readonly Flag[], reading: Reading): void {
  for (const flag of flags) program.addOption(flag);
  try {
    program.parse(argv, { from: 'user' });
  } finally {
    for (const [key, value] of Object.entries(program.opts()))
      if (program.getOptionValueSource(key) !== 'default') reading.given[key] = value;
  }
}

/** Refuses a word that is no command, by commander's own suggestion of one that is like it. The options of every command count after it, too. */
function unknown([word = '', ...rest]: readonly string[], known: readonly string[], path: string, reading: Reading): never {
  const others = silent()
    .allowUnknownOption()
    .argument('[words...]')
    .action(() => {});
  try {
    parseWith(others, rest, reading.flags, reading);
  } catch (error) {
    // An option without its value matters less than the word that is no command.
    if (!(error instanceof CommanderError)) throw error;
  }
  const program = silent();
  for (const name of known) program.command(name);
  try {
    program.parse([word], { from: 'user' });
  } catch (error) {
    throw error instanceof CommanderError ? refused(error, path) : error;
  }
  throw new Error(`${word} is a command after all`);
}

/** A step that writes nothing and ends by an error. */
const silent = (): Command =>
  new Command()
    .exitOverride()
    .helpCommand(false)
    .helpOption(false)
    .configureOutput({ writeErr: () => {} });

/** A refusal of commander in its own words, as a sentence. */
function refused({ message }: CommanderError, path: string): DnxError {
  const [first = '', ...more] = message.slice('error: '.length).split('\n');
  const sentences = [first, ...more.map((each) => each.slice(1, -1))].map(capitalized);
  return usage(sentences.map((each) => (/[.?!]$/.test(each) ? each : `${each}.`)).join(' '), undefined, seeHelp(path));
}

/** An option as commander declares it; `--no-x` beside `--x` where it can be negated. */
function flagsOf(options: Options): Flag[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const short = option.short ? `-${option.short}, ` : '';
    const value = option.kind === 'flag' ? '' : ` <${option.placeholder ?? 'value'}>`;
    const flags = [new Flag(`${short}${flagName(key)}${value}`), ...(option.negatable ? [new Flag(flagName(`no_${key}`))] : [])];
    if (option.kind === 'list')
      for (const flag of flags) flag.argParser((word: string, before: readonly string[] = []) => [...before, word]);
    return flags;
  });
}
