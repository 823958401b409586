import { abilities } from '../../src/platform/abilities.ts';
import type { Flag, Grammar } from './grammar.ts';

/** Keys that share a value. The tables of the scripts have a line for each. */
export interface Entry {
  readonly keys: readonly string[];
  readonly value: string;
}

/** The tables of the scripts. Words are separated by spaces. */
export interface Tables {
  /** The path that a first word stands for: `sites` -> `site`, `deploy` -> `site deploy`. */
  readonly firsts: readonly Entry[];
  /** The path that two words stand for: `site ls` -> `site list`. */
  readonly seconds: readonly Entry[];
  /** The commands of a group; of the root, if the key is empty; and the topics, for `help`. */
  readonly groups: readonly Entry[];
  /** The options of a command, without those of every command. */
  readonly flags: readonly Entry[];
  readonly globals: string;
  /** What is offered for each positional argument. */
  readonly words: readonly Entry[];
  /** The fields that a command prints, separated by commas. */
  readonly fields: readonly Entry[];
  /** What is offered for an option's value: by `path option` where it differs, then by `option`. `.` marks a flag. */
  readonly special: readonly Entry[];
  readonly values: readonly Entry[];
  /** The description of an option or command: by `path word` where it differs, then by `word`. */
  readonly helps: readonly Entry[];
  readonly abilities: string;
}

/** The tables for a grammar. */
export function tablesOf(grammar: Grammar): Tables {
  const { places, groups, root, topics, globals } = grammar;
  const uses = [
    ...globals.map((flag) => ({ path: '', flag })),
    ...places.flatMap(({ path, flags }) => flags.map((flag) => ({ path, flag }))),
  ];
  const named = uses.flatMap(({ path, flag }) => flag.names.map((name) => ({ path, name, flag })));
  const values = usual(named.map(({ path, name, flag }) => ({ path, word: name, value: flag.value ?? '.' })));
  const long = named.filter(({ name }) => name.startsWith('--'));
  const helps = usual([
    ...long.map(({ path, name, flag }) => ({ path, word: name, value: flag.help })),
    ...[...root, ...topics].map(({ word, help }) => ({ path: '', word, value: help })),
    ...[...groups].flatMap(([path, commands]) => commands.map(({ word, help }) => ({ path, word, value: help }))),
  ]);
  return {
    firsts: merged(grammar.firsts),
    seconds: merged(grammar.seconds),
    groups: merged([
      ['', wordsIn(root)],
      ...[...groups].map(([name, commands]) => [name, wordsIn(commands)] as const),
      ['help', wordsIn(topics)],
    ]),
    flags: merged(places.map(({ path, flags }) => [path, longIn(flags)])),
    globals: longIn(globals),
    words: merged(places.map(({ path, words }) => [path, words.join(' ')])),
    fields: merged(places.map(({ path, fields }) => [path, fields.join(',')])),
    special: merged(values.special),
    values: merged(values.usual.filter(([, value]) => value !== '.')),
    helps: merged([...helps.special, ...helps.usual]),
    abilities: abilities.join(' '),
  };
}

const wordsIn = (candidates: readonly { readonly word: string }[]): string => candidates.map(({ word }) => word).join(' ');

/** Short options are not offered. */
const longIn = (flags: readonly Flag[]): string => flags.flatMap(({ names }) => names.filter((name) => name.startsWith('--'))).join(' ');

/** Keys by value, in order. Keys without a value are left out. */
function merged(pairs: readonly (readonly [key: string, value: string])[]): readonly Entry[] {
  const keys = new Map<string, string[]>();
  for (const [key, value] of pairs) if (value !== '') keys.set(value, [...(keys.get(value) ?? []), key]);
  return [...keys].map(([value, own]) => ({ keys: own, value }));
}

interface Use {
  readonly path: string;
  readonly word: string;
  readonly value: string;
}

/** What a word means on most paths, and on the paths where it means something else. */
function usual(uses: readonly Use[]): Readonly<Record<'usual' | 'special', readonly (readonly [key: string, value: string])[]>> {
  const byWord = grouped(uses, ({ word }) => word);
  const most = new Map(
    [...byWord].map(([word, all]) => {
      const counts = grouped(all, ({ value }) => value);
      // What means something everywhere means the same there.
      const everywhere = all.find(({ path }) => path === '')?.value;
      const [common = ''] = [...counts].toSorted(([, one], [, other]) => other.length - one.length)[0] ?? [];
      return [word, everywhere ?? common] as const;
    }),
  );
  const others = uses.filter(({ word, value }) => most.get(word) !== value);
  return { usual: [...most], special: others.map(({ path, word, value }) => [`${path} ${word}`, value]) };
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
