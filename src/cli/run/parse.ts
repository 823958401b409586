import { Command, CommanderError, Option as Flag } from 'commander';
import { usage } from '../../base/errors.ts';
import { capitalized, flagName, plural } from '../../base/text.ts';
import { version } from '../../base/version.ts';
import { type AnyCommand, type Group, rootGroup, type Tree, type TypedLine } from '../language/command.ts';
import { attributeOf, consents, globals, globalsOf } from '../language/globals.ts';
import { type Options, text } from '../language/options.ts';
import { type GivenOptions, leadsWithSite, optionsOf, type Positional, positionalsOf } from '../language/signature.ts';
import { mayChange, namesOf } from '../language/tree.ts';
import { type Help, isWord, type ParseResult, type RefusedWord, seeHelp, typedLine } from './line.ts';
import type { NamedCommand } from './parse-errors.ts';

interface Part {
  /** As typed after `dnx`; empty for dnx itself. */
  readonly path: string;
  readonly page: Help;
  /** Adds its options, arguments and commands. Called only if the command line names it. */
  readonly declare: (parser: Command) => Promise<void>;
}

interface ParseState {
  readonly argv: readonly string[];
  readonly tree: Tree;
  readonly globals: readonly Flag[];
  readonly parts: Map<Command, Part>;
  /** dnx, and the group and the command that argv names. */
  readonly reached: Command[];
  /** The arguments of the command, once it is known. */
  leaf?: NamedCommand & { readonly path: string };
  /** A word of it that belongs to an option. */
  refused?: RefusedWord;
  help?: Help | undefined;
  line?: TypedLine;
}

/** Parses argv. Loads only the named group. */
export async function parse(argv: readonly string[], tree: Tree): Promise<ParseResult> {
  const parsed = await parseWords(argv, tree);
  const refused = parsed.refused ?? verbIn(parsed);
  if (!refused) return parsed;
  const { guessed } = await import('./guess.ts');
  return guessed(argv, { ...parsed, refused }, { tree, guesses: await tree.guesses(), parse: (words) => parseWords(words, tree) });
}

/** The command that argv names and what it gives, if a wrong option before the command hid them. */
export async function givenAfter(argv: readonly string[], tree: Tree): Promise<ParseResult['given']> {
  const [, ...rest] = argv;
  if (rest.length === 0 || rest[0] === '--') return undefined;
  return (await parseWords(rest, tree)).given ?? givenAfter(rest, tree);
}

/** A word that looks like a command instead of a site: `dnx deploy list`. */
function verbIn({ line }: ParseResult): RefusedWord | undefined {
  const word = line?.path === 'deploy' ? line.targets.site?.find((each) => /^[a-z]+$/.test(each)) : undefined;
  return word === undefined ? undefined : { path: 'deploy', word };
}

async function parseWords(argv: readonly string[], tree: Tree): Promise<ParseResult> {
  const state: ParseState = { argv, tree, globals: flagsOf(globals), parts: new Map(), reached: [] };
  const program = programOf(state);
  let refusal: Pick<ParseResult, 'error' | 'refused'> = {};
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (thrown) {
    refusal = thrown instanceof CommanderError ? await refusalOf(thrown, state) : { error: thrown, refused: state.refused };
  }
  const { help, line } = state;
  const values = givenIn(state);
  const { leaf } = state;
  const parsed = { globals: globalsOf(values), ...(leaf && { given: { command: leaf.command, path: leaf.path, values } }), ...refusal };
  return refusal.error === undefined ? { help, line, ...parsed } : parsed;
}

/** Commander prints nothing. To know widths and colors, it would open the standard streams. */
const silent = {
  writeOut: () => {},
  writeErr: () => {},
  getOutHelpWidth: () => 80,
  getErrHelpWidth: () => 80,
  getOutHasColors: () => false,
  getErrHasColors: () => false,
};

/** Options that may also come before the group or the command. */
const parents = { server: text('The server', 'server'), site: { ...text('The site', 'site'), short: 's' } };

const errors = () => import('./parse-errors.ts');

const declareNothing = async () => {};

