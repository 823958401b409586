import { Command, CommanderError, Option as Flag } from 'commander';
import { type DnxError, usage } from '../../base/errors.ts';
import { flagName, plural } from '../../base/text.ts';
import { version } from '../../base/version.ts';
import { type AnyCommand, type Entry, type Group, noGroup, type Tree } from '../language/command.ts';
import { type Globals, globals as globalOptions } from '../language/globals.ts';
import { type Options, text } from '../language/options.ts';
import { optionsOf, positionalsOf } from '../language/signature.ts';
import { commandHelp, groupHelp, type Page, rootHelp } from './help.ts';
import type { Invocation } from './invocation.ts';
import { globalsOf, invocationOf, type Received } from './received.ts';

/** What argv says. The options of every command are known even where the rest is not understood. */
export interface Parsed {
  readonly globals: Globals;
  /** Undefined where help or the version was asked for, or the command line is wrong. */
  readonly invocation?: Invocation | undefined;
  /** What to print instead of running anything. */
  readonly help?: ((page: Page) => string) | undefined;
  readonly error?: unknown;
}

/** What one reading of argv has found out so far. */
interface Reading {
  readonly tree: Tree;
  /** The options of every command, which are declared on every level. */
  readonly flags: readonly Flag[];
  /** The command that has been reached: its options are those that were given. */
  reached: Command;
  invocation?: Invocation;
  help?: ((page: Page) => string) | undefined;
  /** The command line that is meant by `help x`, or by a wish for help on a command that is not there. */
  instead?: readonly string[];
}

/** Reads argv with commander, which loads only the group that is named. */
export async function parse(argv: readonly string[], tree: Tree): Promise<Parsed> {
  const root = new Command('dnx');
  const reading: Reading = { tree, flags: flagsOf(globalOptions), reached: root };
  const error: unknown = await rooted(root, reading)
    .parseAsync(argv, { from: 'user' })
    .then(() => undefined)
    .catch((cause: unknown) => cause);
  const globals = globalsOf(given(reading.reached));
  if (reading.instead) return { ...(await parse(reading.instead, tree)), globals };
  if (error === undefined) return { globals, invocation: reading.invocation };
  return error instanceof CommanderError && error.exitCode === 0 ? { globals, help: reading.help } : { globals, error };
}

/** What was given on this level and on those above it. Of commander's own merging, a default above would hide what is given below. */
function given(command: Command): Readonly<Record<string, unknown>> {
  const own = Object.entries(command.opts()).filter(([key]) => command.getOptionValueSource(key) !== 'default');
  return { ...(command.parent && given(command.parent)), ...Object.fromEntries(own) };
}

/** The program: every group by its name alone, and a server and a site, which may stand before it. */
function rooted(root: Command, reading: Reading): Command {
  const { tree } = reading;
  configured(root, reading, () => (page) => rootHelp(tree, page), '')
    .version(version, '--version')
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => {
        reading.help ??= () => text;
      },
      writeErr: () => {},
    });
  for (const flag of [...reading.flags, ...flagsOf(parents)]) root.addOption(flag);
  for (const entry of tree.contents) {
    const names = [entry.name, plural(entry.name), ...(entry.aliases ?? [])];
    for (const branch of spelled(root, names)) configured(branch, reading, () => undefined, entry.name).enablePositionalOptions();
  }
  for (const name of [...tree.alone.map((each) => each.name), ...Object.keys(tree.shortcuts)]) root.command(name);
  const help = root.command('help').argument('[words...]').allowUnknownOption();
  help.action((words: readonly string[]) => {
    reading.instead = [...words, '--help'];
  });
  return root.hook('preSubcommand', (_, branch) => load(branch, reading));
}

/** What may stand before a group beside the options of every command. */
const parents = { server: text('The server'), site: text('The site') };

