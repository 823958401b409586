import { Command, CommanderError, Option as Flag } from 'commander';
import { type DnxError, usage } from '../../base/errors.ts';
import { didYouMean, nearest } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { capitalized, flagName } from '../../base/text.ts';
import { version } from '../../base/version.ts';
import { type AnyCommand, type Group, rootGroup, type Tree } from '../language/command.ts';
import { type Globals, globals } from '../language/globals.ts';
import { type Options, text } from '../language/options.ts';
import { optionsOf, type Positional, positionalsOf } from '../language/signature.ts';
import { everyCommand, namesOf } from '../language/tree.ts';
import { seeHelp } from './command-line.ts';
import type { Page } from './help/page.ts';
import { type GivenOptions, globalsOf, type Invocation, invocationOf } from './invocation.ts';

/** Text that is loaded when it is printed. */
export type Help = (page: Page) => Promise<string>;

/** The parsed argv. Global options are known even if the rest is invalid. */
export interface Parsed {
  readonly globals: Globals;
  /** Undefined for help, the version, or an invalid command line. */
  readonly invocation?: Invocation | undefined;
  /** What to print instead of running a command. */
  readonly help?: Help | undefined;
  readonly error?: unknown;
}

/** A part of the program: dnx itself, a group or a command. */
interface Part {
  /** As typed after `dnx`; empty for dnx itself. */
  readonly path: string;
  readonly page: Help;
  /** Adds its options, arguments and commands. Called only if the command line names it. */
  readonly declare: (own: Command) => Promise<void>;
}

/** The state of one parse. */
interface Reading {
  readonly argv: readonly string[];
  readonly tree: Tree;
  readonly globals: readonly Flag[];
  readonly parts: Map<Command, Part>;
  /** dnx, and the group and the command that argv names. */
  readonly reached: Command[];
  /** The arguments of the command, once it is known. */
  leaf?: Leaf;
  help?: Help | undefined;
  invocation?: Invocation;
}

/** What the errors of a command depend on. */
interface Leaf {
  readonly command: AnyCommand;
  readonly positionals: readonly Positional[];
  readonly options: Options;
  /** The position of another command line among the arguments; -1 if it takes none. */
  readonly rest: number;
}

/** Parses argv with commander. Loads only the named group. */
export async function parse(argv: readonly string[], tree: Tree): Promise<Parsed> {
  const reading: Reading = { argv, tree, globals: flagsOf(globals), parts: new Map(), reached: [] };
  const program = programOf(reading);
  let error: unknown;
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (thrown) {
    error = thrown instanceof CommanderError ? await refusalOf(thrown, reading) : thrown;
  }
  const { help, invocation } = reading;
  const given = globalsOf(givenIn(reading));
  return error === undefined ? { globals: given, help, invocation } : { globals: given, error };
}

/** The whole program. Groups and commands are empty until they are named. It prints nothing, and throws instead of exiting. */
function programOf(reading: Reading): Command {
  const { contents, standalone, shortcuts } = reading.tree;
  const program = new Command('dnx')
    .version(version, '-v, --version')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({ writeOut: nothing, writeErr: nothing, getOutHasColors: no, getErrHasColors: no, getOutHelpWidth, getErrHelpWidth })
    .configureHelp({
      formatHelp(command) {
        reading.help = reading.parts.get(command)?.page;
        return '';
      },
    });
  const page: Help = async (page) => (await import('./help/root.ts')).rootHelp(reading.tree, page);
  reading.parts.set(program, { path: '', page, declare });
  reading.reached.push(program);
  for (const flag of reading.globals) program.addOption(flag);
  branch(program, reading);
  for (const entry of contents) add(program, namesOf(entry), groupPart(entry, reading), reading);
  for (const entry of standalone) {
    const load = async () => ({ group: rootGroup(entry), command: (await entry.load()).default });
    add(program, [entry.name], commandPart(entry.name, load, reading), reading);
  }
  for (const [name, [of, verb]] of Object.entries(shortcuts)) {
    const load = async () => {
      const group = (await contents.find((each) => each.name === of)?.load())?.default;
      const command = group?.commands.find((each) => each.name === verb);
      if (!group || !command) throw new Error(`${name} has no command.`);
      return { group, command };
    };
    add(program, [name], commandPart(name, load, reading), reading);
  }
  addHelp(program, reading);
  return program;
}

