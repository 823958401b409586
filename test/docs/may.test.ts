import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { flagName } from '../../src/base/text.ts';
import type { TypedLine } from '../../src/cli/language/command.ts';
import { effectOf } from '../../src/cli/language/effect.ts';
import type { Effect } from '../../src/cli/language/options.ts';
import type { Leaf } from '../../src/cli/language/tree.ts';
import { bareLine, type Holder, may } from '../../src/cli/run/may.ts';
import { leaves } from '../support/tree.ts';
import { generating } from './generated.ts';

/** A line of a command, alone or with an option of which something is declared. */
interface Item {
  readonly name: string;
  readonly line: TypedLine;
  readonly effect: Effect;
}

function itemsOf(leaf: Leaf): readonly Item[] {
  const line = bareLine(leaf);
  const { command } = leaf;
  const declared = Object.entries(command.options ?? {}).filter(
    ([, { reach, reveals, effect }]) => reach ?? reveals ?? (effect !== undefined && effect !== 'read'),
  );
  return [
    { name: leaf.path, line, effect: effectOf(command) },
    ...declared.map(([key]) => {
      const given = { ...line, options: { [key]: true } };
      return { name: `${leaf.path} ${flagName(key)}`, line: given, effect: effectOf(command, given.options) };
    }),
  ];
}

/** What stands in the table for a line. */
function cell(line: TypedLine, holder: Holder): string {
  const verdict = may(line, holder);
  if (verdict.may === 'no') return verdict.who === 'person' ? 'person' : '–';
  return verdict.hide.has('values') ? 'yes, values hidden' : 'yes';
}

function clientCell(line: TypedLine): string {
  const read = cell(line, { tool: 'read' });
  const change = may(line, { tool: 'change' });
  return read.startsWith('yes') ? read : change.may === 'yes' ? 'plan' : change.who === 'person' ? 'person' : '–';
}

const heads = ['', 'lease', 'agent', 'with `--show-values`', 'with `--read-only`', 'MCP', '`DNX_READ_ONLY`'];

const cellsOf = ({ line }: Item): readonly string[] => [
  cell(line, { session: 'script', showValues: true }),
  cell(line, { session: 'agent' }),
  cell(line, { session: 'agent', showValues: true }),
  cell(line, { session: 'agent', readOnly: true }),
  clientCell(line),
  cell(line, { readOnly: true }),
];

const words: Readonly<Record<Effect, string>> = {
  read: 'only read',
  local: 'change this computer',
  change: 'change something',
  destroy: 'delete something',
  program: 'run a program',
};

/** More commands than this are counted. */
const MOST = 20;

function table(): string {
  const groups = new Map<string, Item[]>();
  const all = leaves.flatMap((leaf) => {
    const [own, ...options] = itemsOf(leaf);
    // An option is named if it makes a difference.
    return own ? [own, ...options.filter((each) => cellsOf(each).join() !== cellsOf(own).join())] : [];
  });
  for (const item of all) {
    const key = cellsOf(item).join(' | ');
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  const rows = [...groups]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([cells, items]) => `| ${named(items)} | ${cells} |`);
  return [`| ${heads.join(' | ')} |`, `|${'---|'.repeat(heads.length)}`, ...rows].join('\n');
}

function named(items: readonly Item[]): string {
  const names = shortened(items.map(({ name }) => name));
  if (names.length <= MOST) return names.map((name) => `\`${name}\``).join(', ');
  const effects = [...new Set(items.map(({ effect }) => effect))];
  const counted = effects.map((effect) => `${items.filter((each) => each.effect === effect).length} commands that ${words[effect]}`);
  return counted.join(', ');
}

/** An option or a verb that several have stands for all of them. */
function shortened(names: readonly string[]): readonly string[] {
  const last = (name: string) => name.split(' ').at(-1) ?? '';
  const often = (word: string) => names.filter((each) => last(each) === word).length > (word.startsWith('--') ? 2 : 5);
  return [...new Set(names.map((name) => (often(last(name)) ? `… ${last(name)}` : name)))];
}

test.each(['docs/agents.md', 'docs/security.md'])('%s has what may() says of every command', (file) => {
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(TABLE);
  const written = text.replace(TABLE, table());
  if (generating) writeFileSync(file, written);
  expect(readFileSync(file, 'utf8')).toBe(written);
});

/** The table, up to the empty line after it. */
const TABLE = /^\| {2}\| lease \|.*(\n\|.*)*/m;