/** The whole program. Groups and commands are empty until they are named. It prints nothing, and throws instead of exiting. */
function programOf(state: ParseState): Command {
  const { contents, standalone, shortcuts } = state.tree;
  const program = new Command('dnx')
    .version(version, '-v, --version')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput(silent)
    .configureHelp({
      formatHelp(command) {
        state.help = state.parts.get(command)?.page;
        return '';
      },
    });
  const page: Help = async (page) => (await import('./help/root.ts')).rootHelp(state.tree, page);
  state.parts.set(program, { path: '', page, declare: declareNothing });
  state.reached.push(program);
  for (const flag of state.globals) program.addOption(flag);
  takeSubcommands(program, state);
  for (const entry of contents) add(program, namesOf(entry), groupPart(entry, state), state);
  for (const entry of standalone) {
    const load = async () => ({ group: rootGroup(entry), command: (await entry.load()).default });
    add(program, [entry.name], commandPart(entry.name, load, state), state);
  }
  for (const [name, [noun, verb]] of Object.entries(shortcuts)) {
    const load = async () => {
      const group = (await contents.find((entry) => entry.name === noun)?.load())?.default;
      const command = group?.commands.find((candidate) => candidate.name === verb);
      if (!group || !command) throw new Error(`${name} has no command.`);
      return { group, command };
    };
    add(program, [name], commandPart(name, load, state), state);
  }
  addHelp(program, state);
  return program;
}

/** Adds a command that declares itself when the command line names it. Without its name in argv, it cannot be named: 50 commands take 2 ms. */
function add(parent: Command, names: readonly string[], part: Part, { argv, parts }: ParseState): void {
  if (names.some((each) => argv.includes(each))) parts.set(named(parent, names), part);
}

const named = (parent: Command, [name = '', ...aliases]: readonly string[]): Command => parent.command(name).aliases(aliases);

/** Lets a command have subcommands, which declare themselves when they are named, and the options of their parents. */
function takeSubcommands(command: Command, state: ParseState): void {
  for (const flag of flagsOf(parents)) command.addOption(flag);
  command.hook('preSubcommand', async (_, sub) => {
    state.reached.push(sub);
    for (const flag of state.globals) sub.addOption(flag);
    await state.parts.get(sub)?.declare(sub);
  });
}

function groupPart(entry: Tree['contents'][number], state: ParseState): Part {
  const load = async () => (await entry.load()).default;
  return {
    path: entry.name,
    page: async (page) => (await import('./help/root.ts')).groupHelp(entry, await load(), page),
    async declare(parser) {
      takeSubcommands(parser, state);
      const also = state.tree.contents.find(({ name }) => name === entry.also);
      for (const group of [await load(), ...(also ? [(await also.load()).default] : [])])
        for (const command of group.commands) {
          const part = commandPart(`${group.name} ${command.name}`, async () => ({ group, command }), state);
          add(parser, [command.name, ...(command.aliases ?? [])], part, state);
        }
      addHelp(parser, state);
    },
  };
}

function commandPart(path: string, load: () => Promise<{ group: Group; command: AnyCommand }>, state: ParseState): Part {
  return {
    path,
    async page(page) {
      const { group, command } = await load();
      // Not an option: it only works with --help.
      if (state.argv.includes('--api')) return (await import('./help/command.ts')).apiHelp(path, command, page);
      return (await import('./help/command.ts')).commandHelp(path, group, command, page);
    },
    async declare(parser) {
      const { group, command } = await load();
      const named = namedCommand(group, command);
      state.leaf = { ...named, path };
      takeOptions(parser, named);
      // Nothing is required yet, because abilities are computed from incomplete lines.
      for (const { key, variadic } of named.all) parser.argument(`[${key}${variadic ? '...' : ''}]`);
      parser.action(async () => {
        const { args, values } = withoutNoun(parser.args, named, givenIn(state));
        const words = await wordsByArgument(args, named, path, values, state);
        state.line = typedLine(group, command, path, { positionals: named.all, words, declared: named.options, values });
      });
    },
  };
}

function namedCommand(group: Group, command: AnyCommand): NamedCommand {
  const all = positionalsOf(group, command);
  const positionals = all.filter(({ option }) => !option.leads);
  return { command, all, positionals, options: optionsOf(group, command), rest: positionals.findIndex(({ option }) => option.rest) };
}