const nothing = () => {};
const declare = async () => {};
const no = () => false;
// Commander would open the standard streams.
const getOutHelpWidth = () => 80;
const getErrHelpWidth = getOutHelpWidth;

/** Adds a command that declares itself when the command line names it. */
function add(parent: Command, [name = '', ...aliases]: readonly string[], part: Part, { parts }: Reading): Command {
  const command = parent.command(name).aliases(aliases);
  parts.set(command, part);
  return command;
}

/** Lets a command have subcommands, which declare themselves when they are named, and the options of their parents. */
function branch(command: Command, reading: Reading): void {
  for (const flag of flagsOf(parents)) command.addOption(flag);
  command.hook('preSubcommand', async (_, sub) => {
    reading.reached.push(sub);
    for (const flag of reading.globals) sub.addOption(flag);
    await reading.parts.get(sub)?.declare(sub);
  });
}

/** Options that may also come before the group or the command. */
const parents = { server: text('The server', 'server'), site: text('The site', 'site') };

function groupPart(entry: Tree['contents'][number], reading: Reading): Part {
  const load = async () => (await entry.load()).default;
  return {
    path: entry.name,
    page: async (page) => (await import('./help/group.ts')).groupHelp(entry, await load(), page),
    async declare(own) {
      branch(own, reading);
      const also = reading.tree.contents.find(({ name }) => name === entry.also);
      for (const group of [await load(), ...(also ? [(await also.load()).default] : [])])
        for (const command of group.commands) {
          const part = commandPart(`${group.name} ${command.name}`, async () => ({ group, command }), reading);
          add(own, [command.name, ...(command.aliases ?? [])], part, reading);
        }
      addHelp(own, reading);
    },
  };
}

/** Nothing is required yet, because abilities are computed from incomplete lines. */
function commandPart(path: string, load: () => Promise<{ group: Group; command: AnyCommand }>, reading: Reading): Part {
  const { argv } = reading;
  return {
    path,
    async page(page) {
      const { group, command } = await load();
      // Not an option: it only works with --help.
      if (argv.includes('--api')) return (await import('./help/command.ts')).apiHelp(path, command, page);
      return (await import('./help/command.ts')).commandHelp(path, group, command, page);
    },
    async declare(own) {
      const { group, command } = await load();
      const positionals = positionalsOf(group, command);
      const options = optionsOf(group, command);
      const rest = positionals.findIndex(({ option }) => option.rest);
      reading.leaf = { command, positionals, options, rest };
      own.passThroughOptions(rest === 0);
      for (const flag of flagsOf(options)) own.addOption(flag);
      for (const { key, variadic } of positionals) own.argument(`[${key}${variadic ? '...' : ''}]`);
      own.action(() => {
        const words = placed(own.args, reading.leaf as Leaf, argv);
        reading.invocation = invocationOf(group, command, path, { positionals, words, own: options, given: givenIn(reading) });
      });
    },
  };
}

/** Words by argument. What comes after `--` is another command line, even if an argument before it is left out. */
function placed(words: readonly string[], { positionals, rest }: Leaf, argv: readonly string[]): readonly unknown[] {
  const end = rest > 0 ? argv.indexOf('--') : -1;
  const others = end < 0 ? [] : argv.slice(end + 1);
  const own = others.length > words.length ? words : words.slice(0, words.length - others.length);
  return positionals.map(({ variadic }, index) => {
    if (!variadic) return own[index];
    return [...own.slice(index), ...(index === rest ? words.slice(own.length) : [])];
  });
}

/** `dnx help` and `dnx server help`: a topic, or the help of a command. Unknown options are ignored, as with `--help`. */
function addHelp(parent: Command, reading: Reading): void {
  const { tree, parts } = reading;
  const partOf = (command: Command) => parts.get(command) as Part;
  const help = add(parent, ['help'], { ...partOf(parent), declare }, reading)
    .argument('[words...]')
    .allowUnknownOption();
  help.action(async (words: readonly string[]) => {
    const [name, ...others] = words;
    const topic = parent.parent || others.some(isWord) ? undefined : tree.topics.find((each) => each.name === name);
    if (topic) {
      const content = await topic.load();
      reading.help = async (page) => (await import('./help/root.ts')).topicHelp(content, page);
      return;
    }
    let found = parent;
    for (const word of words.filter((each) => each !== 'help')) {
      if (!isWord(word) || found.commands.length === 0) break;
      const next = found.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (!next) throw await unknownCommand(word, partOf(found).path, tree, tree.topics);
      await partOf(next).declare(next);
      found = next;
    }
    reading.help = partOf(found).page;
  });
}