/** Adds what the named branch of the root holds, once it is known that it is meant. */
async function load(branch: Command, reading: Reading): Promise<void> {
  reading.reached = branch;
  const { contents, alone, shortcuts } = reading.tree;
  const name = branch.name();
  const entry = contents.find((each) => [each.name, plural(each.name), ...(each.aliases ?? [])].includes(name));
  if (entry) return addGroup(branch, entry, (await entry.load()).default, reading);
  const single = alone.find((each) => each.name === name);
  if (single) return addCommand(branch, noGroup, (await single.load()).default, name, reading);
  const [of, verb] = shortcuts[name] ?? [];
  const group = (await contents.find((each) => each.name === of)?.load())?.default;
  const command = group?.commands.find((each) => each.name === verb);
  if (group && command) addCommand(branch, group, command, name, reading);
}

/** A command by its name, and by its aliases, which are understood and never suggested. */
const spelled = (parent: Command, names: readonly string[]): Command[] =>
  names.map((name, index) => parent.command(name, { hidden: index > 0 }));

function addGroup(branch: Command, entry: Entry, group: Group, reading: Reading): void {
  configured(branch, reading, () => (page) => groupHelp(entry, group, page), entry.name);
  for (const flag of reading.flags) branch.addOption(flag);
  for (const { name, aliases = [] } of group.commands) spelled(branch, [name, ...aliases]);
  branch.hook('preSubcommand', (_, leaf) => {
    reading.reached = leaf;
    const command = group.commands.find(({ name, aliases = [] }) => [name, ...aliases].includes(leaf.name()));
    if (command) addCommand(leaf, group, command, `${group.name} ${command.name}`, reading);
  });
}

function addCommand(leaf: Command, group: Group, command: AnyCommand, path: string, reading: Reading): void {
  configured(leaf, reading, () => (page) => commandHelp(path, group, command, page), path);
  const positionals = positionalsOf(group, command);
  // What is required is asked for later: a line may be read to be thought about, not to be run.
  for (const { key, variadic } of positionals) leaf.argument(`[${key.replaceAll('_', '-')}${variadic ? '...' : ''}]`);
  if (positionals.some(({ option }) => option.rest)) leaf.passThroughOptions();
  const own = optionsOf(group, command);
  for (const flag of [...flagsOf(own), ...reading.flags]) leaf.addOption(flag);
  leaf.action(() => {
    const received: Received = { positionals, words: leaf.processedArgs, own, given: given(leaf) };
    reading.invocation = invocationOf(group, command, path, received);
  });
}

/** How every level of the program behaves: it exits by an error of ours, and its help is ours. */
function configured(command: Command, reading: Reading, help: () => Reading['help'], path: string): Command {
  return command
    .helpCommand(false)
    .exitOverride((error) => {
      if (error.exitCode === 0) throw error;
      if (error.code === 'commander.help') throw unspecific(command, reading, path, error);
      throw refused(error, path);
    })
    .configureHelp({
      formatHelp: (of) => {
        const [word] = of.args;
        // Help on a command that is not there is a mistake, and commander names what is like it.
        if (of.commands.length > 0 && word !== undefined && !word.startsWith('-'))
          reading.instead = [...path.split(' ').filter(Boolean), word];
        reading.help = help();
        return '';
      },
    });
}

/** The program alone shows its help; a group waits for its command. */
function unspecific(command: Command, reading: Reading, path: string, error: CommanderError): Error {
  if (command.parent === null) return new CommanderError(0, error.code, error.message);
  reading.help = undefined;
  return usage(`dnx ${path} is a group of commands: which one?`, undefined, { command: [path, '--help'], why: 'See' });
}

const seeHelp = (path: string) => ({ command: [...path.split(' ').filter(Boolean), '--help'], why: 'See' });

/** A refusal of commander in its own words, as a sentence. */
function refused({ message }: CommanderError, path: string): DnxError {
  const [first = '', ...more] = message.slice('error: '.length).split('\n');
  const sentences = [first, ...more.map((each) => each.slice(1, -1))].map((each) => `${each.charAt(0).toUpperCase()}${each.slice(1)}`);
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