/** Lets commander read the options of a command. Those after the first word of another command line belong to that. */
function takeOptions(parser: Command, { command, all, options, rest }: NamedCommand): void {
  parser.allowExcessArguments();
  if (rest >= 0) parser.passThroughOptions();
  if (rest > 0) readOptionsBetween(parser, rest);
  else if (rest === 0) readOptionsAfterSite(parser, all);
  for (const flag of flagsOf(options)) parser.addOption(flag);
  // A script may add --yes to whatever changes something, also where nothing is asked.
  const changes = mayChange(command) || command.signs || (command.effect ?? 'read') !== 'read';
  if (rest < 0 && !('yes' in options) && changes) for (const flag of flagsOf(consents.moderate)) parser.addOption(flag);
}

/** Reads options of dnx up to the first word of another command line: `dnx ssh web-1 --user ada ls -la`. Commander alone stops at `web-1`. */
function readOptionsBetween(parser: Command, words: number): void {
  const read = parser.parseOptions.bind(parser);
  const readAfter = (args: string[], left: number): ReturnType<typeof read> => {
    const { operands, unknown } = read(args);
    const [first, ...others] = operands;
    if (left === 0 || first === undefined || args.at(-operands.length - 1) === '--') return { operands, unknown };
    const next = readAfter(others, left - 1);
    return { operands: [first, ...next.operands], unknown: [...unknown, ...next.unknown] };
  };
  parser.parseOptions = (args) => readAfter([...args], words);
}

/** Reads options of dnx between a site and the `--` before another command line: `dnx env run shop.example.com --all -- env`. */
function readOptionsAfterSite(parser: Command, positionals: readonly Positional[]): void {
  const read = parser.parseOptions.bind(parser);
  parser.parseOptions = (args) => {
    const { operands, unknown } = read(args);
    const [site = '', ...others] = operands;
    const end = others.indexOf('--');
    const line = others.slice(end);
    if (end < 1 || !others[0]?.startsWith('-') || !leadsWithSite([site, ...line], positionals, {})) return { operands, unknown };
    const between = read(others.slice(0, end));
    return between.unknown.length > 0
      ? { operands: [site, ...between.operands], unknown: [...between.unknown, ...line] }
      : { operands: [site, ...between.operands, ...line], unknown };
  };
}

/** A destination by its noun, if it is all that a command takes: `dnx why server web-1` is `dnx why --server web-1`. */
function withoutNoun(args: readonly string[], { positionals }: NamedCommand, values: GivenOptions) {
  const [noun = '', word, ...others] = args;
  const isNamed = positionals.length === 1 && positionals[0]?.option.destination && ['server', 'site'].includes(noun);
  if (!isNamed || word === undefined || others.length > 0 || values[noun] !== undefined) return { args, values };
  return { args: [], values: { ...values, [noun]: word } };
}

/** The words of a command by argument, with the site first if it leads. Fails if there are too many. */
async function wordsByArgument(
  words: readonly string[],
  named: NamedCommand,
  path: string,
  values: GivenOptions,
  state: ParseState,
): Promise<readonly unknown[]> {
  const { all, positionals, rest } = named;
  const site = leadsWithSite(words, all, values) ? words[0] : undefined;
  const others = site === undefined ? words : words.slice(1);
  // Commander leaves the `--` before another command line.
  const unplaced = site !== undefined && rest === 0 && others[0] === '--' ? others.slice(1) : others;
  if (unplaced.length > positionals.length && !positionals.some(({ variadic }) => variadic)) {
    const { optionFor, tooMany } = await errors();
    const extra = unplaced.slice(positionals.length);
    const option = optionFor(extra, named, { site, ...values });
    if (option) state.refused = { path, word: extra[0] ?? '', option };
    const list = Object.entries(named.options).find(([key, { kind }]) => kind === 'list' && values[key] !== undefined)?.[0];
    throw tooMany(extra, path, { option, list });
  }
  const byPlace = byPosition(unplaced, named, state.argv);
  return all.length > positionals.length ? [site, ...byPlace] : byPlace;
}

