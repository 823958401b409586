import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Grammar, grammarOf } from '../../scripts/completion/grammar.ts';
import { scriptFor } from '../../scripts/completion/scripts.ts';
import { tree } from '../../src/commands/index.ts';
import { missing, openCompleter, tested } from './completers.ts';

/** The commands of dnx, all with this help. */
async function withHelp(help: string): Promise<Grammar> {
  const grammar = await grammarOf(tree);
  const helped = <T>(items: readonly T[]) => items.map((item) => ({ ...item, help }));
  return {
    ...grammar,
    root: helped(grammar.root),
    topics: helped(grammar.topics),
    globals: helped(grammar.globals),
    groups: new Map([...grammar.groups].map(([name, commands]) => [name, helped(commands)])),
    places: grammar.places.map((place) => ({ ...place, help, flags: helped(place.flags) })),
  };
}

test.for(tested)('the completion script for %s does not run what a help text contains', { timeout: 30_000 }, async (shell, { skip }) => {
  if (missing(shell)) return skip(`${shell} is not installed`);
  const directory = mkdtempSync(join(tmpdir(), 'dnx-quoting-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const touch = `touch ${join(directory, 'pwned')}`;
  const script = join(directory, 'script');
  writeFileSync(script, scriptFor(shell, await withHelp(`It's $(${touch}) \`${touch}\` \\'; ${touch}; 'x' [y]: "z" (${touch})`)));
  const completer = await openCompleter(shell, { script });
  onTestFinished(() => completer.close());
  expect(await completer.tab('dnx site dep')).toBe('site deploy');
  expect(await completer.tab('dnx site deploy --no-w')).toBe('site deploy --no-wait');
  expect(readdirSync(directory)).toEqual(['script']);
});

test('completion offers only words that no shell expands', async () => {
  const { places, groups, root, topics, globals } = await grammarOf(tree);
  const flags = [...globals, ...places.flatMap((place) => place.flags)];
  const specs = [...flags.map(({ value = '' }) => value), ...places.flatMap(({ words }) => words)];
  const words = [
    ...[...root, ...topics, ...[...groups.values()].flat()].map(({ word }) => word),
    ...flags.flatMap(({ names }) => names),
    ...specs.filter((spec) => spec.startsWith('=')).flatMap((spec) => spec.slice(1).replace('+', '').split(',')),
    ...places.flatMap(({ fields }) => fields),
  ];
  expect([words.length > 500, words.filter((word) => !/^[\w.-]+$/.test(word))]).toEqual([true, []]);
});
