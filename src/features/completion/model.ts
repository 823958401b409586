import { flagName } from '../../base/text.ts';
import type { Tree } from '../../cli/language/command.ts';
import { globals } from '../../cli/language/globals.ts';
import type { Option, Options } from '../../cli/language/options.ts';
import { optionsOf, positionalsOf } from '../../cli/language/signature.ts';
import { everyCommand, type Leaf, namesOf } from '../../cli/language/tree.ts';

/** A word that can be typed next. */
export interface Candidate {
  readonly word: string;
  readonly help: string;
}

/** An option as completion offers it. */
export interface Flag {
  /** Long and short: `--output`, `-o`. */
  readonly names: readonly string[];
  readonly help: string;
  readonly takesValue: boolean;
  /** The value may be a file name. */
  readonly takesFile: boolean;
  readonly choices: readonly string[];
}

/** A position on the command line: the root (`''`), a group (`site`) or a command (`site deploy`). */
export interface Position {
  /** Canonical and without `dnx`. */
  readonly path: string;
  readonly kind: 'root' | 'group' | 'command';
  /** Other names of the path's last word. */
  readonly aliases: readonly string[];
  /** Another group that also takes the command: `db` for `database list`. */
  readonly also?: string | undefined;
  /** Its first argument begins the command line of another program. */
  readonly passes?: boolean;
  readonly words: readonly Candidate[];
  /** Its own options, without the global ones. */
  readonly flags: readonly Flag[];
  /** The global options that have other choices here. */
  readonly special?: readonly Flag[];
}

/** Everything that completion offers. */
export interface Model {
  readonly places: readonly Position[];
  /** Global options. */
  readonly everywhere: readonly Flag[];
}

/** Reads the whole command tree. Aliases are recognized, but not offered. */
export async function modelOf(tree: Tree): Promise<Model> {
  const leaves = await everyCommand(tree);
  const groups = tree.contents.map((entry) => ({ ...entry, aliases: namesOf(entry).slice(1) }));
  const shortcuts = Object.entries(tree.shortcuts).map(([name, [group, verb, summary]]) => ({
    name,
    summary,
    leaf: leaves.find(({ path }) => path === `${group} ${verb}`),
  }));
  const root = [...groups, ...tree.standalone, ...shortcuts].map(({ name, summary }) => ({ word: name, help: summary }));
  const topics = tree.topics.map(({ name, summary }) => ({ word: name, help: summary }));
  const places: Position[] = [
    { path: '', kind: 'root', aliases: [], words: [...root, { word: 'help', help: 'Show help' }], flags: [helpFlag, versionFlag] },
    { path: 'help', kind: 'group', aliases: [], words: [...root, ...topics], flags: [helpFlag] },
    ...groups.map(({ name, aliases }) => ({
      path: name,
      kind: 'group' as const,
      aliases,
      words: leaves.filter(({ path }) => path.startsWith(`${name} `)).map(({ command }) => ({ word: command.name, help: command.summary })),
      flags: [helpFlag],
    })),
    ...leaves.map((leaf) => ({ ...placeOf(leaf), also: alsoIn(leaf, leaves, tree) })),
    ...shortcuts.flatMap(({ name, leaf }) => (leaf ? [{ ...placeOf({ ...leaf, path: name }), aliases: [] }] : [])),
  ];
  return { places, everywhere: [...Object.entries<Option<unknown>>(globals).flatMap(([key, option]) => flagsOf(key, option)), helpFlag] };
}

/** The group that also takes a command, unless it has one of that name itself. */
function alsoIn({ path, group, command }: Leaf, leaves: readonly Leaf[], { contents }: Tree): string | undefined {
  const name = path.includes(' ') ? contents.find(({ also }) => also === group.name)?.name : undefined;
  return leaves.some((each) => each.path === `${name} ${command.name}`) ? undefined : name;
}

