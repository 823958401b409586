import { Command, CommanderError, Option as Flag } from 'commander';
import { needOf } from '../auth/abilities.ts';
import type { Entry } from '../commands/index.ts';
import { type DnxError, usage } from '../errors.ts';
import { version } from '../version.ts';
import { flagName, plural } from '../words.ts';
import type { AnyCommand, Group } from './command.ts';
import { globals } from './globals.ts';
import type { Options } from './options.ts';
import { describe, optionsOf, positionalsOf } from './takes.ts';

/** What argv asks for: a command, and the words given for each of its parameters and options, not yet read as values. */
export interface Invocation {
  readonly group: Group;
  readonly command: AnyCommand;
  /** As it was typed: `site deploy`, or `deploy`. */
  readonly path: string;
  readonly words: Readonly<Record<string, unknown>>;
}

export interface Contents {
  readonly contents: readonly Entry[];
  readonly alone: readonly Entry<AnyCommand>[];
  readonly shortcuts: Readonly<Record<string, readonly [group: string, command: string, summary: string]>>;
  /** Nothing is required of a command line: it is read to be thought about, not to be run. */
  readonly partial?: boolean;
}

interface Terminal {
  readonly write: (text: string) => void;
  readonly width: number;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** Reads argv with commander. Only the group that argv names is loaded. Undefined: help was printed, and that is all. */
export async function parse(argv: readonly string[], tree: Contents, terminal: Terminal): Promise<Invocation | undefined> {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
  const program = root(terminal);
  const named = words.find((word) => findEntry(tree, word) || tree.alone.some(({ name }) => name === word) || tree.shortcuts[word]);
  let invocation: Invocation | undefined;
  const invoke = (found: Invocation) => {
    invocation = found;
  };

  // Declaring costs time at every start: where the first word is clear, no other branch can matter.
  const matters = (name: string) => words[0] !== named || name === named;
  for (const entry of tree.contents) {
    const wanted = named !== undefined && findEntry(tree, named) === entry;
    if (!wanted && !matters(entry.name)) continue;
    const branch = program.command(entry.name).summary(entry.summary).description(entry.summary).helpGroup(`${entry.section}:`);
    branch.aliases([plural(entry.name), ...(entry.aliases ?? [])]);
    if (wanted) addGroup(branch, (await entry.load()).default, words, invoke);
  }
  for (const { name, summary, section, load } of tree.alone) {
    if (!matters(name)) continue;
    const branch = program.command(name).summary(summary).helpGroup(`${section}:`);
    if (name === named) addCommand(branch, noGroup, (await load()).default, name, invoke);
  }
  for (const [name, [group, command, summary]] of Object.entries(tree.shortcuts)) {
    if (!matters(name)) continue;
    const branch = program.command(name).summary(summary).helpGroup('Shortcuts:');
    if (name === named) {
      const loaded = await findEntry(tree, group)?.load();
      const found = loaded?.default.commands.find((each) => each.name === command);
      if (loaded && found) addCommand(branch, loaded.default, found, name, invoke);
    }
  }

  if (tree.partial) for (const branch of branchesOf(program)) for (const each of branch.registeredArguments) each.required = false;

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

/** What a command at the root belongs to: nothing of it is positional by its noun. */
const noGroup: Group = { name: '', noun: '', summary: '', commands: [] };

const findEntry = ({ contents }: Contents, word: string): Entry | undefined =>
  contents.find(({ name, aliases }) => name === word || plural(name) === word || aliases?.includes(word));

function root({ write, width, bold, dim }: Terminal): Command {
  const program = new Command('dnx');
  program
    .usage('<group> <command> [target] [options]')
    .description('Deploynix from the terminal, from scripts and from CI.')
    .version(version, '--version', 'Show the version')
    .helpOption('-h, --help', 'Show help; works after every command')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => {}, getOutHelpWidth: () => width, getErrHelpWidth: () => width })
    .configureHelp({
      showGlobalOptions: false,
      styleTitle: bold,
      styleCommandDescription: (text) => text,
      styleOptionDescription: dim,
      subcommandTerm: (each) => each.name(),
      commandUsage: (each) => `dnx ${pathOf(each)} ${each.usage()}`.replace(/ +/g, ' '),
    })
    .addHelpText(
      'after',
      '\nExamples:\n  $ dnx login\n  $ dnx deploy shop.example.com\n  $ dnx server list --json\n\nNo account yet? Try everything here: dnx sandbox start',
    );
  return program;
}

const pathOf = (command: Command): string => (command.parent ? `${pathOf(command.parent)} ${command.name()}`.trim() : '');

/** Every command by its name and summary; aliases, which are not suggested, arguments and options only where a word of argv may mean them. */
function addGroup(branch: Command, group: Group, words: readonly string[], invoke: (found: Invocation) => void): void {
  for (const each of group.commands) {
    const { name, aliases = [], summary } = each;
    const leaf = branch
      .command(name)
      .summary(summary)
      .aliases(aliases.filter((alias) => words.includes(alias)));
    if ([name, ...aliases].some((word) => words.includes(word))) addCommand(leaf, group, each, `${group.name} ${name}`, invoke);
  }
}

function addCommand(branch: Command, group: Group, command: AnyCommand, path: string, invoke: (found: Invocation) => void): void {
  branch.description(descriptionOf(command));
  const positionals = positionalsOf(group, command);
  for (const { key, required, variadic, help } of positionals) {
    const shown = variadic ? `${key.replaceAll('_', '-')}...` : key.replaceAll('_', '-');
    branch.argument(required ? `<${shown}>` : `[${shown}]`, help);
  }
  const own = optionsOf(group, command);
  const flags = [...addOptions(branch, own, 'Options:'), ...addOptions(branch, globals, 'Everywhere:')];
  branch.helpOption('-h, --help', 'Show this help');
  branch.addHelpText('after', () => examplesOf(path, command, group));
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

function descriptionOf({ summary, description, endpoint, uses = [] }: AnyCommand): string {
  const needs = [...(endpoint ? [endpoint] : []), ...uses].map(needOf).filter((need) => need !== undefined);
  const shown = [...new Map(needs.map((need) => [need.ability, `${need.ability}${need.assumed ? ' (assumed)' : ''}`])).values()];
  return [`${summary}.`, description, shown.length > 0 ? `Needs the ability ${shown.join(' and ')}.` : undefined]
    .filter(Boolean)
    .join('\n\n');
}

function examplesOf(path: string, { examples, endpoint }: AnyCommand, { name }: Group): string {
  const start = path.includes(' ') ? name : '';
  const verb = path.split(' ').at(-1) ?? '';
  const lines = examples.map((each) => `  $ dnx ${start ? `${start} ${each}` : `${verb}${each.replace(/^\S+/, '')}`}`);
  return [...(lines.length > 0 ? ['\nExamples:', ...lines] : []), ...(endpoint ? [`\nCalls ${endpoint}`] : [])].join('\n');
}

interface Declared {
  readonly key: string;
  readonly attribute: string;
}

function addOptions(branch: Command, options: Options, heading: string): Declared[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const short = option.short ? `-${option.short}, ` : '';
    const value = option.kind === 'flag' ? '' : ` <${option.placeholder ?? 'value'}>`;
    const flags = [
      new Flag(`${short}${flagName(key)}${value}`, describe(option)),
      ...(option.negatable ? [new Flag(flagName(`no_${key}`), '').hideHelp()] : []),
    ];
    for (const flag of flags) {
      flag.helpGroup(heading);
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
