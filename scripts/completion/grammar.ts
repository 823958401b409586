import { flagName } from '../../src/base/text.ts';
import type { Tree } from '../../src/cli/language/command.ts';
import { globals } from '../../src/cli/language/globals.ts';
import type { Option, Options } from '../../src/cli/language/options.ts';
import { optionsOf, positionalsOf } from '../../src/cli/language/signature.ts';
import { everyCommand, type Leaf, namesOf } from '../../src/cli/language/tree.ts';
import { argumentOf, type Spec, specOf } from './values.ts';

/** An option as it is offered, on one path or on all of them. */
export interface Flag {
  /** Long and short: `--output`, `-o`. */
  readonly names: readonly string[];
  readonly help: string;
  /** Undefined if it takes no value. */
  readonly value: Spec | undefined;
}

/** A command: `site deploy`, or `doctor` without a group. */
export interface Place {
  readonly path: string;
  readonly help: string;
  readonly flags: readonly Flag[];
  /** What is offered for each positional argument; the last of several targets ends with `+`. */
  readonly words: readonly Spec[];
  /** The fields of what it prints. */
  readonly fields: readonly string[];
}

/** A word and its description. */
export interface Candidate {
  readonly word: string;
  readonly help: string;
}

/** Everything that the scripts know of the commands. */
export interface Grammar {
  readonly places: readonly Place[];
  /** The commands of each group. */
  readonly groups: ReadonlyMap<string, readonly Candidate[]>;
  /** What may follow `dnx`. */
  readonly root: readonly Candidate[];
  readonly topics: readonly Candidate[];
  readonly globals: readonly Flag[];
  /** Other spellings of the first word: of a group (`sites`), or of a command (`deploy` is `site deploy`). */
  readonly firsts: readonly (readonly [spelled: string, path: string])[];
  /** Other spellings of a command: `site ls`, and `db list` for `database list`. */
  readonly seconds: readonly (readonly [spelled: string, path: string])[];
}

/** Reads the whole command tree. Aliases are recognized, but not offered. */
export async function grammarOf(tree: Tree): Promise<Grammar> {
  const leaves = await everyCommand(tree);
  const groups = tree.contents.map((entry) => ({ ...entry, others: namesOf(entry).slice(1) }));
  const shortcuts = Object.entries(tree.shortcuts).map(([name, [group, verb, summary]]) => ({ name, summary, path: `${group} ${verb}` }));
  const entries = [...groups, ...tree.standalone, ...shortcuts];
  return {
    places: leaves.map(placeOf),
    groups: new Map(groups.map(({ name }) => [name, commandsIn(name, leaves)])),
    root: [...entries.map(({ name, summary }) => ({ word: name, help: summary })), { word: 'help', help: 'Show help' }],
    topics: tree.topics.map(({ name, summary }) => ({ word: name, help: summary })),
    globals: [...flagsOf(globals), { names: ['--help', '-h'], help: 'Show help', value: undefined }],
    firsts: [
      ...groups.flatMap(({ name, others }) => others.map((each) => [each, name] as const)),
      ...shortcuts.map(({ name, path }) => [name, path] as const),
    ],
    seconds: leaves.flatMap((leaf) => spellingsOf(leaf, leaves, tree).map((spelled) => [spelled, leaf.path] as const)),
  };
}

const commandsIn = (group: string, leaves: readonly Leaf[]): readonly Candidate[] =>
  leaves.filter((leaf) => leaf.path.startsWith(`${group} `)).map(({ command }) => ({ word: command.name, help: command.summary }));

function placeOf({ path, group, command }: Leaf): Place {
  const report = command.formats ? { output: { ...globals.output, choices: [...globals.output.choices, ...command.formats] } } : {};
  return {
    path,
    help: command.summary,
    flags: flagsOf({ ...optionsOf(group, command), ...report }),
    words: positionalsOf(group, command).map(({ key, variadic, option }) => `${argumentOf(path, key, option)}${variadic ? '+' : ''}`),
    fields: (command.shows ?? []).filter(({ computed }) => !computed).map(({ key }) => key),
  };
}

const flagsOf = (options: Options): readonly Flag[] =>
  Object.entries<Option<unknown>>(options).flatMap(([key, option]) => flagOf(key, option));

function flagOf(key: string, option: Option<unknown>): readonly Flag[] {
  const { help, short, negatable } = option;
  const flag = { names: [flagName(key), ...(short ? [`-${short}`] : [])], help, value: specOf(key, option) };
  return negatable ? [flag, { ...flag, names: [flagName(`no_${key}`)], help: negated(help) }] : [flag];
}

/** `Do not wait for the result`, without the note on the default. */
const negated = (help: string): string => `Do not ${help.charAt(0).toLowerCase()}${help.slice(1).replace(/ \(.*\)$/, '')}`;

/** Other spellings of a command, in its own group and in another that also takes it, unless that has a command of the name. */
function spellingsOf({ path, group, command }: Leaf, leaves: readonly Leaf[], { contents }: Tree): readonly string[] {
  if (!path.includes(' ')) return [];
  const { name, aliases = [] } = command;
  const also = contents.find((entry) => entry.also === group.name)?.name;
  const isTaken = leaves.some((each) => each.path === `${also} ${name}`);
  return [
    ...aliases.map((alias) => `${group.name} ${alias}`),
    ...(also === undefined || isTaken ? [] : [name, ...aliases].map((each) => `${also} ${each}`)),
  ];
}