function placeOf({ path, group, command }: Leaf): Position {
  const options: Options = optionsOf(group, command);
  const [first] = positionalsOf(group, command);
  const choices = first?.option.choices ?? [];
  return {
    path,
    kind: 'command',
    aliases: command.aliases ?? [],
    passes: first?.option.rest === true,
    words: choices.map((word) => ({ word, help: '' })),
    flags: Object.entries(options).flatMap(([key, option]) => flagsOf(key, option)),
    special: command.formats ? flagsOf('output', { ...globals.output, choices: [...globals.output.choices, ...command.formats] }) : [],
  };
}

function flagsOf(key: string, { help, kind, short, choices = [], negatable, placeholder = '' }: Option<unknown>): Flag[] {
  const names = [flagName(key), ...(short ? [`-${short}`] : [])];
  const flag = { names, help, takesValue: kind !== 'flag', takesFile: /file|folder/.test(placeholder), choices };
  return negatable ? [flag, { ...flag, names: [flagName(`no_${key}`)], help: negated(help) }] : [flag];
}

/** `Do not wait for the result`, without the note on the default. */
const negated = (help: string): string => `Do not ${help.charAt(0).toLowerCase()}${help.slice(1).replace(/ \(.*\)$/, '')}`;

const helpFlag: Flag = { names: ['--help', '-h'], help: 'Show help', takesValue: false, takesFile: false, choices: [] };
const versionFlag: Flag = { names: ['--version'], help: 'Show the version', takesValue: false, takesFile: false, choices: [] };

/** Aliases and their paths: `sites` and `site`, `site ls` and `site list`, `db list` and `database list`. */
export const spellings = ({ places }: Model, kind: Position['kind']): (readonly [spelled: string, path: string])[] =>
  places
    .filter((place) => place.kind === kind)
    .flatMap(({ path, aliases, also }) => {
      const words = path.split(' ');
      const [name = ''] = words.slice(-1);
      const own = aliases.map((alias) => [...words.slice(0, -1), alias].join(' '));
      return [...own, ...(also === undefined ? [] : [name, ...aliases].map((each) => `${also} ${each}`))].map(
        (each) => [each, path] as const,
      );
    });

/** Commands without a group: `deploy`, `api`. */
export const oneWord = ({ places }: Model): string[] =>
  places.filter(({ path, kind }) => kind === 'command' && !path.includes(' ')).map(({ path }) => path);

/** Commands that end with the command line of another program, and the options with a value that may come before it. */
export function passing({ places, everywhere }: Model): { readonly paths: readonly string[]; readonly valued: readonly string[] } {
  const those = places.filter(({ passes }) => passes);
  const flags = [...everywhere, ...those.flatMap(({ flags }) => flags)].filter(({ takesValue }) => takesValue);
  return { paths: those.map(({ path }) => path), valued: [...new Set(flags.flatMap(({ names }) => names))] };
}

/** How the value of an option is completed, on `all` paths or some. Without choices, any value is fine. */
export interface ValueRule {
  readonly names: readonly string[];
  readonly paths: readonly string[] | 'all';
  readonly choices: readonly string[];
  readonly takesFile: boolean;
}

/** The rules for all values, merged if an option means the same everywhere. One that applies to some paths comes before one for all. */
export function valueRules({ places, everywhere }: Model): ValueRule[] {
  const uses = [
    ...places.map(({ path, flags, special = [] }) => ({ path, flags: [...flags, ...special] })),
    { path: 'all' as const, flags: everywhere },
  ].flatMap(({ path, flags }) => flags.map((flag) => ({ path, flag, key: flag.names.join(' ') })));
  const rules = new Map<string, ValueRule>();
  for (const { path, flag, key } of uses) {
    if (!flag.takesValue) continue;
    const same = uses.filter((use) => use.flag.names.some((name) => flag.names.includes(name)));
    const everywhere = same.every((use) => use.flag.takesValue && use.key === key && valuesOf(use.flag) === valuesOf(flag));
    const { names, choices, takesFile } = flag;
    const id = everywhere ? key : `${key} ${valuesOf(flag)}`;
    const before = rules.get(id)?.paths ?? [];
    const paths = everywhere || path === 'all' || before === 'all' ? 'all' : [...before, path];
    rules.set(id, { names, choices, takesFile, paths });
  }
  return [...rules.values()];
}

const valuesOf = ({ choices, takesFile }: Flag): string => `${choices} ${takesFile}`;