const isWord = (word: string): boolean => !word.startsWith('-');

/** The values given for options, also before an error. Those of a command override those of its group. */
const givenIn = ({ reached }: Reading): GivenOptions =>
  Object.fromEntries(
    reached.flatMap((each) => Object.entries(each.opts()).filter(([key]) => each.getOptionValueSource(key) !== 'default')),
  );

/** Commander options, with `--no-x` for a negatable one. */
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

/** The error for what commander refused; undefined if it showed help or the version. */
async function refusalOf({ code, message }: CommanderError, reading: Reading): Promise<DnxError | undefined> {
  const { reached, leaf, parts, tree } = reading;
  const own = reached.at(-1) as Command;
  const path = parts.get(own)?.path ?? '';
  const see = seeHelp(path);
  const [word] = own.args;
  // Help, too: `dnx nonsense --help`.
  if (code === 'commander.unknownCommand' || (own.commands.length > 0 && word !== undefined && isWord(word)))
    return unknownCommand(word ?? '', path, tree);
  if (code === 'commander.version') reading.help = async () => `${version}\n`;
  if (reading.help) return leaf && refusedHelp(own, leaf, path);
  if (code === 'commander.unknownOption') return unknownOption(own, path).with({ hint: leaf && hintFor(leaf, reading.argv) });
  if (code !== 'commander.excessArguments') return usage(`${capitalized(message.replace('error: ', ''))}.`, undefined, see);
  const extra = own.args.slice(own.registeredArguments.length);
  const parent = leaf && extra.length === 1 ? parentFor(extra[0] ?? '', leaf, givenIn(reading)) : undefined;
  return usage(
    `Too many arguments: ${extra.map((each) => `'${each}'`).join(', ')}.`,
    parent && `Use ${flagName(parent)} ${quoted(extra[0] ?? '')}.`,
    see,
  );
}

/** The error for an unknown command, with a suggestion. `path` is the group, or empty. */
async function unknownCommand(word: string, path: string, tree: Tree, topics: Tree['topics'] = []): Promise<DnxError> {
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
function unknownOption({ args, options }: Command, path: string): DnxError {
  const word = args.find((each) => /^-./.test(each) && Number.isNaN(Number(each))) ?? args[0] ?? '';
  const [name = ''] = word.split('=');
  const known = [...options.map(({ long }) => long ?? ''), '--help'];
  if (known.includes(name) && name !== word) return usage(`Option '${name}' takes no value.`, undefined, seeHelp(path));
  return usage(`Unknown option '${name}'.${didYouMean(name, known)}`, undefined, seeHelp(path));
}

/** What to do about an option that was meant for another program. */
function hintFor({ rest }: Leaf, argv: readonly string[]): string | undefined {
  if (rest === 0) return 'To pass it on, put -- before it.';
  return rest > 0 && !argv.includes('--') ? 'The options of a command to run come after --.' : undefined;
}

/** The error for `dnx ssh web-1 df -h`, whose `-h` is probably not for dnx. */
function refusedHelp({ args }: Command, { rest }: Leaf, path: string): DnxError | undefined {
  const first = args.findIndex((word) => !isWord(word));
  if (rest < 1 || first <= rest) return undefined;
  const help = args.find((word) => ['-h', '--help'].includes(word));
  return usage(`Put -- before '${args[rest]}' to pass it ${help}.`, undefined, seeHelp(path));
}

/** The option that an extra word could belong to: `site` if it has a dot, else `server`. */
function parentFor(word: string, { command, options, positionals }: Leaf, given: GivenOptions): string | undefined {
  if (typeof command.calls === 'function' || !/^\w[\w.-]*$/.test(word)) return undefined;
  const parent = word.includes('.') ? 'site' : 'server';
  const fits = parent in options && given[parent] === undefined && (parent === 'site' || !('site' in options));
  return fits && positionals.every(({ key, option }) => key !== parent && !option.destination) ? parent : undefined;
}
