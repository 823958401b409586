import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';
import { need } from '../support/programs.ts';
import { keys, openTerminal, shown } from '../support/terminal.ts';

let executable: Executable;
let project: string;
beforeEach(async () => {
  need('git');
  executable = await openExecutable();
  project = join(executable.directory, 'project');
  mkdirSync(join(project, 'app'), { recursive: true });
  git('init', '-q');
});
afterEach(() => executable?.close());

const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: project, env: { PATH: process.env.PATH, HOME: executable.directory, GIT_CONFIG_NOSYSTEM: '1' } });
const open = (words: readonly string[], cols?: number) =>
  openTerminal(words, { DNX_HOST: executable.sandbox.url, DNX_TOKEN: executable.sandbox.token }, join(project, 'app'), cols);
const file = () => join(project, '.deploynix.json');
const site = () => JSON.parse(readFileSync(file(), 'utf8')).environments.production.site.name;

test('dnx link offers the only site of the repository first, and writes the file at its root', async () => {
  git('remote', 'add', 'origin', 'git@github.com:Example/Blog.git');
  const terminal = open(['link']);
  await terminal.shows('blog.example.com (web-1) deploys this repository (example/blog).');
  await terminal.shows('Link this project to which site?');
  await terminal.shows(/❯ blog\.example\.com .* this repository/);
  terminal.type(keys.enter);
  const { raw, code } = await terminal.ended;
  expect([code, site()]).toEqual([0, 'blog.example.com']);
  expect((await shown(raw)).slice(-5)).toEqual([
    '✓ Link this project to which site? blog.example.com (web-1)',
    '✓ Linked this project to blog.example.com (web-1) as production',
    '  file  ../.deploynix.json',
    'Next: dnx status',
    'Deploy with: dnx deploy',
  ]);
});

test('the sites of the repository come before others, which can be picked, too', async () => {
  git('remote', 'add', 'origin', 'https://github.com/example/api.git');
  const terminal = open(['link'], 60);
  await terminal.shows(/❯ api\.example\.com .* this repository/);
  await terminal.shows(/ {2}staging\.example\.com .* this repository/);
  terminal.type(`shop${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect([code, site()], text).toEqual([0, 'shop.example.com']);
});

test('without a remote, every site is offered in the usual order', async () => {
  const terminal = open(['link', '--server', 'web-2']);
  await terminal.shows('❯ api.example.com');
  terminal.type(keys.enter);
  const { text, code } = await terminal.ended;
  expect([code, text.includes('this repository'), text.includes('shop.example.com')]).toEqual([0, false, false]);
});

test('Ctrl-C and an empty account link nothing', async () => {
  const terminal = open(['link']);
  await terminal.shows('❯ shop.example.com');
  terminal.type(keys.interrupt);
  expect([(await terminal.ended).code, existsSync(file())]).toEqual([130, false]);
  executable.sandbox.state.sites.length = 0;
  const none = await open(['link']).ended;
  expect([none.code, none.text.includes('No sites to choose from.')]).toEqual([6, true]);
});

test('a change of the file during the question is kept', async () => {
  await expect(executable.here(['link', 'shop.example.com'], { cwd: project })).toExit(0);
  const terminal = open(['link', 'blog.example.com']);
  await terminal.shows('Link production to blog.example.com (web-1) instead?');
  const { environments } = JSON.parse(readFileSync(file(), 'utf8'));
  writeFileSync(file(), JSON.stringify({ environments: { ...environments, staging: { site: 'staging.example.com' } } }));
  terminal.type(`y${keys.enter}`);
  expect([(await terminal.ended).code, site()]).toEqual([0, 'blog.example.com']);
  expect(JSON.parse(readFileSync(file(), 'utf8')).environments.staging).toEqual({ site: 'staging.example.com' });
});
