import { describe, expect, test } from 'vitest';
import { exits } from '../../src/base/errors.ts';
import { operationsOf } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import { variableGroups } from '../../src/machine/settings/variables.ts';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { leaves, linesOf } from '../support/tree.ts';
import { deep, turn } from '../support/volume.ts';

const widths = [40, 60, 80, 120];
/** The narrowest or that of a pipe, in turn, for the many pages that are built alike. */
const fewer = (row: number) => (deep ? widths : turn([40, 80], row));

const bed = perSuite(openBed);

/** The words of a page, to compare two widths. */
const wordsOf = (text: string): string[] => text.replaceAll(/ \\$/gm, '').split(/\s+/).filter(Boolean).sort();

/** The help in a pipe, after it was checked on terminals of several widths. */
async function helpOf(line: string, tried: readonly number[] = widths): Promise<string> {
  const piped = await bed.dnx(line);
  for (const columns of tried) {
    const shown = await bed.dnx(line, { columns, env: { NO_COLOR: '1' } });
    expect(shown).toExit(0, { stderr: '', calls: [] });
    expect(shown.stdout).not.toMatch(/undefined|\[object|^ {2}help\b| +$/m);
    // Only a single word or a quoted string may exceed the width.
    const long = shown.stdout.split('\n').filter((each) => each.length > columns && !/^ *('[^']*'|\S+)( \\)?$/.test(each));
    expect(long, `${line} at ${columns}`).toEqual([]);
    expect(wordsOf(shown.stdout), `${line} at ${columns}`).toEqual(wordsOf(piped.stdout));
    if (columns === 80) expect(shown.stdout).toBe(piped.stdout);
  }
  return piped.stdout;
}

const linesIn = (text: string): number => text.trimEnd().split('\n').length;

/** Joins continued lines, as a shell does. */
const unbroken = (text: string): string => text.replaceAll(/ \\\n +/g, ' ');

describe('dnx', () => {
  test('fits 24 lines and names every group, command and topic', async () => {
    const help = await helpOf('--help');
    expect(linesIn(help)).toBeLessThanOrEqual(24);
    for (const { name } of [...tree.contents, ...tree.standalone, ...tree.topics])
      expect(help).toMatch(new RegExp(`[ ,]${name}([,.]|$)`, 'm'));
    for (const name of Object.keys(tree.shortcuts)) expect(help).toMatch(new RegExp(`\\b${name}\\b`));
    const used = help.slice(help.indexOf('Most used:'), help.indexOf('Commands:'));
    for (const name of ['login', 'deploy', 'status', 'why', 'env', 'logs']) expect(used).toMatch(new RegExp(` ${name} +[A-Z]`));
    expect(help).toMatch(
      /^ {2}Account .*\n {2}Project +link, unlink, status, changes, why, apply, export, drift,\n {15}history, undo, redo\n/m,
    );
    expect(help).toContain('\nExample: dnx deploy shop.example.com\n');
    expect(help).toContain('dnx help options');
    expect(help).toContain('dnx sandbox shell');
  });

  test.each([[], ['help'], ['help', 'help'], ['-h'], ['--json'], ['help', '--api'], ['--help', '--api'], ['help', '--nope', 'deploy']])(
    '%j shows the same help',
    async (...words) => {
      expect((await bed.dnx(words)).stdout).toBe((await bed.dnx('--help')).stdout);
    },
  );
});

describe.each(tree.contents)('dnx $name', ({ name, summary, aliases = [] }) => {
  test('fits 30 lines and lists every command', async () => {
    const help = await helpOf(`${name} --help`);
    expect(help.startsWith(`${summary}\n\nUsage: dnx ${name} <command> [target] [options]\n`)).toBe(true);
    expect(linesIn(help)).toBeLessThanOrEqual(30);
    expect(help).toContain(`  $ dnx ${name} `);
    for (const { group, command } of leaves)
      if (group.name === name) expect(help).toMatch(new RegExp(`^ {2}${command.name}\\b.* {2}${command.summary.slice(0, 20)}`, 'm'));
  });

  test('shows its help without a command, under every name and alias', async () => {
    const help = await bed.dnx(`${name} --help`);
    for (const line of [name, `help ${name}`, `${name} help`, `${name} --json`, ...aliases]) {
      const run = await bed.dnx(line);
      expect([run.code, run.stdout, run.stderr], line).toEqual([0, help.stdout, '']);
    }
  });
});

describe.each(leaves.map((leaf, row) => ({ ...leaf, row })))('dnx $path', ({ row, ...leaf }) => {
  test('shows its examples in the first 12 lines', async () => {
    const help = await helpOf(`${leaf.path} --help`, fewer(row));
    expect(help.startsWith(`${leaf.command.summary}\n\nUsage: dnx ${leaf.path} `)).toBe(true);
    const top = unbroken(help.split('\n').slice(0, 12).join('\n'));
    for (const line of linesOf(leaf)) expect(top).toMatch(new RegExp(`^  \\$ ${escaped(line)}$`, 'm'));
    expect(help).toContain('Global options: dnx help options. Exit codes: dnx help exit-codes\n');
    expect(linesIn(help.slice(help.lastIndexOf('\n\n') + 2))).toBeLessThanOrEqual(3);
    const { description = '', exits } = leaf.command;
    expect(description).not.toMatch(/exit code|exits with/i);
    const [, codes] = /\n\n(Exit codes: [\s\S]+?)\n\n(Token|API|Global) [\s\S]+$/.exec(help) ?? [];
    expect(codes?.replaceAll('\n', ' ')).toBe(exits && `Exit codes: ${exits}`);
    expect(linesIn(codes ?? '')).toBeLessThanOrEqual(2);
  });

  test('--api shows its calls', async () => {
    const help = await helpOf(`${leaf.path} --help --api`, fewer(row));
    for (const endpoint of operationsOf(leaf.command)) expect(help).toContain(`  ${endpoint}`);
    for (const field of Object.keys(leaf.command.fields ?? {})) expect(help).toContain(`  ${field} `);
    // One line explains what 'assumed' means.
    expect(help.match(/^assumed: /gm)?.length ?? 0).toBe(/assumed/.test(help) ? 1 : 0);
  });
});

const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');

test.each(Object.entries(tree.shortcuts))('dnx %s shows the help of its command', async (name, [group, command]) => {
  const help = await helpOf(`${name} --help`);
  const long = await helpOf(`${group} ${command} --help`);
  expect(help.split('\n')[0]).toBe(long.split('\n')[0]);
  expect(help).toContain(`  $ dnx ${name}`);
});

describe('topics', () => {
  /** The most lines of a topic. Tables are looked up, not read. */
  const most = (name: string) => (name === 'environment' ? 90 : name === 'options' ? 26 : name.startsWith('from-') ? 40 : 24);

  test.each(tree.topics)('dnx help $name fits one screen', async ({ name }) => {
    const help = await helpOf(`help ${name}`);
    expect(linesIn(help)).toBeLessThanOrEqual(most(name));
    expect((await bed.dnx(`--no-color help ${name} --json`)).stdout).toBe(help);
  });

  test('options lists every global option', async () => {
    const help = await helpOf('help options');
    for (const flag of ['--json', '-o, --output <format>', '--no-input', '-q, --quiet']) expect(help).toContain(`  ${flag}`);
  });

  test('exit-codes lists every exit code', async () => {
    const help = await helpOf('help exit-codes');
    const listed = [...help.matchAll(/^ {2}(\d[\d, ]*?) {2}/gm)].flatMap(([, codes = '']) => codes.split(', ').map(Number));
    expect(listed).toEqual([...new Set([0, ...Object.values(exits)])].sort((a, b) => a - b));
  });

  test('environment lists every variable in the table', async () => {
    const help = await helpOf('help environment');
    expect(variableGroups.length).toBeGreaterThan(5);
    for (const { title, variables: own } of variableGroups) {
      expect(help).toContain(`\n${title}:`);
      for (const { name } of own) expect(help).toMatch(new RegExp(`[ \n]${name}( |,|$)`, 'm'));
    }
  });
});
