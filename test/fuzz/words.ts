import fc from 'fast-check';
import { plural } from '../../src/base/text.ts';
import { globals } from '../../src/cli/language/globals.ts';
import type { Option } from '../../src/cli/language/options.ts';
import { optionsOf } from '../../src/cli/language/signature.ts';
import { contents, shortcuts } from '../../src/commands/index.ts';
import { split } from '../support/dnx.ts';
import { examples } from '../support/examples.ts';
import { leaves } from '../support/tree.ts';

import { addresses, durations, formats, junk, names, nonsense, pairs, queries, times, value } from './junk.ts';

/** An option as typed, usually with a valid value. */
function typed(key: string, { kind, short, negatable, choices }: Option<unknown>): fc.Arbitrary<string[]> {
  const long = `--${key.replaceAll('_', '-')}`;
  const spellings = [long, ...(short ? [`-${short}`] : []), ...(negatable ? [`--no-${key.replaceAll('_', '-')}`] : [])];
  const spelling = fc.constantFrom(...spellings);
  if (kind === 'flag')
    return fc.oneof(
      { arbitrary: spelling.map((word): string[] => [word]), weight: 5 },
      { arbitrary: junk.map((word): string[] => [`${long}=${word}`]), weight: 1 },
    );
  const own: Record<string, readonly string[]> = {
    query: queries,
    field: pairs,
    host: addresses,
    output: formats,
    timeout: durations,
    in: durations,
    at: times,
    data: ['{}', '[]', '{', '@nothing', '-', 'null', '1', '{"a":{"b":1}}', ...nonsense.slice(-8)],
  };
  const good = fc.constantFrom(
    ...(own[key] ?? choices ?? (kind === 'integer' ? ['1', '2', '0', '-1', '1.5', '1e9', 'x'] : kind === 'duration' ? durations : names)),
  );
  const given = fc.oneof({ arbitrary: good, weight: 3 }, { arbitrary: value, weight: 1 });
  return fc.oneof(
    { arbitrary: fc.tuple(spelling, given).map((pair): string[] => pair), weight: 6 },
    { arbitrary: given.map((word): string[] => [`${long}=${word}`]), weight: 3 },
    { arbitrary: fc.constant<string[]>([long]), weight: 1 },
  );
}

const general = Object.entries(globals).map(([key, option]) => typed(key, option));

/** The name of a command, an alias, or a typo. */
const naming: fc.Arbitrary<string[]> = fc.oneof(
  { arbitrary: fc.constantFrom(...leaves.map(({ path }) => path.split(' '))), weight: 6 },
  {
    arbitrary: fc.tuple(
      fc.constantFrom(
        ...contents.flatMap(({ name, aliases = [] }) => [name, plural(name), ...aliases]),
        ...Object.keys(shortcuts),
        'help',
        'api',
        'doctor',
      ),
      fc.constantFrom('list', 'show', 'create', 'update', 'delete', 'ls', 'get', 'rm', 'lst', 'help', '--help', '-h', ''),
    ),
    weight: 2,
  },
  { arbitrary: fc.array(junk, { maxLength: 2 }), weight: 1 },
);

/** Command lines without the consent that they need. */
const unconfirmed = examples.flatMap(({ line, leaf }) => {
  const without = line.replace(/ --yes| --confirm \S+/, '');
  return without === line ? [] : [{ line: without, leaf }];
});

const requests = [
  'api DELETE /servers/{server} --server web-1',
  'api DELETE /servers/{server}/sites/{site} --site shop.example.com',
].flatMap((line) => leaves.filter(({ path }) => path === 'api').map((leaf) => ({ line, leaf })));

/** An example with a few changed words. */
const example: fc.Arbitrary<string[]> = fc
  .tuple(
    fc.constantFrom(
      ...[...examples, ...unconfirmed, ...requests].map(({ line, leaf }) => ({
        words: split(line.replace(/^dnx /, '').replace(/ [<>] \S+$/, '')),
        leaf,
      })),
    ),
    fc.array(fc.tuple(fc.constantFrom('insert', 'replace', 'remove', 'double', 'cut' as const), fc.nat(12), value), { maxLength: 2 }),
  )
  .chain(([{ words, leaf }, edits]) => {
    const edited = edits.reduce((line, [how, at, word]) => edit(line, how, at % (line.length + 1), word), words);
    const own = Object.entries(optionsOf(leaf.group, leaf.command)).map(([key, option]) => typed(key, option));
    return fc.array(fc.oneof(...general, ...own), { maxLength: 2 }).map((more) => [...edited, ...more.flat()]);
  });

function edit(words: readonly string[], how: string, at: number, word: string): string[] {
  switch (how) {
    case 'insert':
      return words.toSpliced(at, 0, word);
    case 'replace':
      return words.toSpliced(at, 1, word);
    case 'remove':
      return words.toSpliced(at, 1);
    case 'double':
      return [...words.slice(0, at), ...words.slice(Math.max(0, at - 1))];
    default:
      return words.slice(0, at);
  }
}

/** A command line of a name, values and options in any order. */
const made: fc.Arbitrary<string[]> = naming.chain((words) => {
  const leaf = leaves.find(({ path }) => path === words.join(' '));
  const own = leaf ? Object.entries(optionsOf(leaf.group, leaf.command)).map(([key, option]) => typed(key, option)) : [];
  const piece = fc.oneof({ arbitrary: value.map((word) => [word]), weight: 2 }, { arbitrary: fc.oneof(...general, ...own), weight: 4 });
  return fc
    .tuple(fc.array(fc.oneof(...general), { maxLength: 1 }), fc.array(piece, { maxLength: 5 }))
    .map(([before, after]) => [...before.flat(), ...words, ...after.flat()]);
});

/** Keeps written files in the working directory, since root could write anywhere. */
const tame = (words: readonly string[]): string[] =>
  words.some((word) => /^(-\w*O|--(file|state|to-file|result-file))/.test(word))
    ? words.map((word) => word.replace(/^(--[\w-]+=|-\w*O)?\/(?!dev\/|proc\/)/, '$1./'))
    : [...words];

/** Arbitrary command lines: almost right, or junk. */
export const commandLine: fc.Arbitrary<string[]> = fc
  .oneof({ arbitrary: example, weight: 5 }, { arbitrary: made, weight: 4 }, { arbitrary: fc.array(value, { maxLength: 5 }), weight: 1 })
  .map(tame)
  // An argument cannot contain a null character.
  .map((words) => words.map((word) => word.replaceAll('\u0000', '')));
