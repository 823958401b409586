import { own } from '../../base/json.ts';
import { flagName } from '../../base/text.ts';
import { type AnyCommand, type Group, rootGroup, type Tree } from '../../cli/language/command.ts';
import { globals } from '../../cli/language/globals.ts';
import { flag, type Option, type Options, text } from '../../cli/language/options.ts';
import { leadsWithSite, optionsOf, type Positional, positionalsOf } from '../../cli/language/signature.ts';
import { namesOf } from '../../cli/language/tree.ts';

interface ReadLine {
  /** What the words name so far; `unknown` if they name no command. */
  at: 'root' | 'group' | 'command' | 'unknown';
  group?: Group;
  command?: AnyCommand;
  /** Of the command, which is not always how it was typed: `site deploy`. */
  path: string;
  help: boolean;
  flags: readonly Flag[];
  /** The values of the options so far, by key. A flag has an empty one. */
  readonly values: Map<string, readonly string[]>;
  /** The site, if it may still lead the arguments. */
  lead?: Positional | undefined;
  positionals: readonly Positional[];
  /** The arguments so far. */
  readonly args: string[];
  pending?: Flag | undefined;
  /** True after `--`. */
  literal: boolean;
  /** Where the command line of another program begins, among the words; undefined before its first word. */
  program?: number;
}

/** A command line up to the cursor. */
export type TypedLine = Readonly<ReadLine>;

/** An option as it is typed. */
export interface Flag {
  /** `wait`, also for `--no-wait`. */
  readonly key: string;
  /** `--output`, or `--no-wait`. */
  readonly name: string;
  readonly short: string | undefined;
  readonly help: string;
  readonly option: Option<unknown>;
}

/** Options that may also come before the group or the command, where they are not offered. */
const parents = { server: text('The server'), site: { ...text('The site'), short: 's' } };
const help = { help: { ...flag('Show help'), short: 'h' } };
const version = { version: { ...flag('Print the version'), short: 'v' } };

/** Reads the words between `dnx` and the cursor. Loads only the named group. Wrong words are no error: whoever is typing may yet fix them. */
export async function readTypedLine(words: readonly string[], tree: Tree): Promise<TypedLine> {
  const flags = flagsOf({ ...version, ...globals, ...help });
  const line: ReadLine = { at: 'root', path: '', help: false, flags, values: new Map(), positionals: [], args: [], literal: false };
  const note = ({ key }: Flag, value: string) => line.values.set(key, [...(line.values.get(key) ?? []), value]);
  for (const [index, word] of words.entries()) {
    if (line.pending) {
      note(line.pending, word);
      line.pending = undefined;
    } else if (!line.literal && word === '--') {
      line.literal = true;
    } else if (!line.literal && word.startsWith('-')) {
      line.pending = readOption(word, [...line.flags, ...flagsOf(parents)], note);
    } else if (line.at === 'command') {
      // The word at the cursor counts, too.
      const leads =
        line.lead && leadsWithSite([...words.slice(index), ''], [line.lead, ...line.positionals], Object.fromEntries(line.values));
      line.lead = undefined;
      if (leads) line.values.set('site', [word]);
      else if (positionalAt(line)?.option.rest) return { ...line, program: index };
      else line.args.push(word);
    } else if (word === 'help' && !line.help && line.at !== 'unknown') {
      line.help = true;
    } else {
      await (line.at === 'root' ? readFirst : readVerb)(line, word, tree);
    }
  }
  return line;
}

async function readFirst(line: ReadLine, word: string, { contents, standalone, shortcuts }: Tree): Promise<void> {
  const [groupName, verb] = own(shortcuts, word) ?? [];
  const entry = contents.find((candidate) => (groupName === undefined ? namesOf(candidate).includes(word) : candidate.name === groupName));
  const single = standalone.find(({ name }) => name === word);
  line.at = 'unknown';
  if (single) return enter(line, rootGroup(single), (await single.load()).default);
  const group = (await entry?.load())?.default;
  const command = group?.commands.find(({ name }) => name === verb);
  if (group && command) return enter(line, group, command);
  if (group) Object.assign(line, { at: 'group', group, flags: flagsOf({ ...globals, ...help }) });
}

/** A command of a group, or of the group whose commands it also takes: `db list`. */
async function readVerb(line: ReadLine, word: string, { contents }: Tree): Promise<void> {
  const { at, group } = line;
  if (at !== 'group' || !group) return;
  const { also } = contents.find(({ name }) => name === group.name) ?? {};
  const parentGroup = (await contents.find(({ name }) => name === also)?.load())?.default;
  line.at = 'unknown';
  for (const candidate of parentGroup ? [group, parentGroup] : [group]) {
    const command = candidate.commands.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
    if (command) return enter(line, candidate, command);
  }
}

function enter(line: ReadLine, group: Group, command: AnyCommand): void {
  const all = positionalsOf(group, command);
  const lead = all[0]?.option.leads ? all[0] : undefined;
  const positionals = lead ? all.slice(1) : all;
  const path = group.name === '' ? command.name : `${group.name} ${command.name}`;
  const flags = flagsOf({ ...optionsOf(group, command), ...globals, ...reportOutput(command), ...help });
  Object.assign(line, { at: 'command', group, command, path, flags, lead, positionals } satisfies Partial<ReadLine>);
}

/** Notes an option, or short options in one word. Returns the one whose value is the next word. */
function readOption(word: string, flags: readonly Flag[], note: (flag: Flag, value: string) => void): Flag | undefined {
  const [name = '', ...values] = word.split('=');
  const isLong = word.startsWith('--');
  const found = flags.find((known) => (isLong ? known.name === name : known.short === word.charAt(1)));
  if (!found) return undefined;
  if (found.option.kind === 'flag') note(found, '');
  else if (isLong && values.length > 0) note(found, values.join('='));
  else if (!isLong && word.length > 2) note(found, word.slice(2));
  else return found;
  // `-qo`: quiet, then an option that takes a value.
  return !isLong && found.option.kind === 'flag' && word.length > 2 ? readOption(`-${word.slice(2)}`, flags, note) : undefined;
}

/** The argument at the cursor. */
export const positionalAt = ({ positionals, args }: Pick<TypedLine, 'positionals' | 'args'>): Positional | undefined => {
  const last = positionals.at(-1);
  return positionals[args.length] ?? (last?.variadic ? last : undefined);
};

const flagsOf = (options: Options): readonly Flag[] =>
  Object.entries<Option<unknown>>(options).flatMap(([key, option]): Flag[] => {
    const { short, help, negatable } = option;
    const positive = { key, name: flagName(key), short, help, option };
    return negatable ? [positive, { ...positive, name: flagName(`no_${key}`), short: undefined, help: negated(help) }] : [positive];
  });

/** `Do not wait for the result`, without the note on the default. */
const negated = (help: string): string => `Do not ${help.charAt(0).toLowerCase()}${help.slice(1).replace(/ \(.*\)$/, '')}`;

/** The formats of a command that has some of its own. */
const reportOutput = ({ formats }: AnyCommand): Options =>
  formats ? { output: { ...globals.output, choices: [...globals.output.choices, ...formats] } } : {};
