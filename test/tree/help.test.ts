import { afterAll, beforeAll, expect, test } from 'vitest';
import { operationsOf } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { leaves, linesOf } from '../support/tree.ts';

const WIDTH = 110;

let bed: Bed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.close());

/** The help as it is printed, on a terminal that is wider than anyone reads, and in a pipe. */
async function helpOf(path: string): Promise<string> {
  const piped = await bed.dnx(`${path} --help`.trim());
  const asked = await bed.dnx(`help ${path}`.trim());
  const wide = await bed.dnx(`${path} --help`.trim(), { columns: 200, env: { NO_COLOR: '1' } });
  for (const run of [piped, asked, wide]) {
    expect([run.code, run.stderr, run.calls]).toEqual([0, '', []]);
    for (const line of run.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(WIDTH);
    expect(run.stdout).not.toMatch(/undefined|\[object|^\s*help\b| +$/m);
  }
  expect(asked.stdout).toBe(piped.stdout);
  return piped.stdout;
}

test('dnx', async () => {
  const help = await helpOf('');
  for (const { name, summary } of [...tree.contents, ...tree.alone]) expect(help).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'));
  expect(help).toContain('$ dnx deploy shop.example.com');
  expect((await bed.dnx([])).stdout).toBe(help);
});

test.each(tree.contents)('dnx $name', async ({ name, summary }) => {
  const help = await helpOf(name);
  expect(help.startsWith(`${summary}.\n\nUsage: dnx ${name} <command> [target] [options]\n`)).toBe(true);
  expect(help).toContain(`  $ dnx ${name} `);
  for (const { path, command } of leaves) {
    const [group, verb] = path.split(' ');
    if (group === name) expect(help).toMatch(new RegExp(`^ {2}${verb}\\b.* {2}${command.summary.slice(0, 20)}`, 'm'));
  }
});

test.each(leaves)('dnx $path', async (leaf) => {
  const help = await helpOf(leaf.path);
  expect(help.startsWith(`${leaf.command.summary}.\n\nUsage: dnx ${leaf.path} `)).toBe(true);
  for (const line of linesOf(leaf)) expect(help).toContain(`  $ ${line}\n`);
  for (const endpoint of operationsOf(leaf.command)) expect(help).toContain(`  ${endpoint}`);
  // What is assumed is explained where it is said, once.
  expect(help.match(/\[assumed\]: the API reference does not say/g)?.length ?? 0).toBe(/\[assumed\](?!:)/.test(help) ? 1 : 0);
});

test.each(Object.entries(tree.shortcuts))('dnx %s', async (name, [group, command]) => {
  const help = await helpOf(name);
  const long = await helpOf(`${group} ${command}`);
  expect(help.replaceAll(`dnx ${name}`, `dnx ${group} ${command}`).split('\n')[0]).toBe(long.split('\n')[0]);
  expect(help).toContain(`  $ dnx ${name}`);
});
