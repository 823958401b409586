import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const bed = perTest(openBed);

const colored = (line: string, options: RunOptions = {}) =>
  bed.dnx(line, { columns: 80, ...options, env: { FORCE_COLOR: '1', ...options.env } });

const accent = (text: string) => `\u001b[36m${text}\u001b[39m`;
const dim = (text: string) => `\u001b[2m${text}\u001b[22m`;
const green = (text: string) => `\u001b[32m${text}\u001b[39m`;
const yellow = (text: string) => `\u001b[33m${text}\u001b[39m`;
const red = (text: string) => `\u001b[31m${text}\u001b[39m`;

const plainly = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

test('a command and a URL have one accent color, labels are dim', async () => {
  const run = await colored('deploy shop.example.com');
  expect(run.stdout).toContain(`${green('✓')} Deployed shop.example.com in `);
  expect(run.stdout).toContain(`  ${dim('url')}      ${accent('https://shop.example.com')}\n`);
  expect(run.stdout).toContain(`  ${dim('undo')}     ${accent('dnx rollback shop.example.com --server web-1')}\n`);
});

test('a note is dim, but not the command in it', async () => {
  bed.sandbox.state.daemons = [];
  const run = await colored('daemon list --server db-1');
  expect(run.stderr).toBe(`${dim('No daemons.')}\n${dim('Create one with: ')}${accent('dnx daemon create --server db-1')}\n`);
  expect((await colored('site list')).stderr).toBe(`${dim('1 column hidden; use --wide')}\n`);
});

test('the hint of an error is dim, but not the command in it', async () => {
  const run = await colored('site nothing');
  expect(run.stderr).toContain(`${red('✗')} `);
  expect(run.stderr).toContain(`  ${dim('See: ')}${accent('dnx site --help')}\n`);
});

test('Ctrl-C while following is no failure', async () => {
  const { code, stderr } = await colored('deploy shop.example.com', { interruptAt: 6_000 });
  expect(code).toBe(130);
  expect(stderr).toContain('Stopped watching; the deployment continues.\n');
  expect(stderr).not.toContain('✗');
});

test('doctor marks each check', async () => {
  const run = await colored('doctor');
  expect(run.stdout).toContain(`${green('✓')} versions `);
  expect(run.stdout).toContain(`${yellow('!')} abilities `);
  expect(run.stdout).toContain(` Create one with fewer abilities: ${accent('dnx token create')}\n`);
});

test('a site that an older release serves is not red', async () => {
  const status = (await colored('status --site api.example.com --server web-2')).stdout;
  expect(status).toContain(yellow('● failed, but the previous release still serves'));
});

test('an outcome has a color', async () => {
  bed.sandbox.state.fail_deploys = true;
  expect((await colored('deploy shop.example.com blog.example.com')).stdout).toContain(red('failed'));
});

test('prompts have the same check mark and colors, and none with NO_COLOR or --no-color', async () => {
  const restart = (words: string, env: Record<string, string>) =>
    bed.dnx(`server restart${words}`, { columns: 80, env, keys: `${keys.enter}${keys.interrupt}` });
  const answered = `${green('✓')} \u001b[1mRestart which server?\u001b[22m ${accent('web-1')}`;
  expect((await restart('', { FORCE_COLOR: '1' })).stderr).toContain(answered);
  for (const run of [await restart('', { NO_COLOR: '1' }), await restart(' --no-color', { FORCE_COLOR: '1' })]) {
    expect(stripVTControlCharacters(run.stderr)).toContain('✓ Restart which server? web-1');
    expect([1, 2, 31, 32, 33, 36].filter((code) => run.stderr.includes(`\u001b[${code}m`))).toEqual([]);
  }
});

test.each(['deploy shop.example.com', 'site list', 'daemon list --server db-1', 'doctor', 'audit', 'status --site shop.example.com'])(
  'dnx %s breaks its lines where it does without colors',
  async (line) => {
    const plain = await bed.dnx(line, { columns: 44 });
    const run = await colored(line, { columns: 44 });
    const text = ({ stdout }: typeof run) => stripVTControlCharacters(stdout).replace(/\d+_\d+ .*|[\d.]+ ?m?s/g, '');
    expect(text(run)).toBe(text(plain));
  },
);

test('what a plan adds, changes and removes is green, yellow and red', async () => {
  const file = join(bed.directory, '.env.shop');
  await expect(bed.dnx(`env pull ${file} --site shop.example.com`)).toExit(0);
  const [first = '', second = '', ...others] = readFileSync(file, 'utf8').trim().split('\n');
  const [removed, changed] = [first, second].map((line) => line.split('=')[0]);
  writeFileSync(file, [`${changed}=another`, ...others, 'NEW_KEY=1', ''].join('\n'));
  const diff = (await colored(`env diff ${file} --site shop.example.com`)).stdout;
  expect(diff).toMatch(new RegExp(`${changed} +${plainly(yellow('~ changed'))}`));
  expect(diff).toMatch(new RegExp(`NEW_KEY +${plainly(green('+ only in'))}`.replace(plainly('\u001b[39m'), '')));
  const push = (await colored(`env push ${file} --site shop.example.com --prune --dry-run`)).stdout;
  const on = 'on shop.example.com (web-1)';
  expect(push).toContain(`${green(`+ create variable NEW_KEY ${on}`)}\n`);
  expect(push).toContain(`${yellow(`~ update variable ${changed} ${on}`)}\n`);
  expect(push).toContain(`${red(`- delete variable ${removed} ${on}`)}\n`);
});
