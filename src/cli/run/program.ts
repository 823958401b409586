import { Command, CommanderError, Option as Flag } from 'commander';
import { type DnxError, usage } from '../../base/errors.ts';
import { flagName, plural } from '../../base/text.ts';
import { version } from '../../base/version.ts';
import { type AnyCommand, type Entry, type Group, noGroup, type Tree } from '../language/command.ts';
import { globals } from '../language/globals.ts';
import type { Options } from '../language/options.ts';
import { optionsOf, positionalsOf } from '../language/signature.ts';
import { arranged, withoutHelp } from './argv.ts';
import { commandHelp, groupHelp, type Paper, rootHelp } from './help.ts';

/** What argv asks for: a command, and the words given for each of its parameters and options, not yet read as values. */
export interface Invocation {
  readonly group: Group;
  readonly command: AnyCommand;
  /** As it was typed: `site deploy`, or `deploy`. */
  readonly path: string;
  readonly words: Readonly<Record<string, unknown>>;
}

interface Terminal extends Paper {
  readonly write: (text: string) => void;
}

/**
 * Reads argv with commander. Only the group that argv names is loaded. Undefined: help was printed, and that is all.
 * `partial`: nothing is required of the command line, for it is read to be thought about, not to be run.
 */
export async function parse(
  argv: readonly string[],
  tree: Tree,
  terminal: Terminal,
  { partial = false }: { readonly partial?: boolean } = {},
): Promise<Invocation | undefined> {
  const isSingle = (word: string) => tree.alone.some(({ name }) => name === word) || tree.shortcuts[word] !== undefined;
  let words = arranged(argv, (first) => (findEntry(tree, first) ? 2 : isSingle(first) ? 1 : 0));
  const program = root(tree, terminal);
  const named = words.find((word) => findEntry(tree, word) || isSingle(word));
  const [first, verb] = words;
  if (first !== named && !first?.startsWith('-')) words = withoutHelp(words);
  let invocation: Invocation | undefined;
  const reading: Reading = {
    words,
    paper: terminal,
    invoke: (found) => {
      invocation = found;
    },
  };

  // Declaring costs time at every start: where the first word is clear, no other branch can matter.
  const matters = (name: string) => words[0] !== named || name === named;
  for (const entry of tree.contents) {
    const wanted = named !== undefined && findEntry(tree, named) === entry;
    if (!wanted && !matters(entry.name)) continue;
    const branch = program.command(entry.name).helpCommand(false);
    branch.aliases([plural(entry.name), ...(entry.aliases ?? [])]);
    if (!wanted) continue;
    const group = (await entry.load()).default;
    if (verb && !verb.startsWith('-') && !group.commands.some(({ name, aliases }) => name === verb || aliases?.includes(verb)))
      words = withoutHelp(words);
    addGroup(branch, entry, group, reading);
  }
  for (const { name, load } of tree.alone) {
    if (!matters(name)) continue;
    const branch = program.command(name);
    if (name === named) addCommand(branch, noGroup, (await load()).default, name, reading);
  }
  for (const [name, [group, command]] of Object.entries(tree.shortcuts)) {
    if (!matters(name)) continue;
    const branch = program.command(name);
    if (name === named) {
      const loaded = await findEntry(tree, group)?.load();
      const found = loaded?.default.commands.find((each) => each.name === command);
      if (loaded && found) addCommand(branch, loaded.default, found, name, reading);
    }
  }

  if (partial) for (const branch of branchesOf(program)) for (const each of branch.registeredArguments) each.required = false;

  try {
    if (words.length === 0) program.help();
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    if (error.code === 'commander.help')
      throw usage(`dnx ${words.join(' ')} is a group of commands: which one?`, `See: dnx ${words.join(' ')} --help`);
    throw asUsage(error, program, words);
  }
  return invocation;
}

const branchesOf = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(branchesOf)];

const findEntry = ({ contents }: Tree, word: string): Entry | undefined =>
  contents.find(({ name, aliases }) => name === word || plural(name) === word || aliases?.includes(word));

function root(tree: Tree, { write, ...paper }: Terminal): Command {
  return new Command('dnx')
    .version(version, '--version', 'Show the version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => {} })
    .configureHelp({ formatHelp: () => rootHelp(tree, paper) });
}

interface Reading {
  readonly words: readonly string[];
  readonly paper: Paper;
  readonly invoke: (found: Invocation) => void;
}

/** Every command by its name; aliases, which are not suggested, arguments and options only where a word of argv may mean them. */
function addGroup(branch: Command, entry: Entry, group: Group, reading: Reading): void {
  const { words, paper } = reading;
  branch.configureHelp({ formatHelp: () => groupHelp(entry, group, paper) });
  for (const each of group.commands) {
    const { name, aliases = [] } = each;
    const leaf = branch.command(name).aliases(aliases.filter((alias) => words.includes(alias)));
    if ([name, ...aliases].some((word) => words.includes(word))) addCommand(leaf, group, each, `${group.name} ${name}`, reading);
  }
}

function addCommand(branch: Command, group: Group, command: AnyCommand, path: string, { invoke, paper }: Reading): void {
  branch.configureHelp({ formatHelp: () => commandHelp(path, group, command, paper) });
  const positionals = positionalsOf(group, command);
  for (const { key, required, variadic } of positionals) {
    const shown = variadic ? `${key.replaceAll('_', '-')}...` : key.replaceAll('_', '-');
    branch.argument(required ? `<${shown}>` : `[${shown}]`);
  }
  const own = optionsOf(group, command);
  const flags = [...addOptions(branch, own), ...addOptions(branch, globals)];
  branch.action((...received: unknown[]) => {
    const given = branch.opts<Record<string, unknown>>();
    const words: Record<string, unknown> = {};
    for (const { key, attribute } of flags) if (given[attribute] !== undefined) words[key] = given[attribute];
    positionals.forEach(({ key }, index) => {
      const word = received[index];
      if (word === undefined || (Array.isArray(word) && word.length === 0)) return;
      if (words[key] !== undefined) throw usage(`${key} is given twice: as “${word}” and as ${flagName(key)}.`);
      words[key] = word;
    });
    invoke({ group, command, path, words });
  });
}

interface Declared {
  readonly key: string;
  readonly attribute: string;
}

function addOptions(branch: Command, options: Options): Declared[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const short = option.short ? `-${option.short}, ` : '';
    const value = option.kind === 'flag' ? '' : ` <${option.placeholder ?? 'value'}>`;
    const flags = [new Flag(`${short}${flagName(key)}${value}`), ...(option.negatable ? [new Flag(flagName(`no_${key}`))] : [])];
    for (const flag of flags) {
      if (option.kind === 'list') flag.argParser((word: string, before: readonly string[] = []) => [...before, word]);
      branch.addOption(flag);
    }
    // A flag that is only ever `--no-x` reads true unless it is given.
    const [flag] = flags;
    return flag ? [{ key, attribute: flag.attributeName() }] : [];
  });
}

function asUsage(error: CommanderError, program: Command, words: readonly string[]): DnxError {
  const message = error.message.replace(/^error: /, '').replace(/\n\((Did you mean .*)\)$/, '. $1');
  const known = program.commands.find((each) => each.name() === words[0] || each.aliases().includes(words[0] ?? ''));
  const verb = known?.commands.find((each) => each.name() === words[1] || each.aliases().includes(words[1] ?? ''));
  const path = ['dnx', known?.name(), verb?.name()].filter(Boolean).join(' ');
  return usage(`${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.?!]$/.test(message) ? '' : '.'}`, `See: ${path} --help`);
}
