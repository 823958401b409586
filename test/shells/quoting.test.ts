import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tree } from '../../src/commands/index.ts';
import { bash } from '../../src/features/completion/bash.ts';
import { fish } from '../../src/features/completion/fish.ts';
import { type Model, modelOf } from '../../src/features/completion/model.ts';
import { zsh } from '../../src/features/completion/zsh.ts';
import { has, openShell } from './shell.ts';

/** The commands of dnx, all with this help. */
async function withHelp(help: string): Promise<Model> {
  const { places, everywhere } = await modelOf(tree);
  const helped = <T>(items: readonly T[]) => items.map((item) => ({ ...item, help }));
  return {
    everywhere: helped(everywhere),
    places: places.map((place) => ({ ...place, words: helped(place.words), flags: helped(place.flags) })),
  };
}

/** Makes the shell in question offer `site delete` and `site deploy`. */
const offering: Readonly<Record<string, (script: string) => Promise<void>>> = {
  bash: (script) => offeredBy('bash', ['--noprofile', '--norc', '-i'], [`source ${script}`]),
  zsh: (script) => offeredBy('zsh', ['-f', '-i'], ['autoload -U compinit && compinit -u -D', `source ${script}`]),
  fish: async (script) => {
    const line = 'source $argv[1]; complete -C "dnx site de"; complete -C "dnx site deploy --"';
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', line, script], { encoding: 'utf8' });
    expect([stderr, stdout]).toEqual(['', expect.stringContaining('deploy\t')]);
  },
};

async function offeredBy(shell: string, args: readonly string[], prepare: readonly string[]): Promise<void> {
  const open = await openShell(shell, args, prepare);
  onTestFinished(() => open.close());
  await open.shows('dnx site de\t\t', 'delete', 'deploy');
}

const scripts = [
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
] as const;

test.for(scripts)('the completion script for %s does not run what a help text contains', { timeout: 30_000 }, async (given, { skip }) => {
  const [shell, script] = given;
  if (!has(shell) && !process.env.CI) return skip(`${shell} is not installed`);
  const directory = mkdtempSync(join(tmpdir(), 'dnx-quoting-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const touch = `touch ${join(directory, 'pwned')}`;
  const file = join(directory, 'script');
  writeFileSync(file, script(await withHelp(`It's $(${touch}) \`${touch}\` \\'; ${touch}; 'x' [y]: "z" (${touch})`)));
  await offering[shell]?.(file);
  expect(readdirSync(directory)).toEqual(['script']);
});

test('completion offers only words that no shell expands', async () => {
  const { places, everywhere } = await modelOf(tree);
  const flags = [...everywhere, ...places.flatMap((place) => place.flags)];
  const words = [...places.flatMap((place) => place.words), ...flags.flatMap(({ names, choices }) => [...names, ...choices])];
  const unsafe = words.map((word) => (typeof word === 'string' ? word : word.word)).filter((word) => !/^[\w.-]+$/.test(word));
  expect([words.length > 500, unsafe]).toEqual([true, []]);
});