/** Words by position. What comes after `--` is another command line, even if an argument before it is left out. */
function byPosition(words: readonly string[], { positionals, rest }: NamedCommand, argv: readonly string[]): readonly unknown[] {
  const end = rest > 0 ? argv.indexOf('--') : -1;
  const others = end < 0 ? [] : argv.slice(end + 1);
  const typed = others.length > words.length ? words : words.slice(0, words.length - others.length);
  const [one = '', other, ...more] = typed;
  const looks = positionals[0]?.option.looks;
  const before = looks && one !== '' && !looks.test(one) && (other === undefined || looks.test(other)) ? [other, one, ...more] : typed;
  return positionals.map(({ variadic }, index) => {
    if (!variadic) return before[index];
    return [...before.slice(index), ...(index === rest ? words.slice(before.length) : [])];
  });
}

/** `dnx help` and `dnx server help`: a topic, or the help of a command. Unknown options are ignored, as with `--help`. */
function addHelp(parent: Command, state: ParseState): void {
  const { tree, parts } = state;
  const partOf = (command: Command) => parts.get(command) as Part;
  const help = named(parent, ['help']).argument('[words...]').allowUnknownOption();
  parts.set(help, { ...partOf(parent), declare: declareNothing });
  help.action(async (words: readonly string[]) => {
    const [name, ...others] = words;
    const topic = parent.parent || others.some(isWord) ? undefined : tree.topics.find((each) => each.name === name);
    if (topic) {
      const content = await topic.load();
      state.help = async (page) => (await import('./help/root.ts')).topicHelp(content, page);
      return;
    }
    let found = parent;
    for (const word of words.filter((each) => each !== 'help')) {
      if (!isWord(word) || found.commands.length === 0) break;
      const next = found.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (!next) throw await (await errors()).unknownCommand(word, partOf(found).path, tree, tree.topics);
      await partOf(next).declare(next);
      found = next;
    }
    state.help = partOf(found).page;
  });
}

/** The values given for options, also before an error. Those of a command override those of its group. */
const givenIn = ({ reached }: ParseState): GivenOptions =>
  Object.fromEntries(
    reached.flatMap((each) => Object.entries(each.opts()).filter(([key]) => each.getOptionValueSource(key) !== 'default')),
  );

/** Commander options, with `--no-x` for a negatable one. */
function flagsOf(options: Options): Flag[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const short = option.short ? `-${option.short}, ` : '';
    const value = option.kind === 'flag' ? '' : ` <${option.placeholder ?? 'value'}>`;
    const flags = [new Flag(`${short}${flagName(key)}${value}`), ...(option.negatable ? [new Flag(flagName(`no_${key}`))] : [])];
    // commander would keep the value of --no-input as that of --input, which `api` has, too.
    if (key.startsWith('no_')) for (const flag of flags) flag.attributeName = () => attributeOf(key);
    if (option.kind === 'list')
      for (const flag of flags) flag.argParser((word: string, before: readonly string[] = []) => [...before, word]);
    return flags;
  });
}

/** The error for what commander refused; none if it showed help or the version. */
async function refusalOf({ code, message }: CommanderError, state: ParseState): Promise<Pick<ParseResult, 'error' | 'refused'>> {
  const { reached, leaf, parts, tree, argv } = state;
  const parser = reached.at(-1) as Command;
  const path = parts.get(parser)?.path ?? '';
  const [word = ''] = parser.args;
  // Help, too: `dnx nonsense --help`.
  const isUnknown = parser.commands.length > 0 && parser.args.length > 0 && isWord(word);
  if (isUnknown || code === 'commander.unknownCommand')
    return { error: await (await errors()).unknownCommand(word, path, tree), refused: { path, word } };
  if (code === 'commander.version') state.help = async () => `${version}\n`;
  if (state.help) {
    const many = code === 'commander.help' ? argv.find((each) => each === plural(path)) : undefined;
    return many === undefined ? {} : { refused: { path: '', word: many } };
  }
  const flags = parser.options.map(({ long }) => long ?? '').concat('--help');
  if (code === 'commander.unknownOption') {
    const { hintFor, refusedOption, unknownOption } = await errors();
    const option = refusedOption(parser.args);
    return { error: unknownOption(option, flags, path).with({ hint: leaf && hintFor(leaf, argv) }), refused: { path, word: option } };
  }
  return { error: usage(`${capitalized(message.replace('error: ', ''))}.`, undefined, seeHelp(path)) };
}
