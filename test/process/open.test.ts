import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { hasten } from '../support/hasten.ts';
import { keys, openTerminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

const URL = 'https://shop.example.com';

const executable = perTest(openExecutable);
let programs: string;
beforeEach(() => {
  programs = join(executable.directory, 'programs');
  mkdirSync(programs);
});

/** A program that records its arguments, a line each. */
function program(name: string, then = ''): void {
  const file = join(programs, name);
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$@" > "${join(executable.directory, name)}"\n${then}\n`);
  chmodSync(file, 0o755);
}

const argumentsOf = (name: string): string => readFileSync(join(executable.directory, name), 'utf8');
const path = () => ({ PATH: [programs, executable.env.PATH].join(delimiter), BROWSER: '' });
const open = (env: Readonly<Record<string, string>>, ...words: readonly string[]) =>
  executable.dnx(['open', 'shop.example.com', ...words], { env: { ...path(), ...env } });

test('gives the URL to xdg-open on a desktop', async () => {
  program('xdg-open');
  await expect(open({ DISPLAY: ':0' })).toExit(0, { stderr: '', stdout: `✓ Opened ${URL}\n` });
  expect(argumentsOf('xdg-open')).toBe(`${URL}\n`);
});

test('prints the URL if xdg-open finds no browser, or is missing', async () => {
  program('xdg-open', 'exit 3');
  const note = 'No browser found.\n';
  await expect(open({ DISPLAY: ':0' })).toExit(0, { stderr: note, stdout: `${URL}\n` });
  await expect(open({ DISPLAY: ':0', PATH: join(programs, 'none') })).toExit(0, { stderr: note, stdout: `${URL}\n` });
});

test('fails if xdg-open fails', async () => {
  program('xdg-open', 'exit 4');
  const run = await open({ DISPLAY: ':0' });
  const message = 'Error: Could not open a browser: xdg-open exited with code 4.';
  expect(run).toExit(1, { stderr: `${message}\n  Open this URL yourself: ${URL}\n`, stdout: '' });
});

test('does not wait for a browser that xdg-open waits for', async () => {
  // It would wait for 2 s.
  const fast = hasten(10);
  program('xdg-open', `trap 'exit 0' TERM; echo $$ > "${join(executable.directory, 'pid')}"; while :; do sleep 0.05; done`);
  await expect(open({ DISPLAY: ':0', ...fast.env })).toExit(0, { stdout: `✓ Opened ${URL}\n` });
  await expect.poll(() => existsSync(join(executable.directory, 'pid')) && argumentsOf('pid')).toMatch(/\n$/);
  // Fails if dnx has ended it.
  process.kill(Number(argumentsOf('pid')), 'SIGTERM');
});

test('gives the URL to BROWSER, and keeps its output from stdout', async () => {
  program('my browser', 'echo noise');
  program('broken', 'exit 1');
  const run = await open({ BROWSER: `missing:broken:'my browser' --new %s`, SSH_TTY: '/dev/pts/1' }, '--json');
  expect(run).toExit(0, { stdout: `{\n  "url": "${URL}"\n}\n`, stderr: 'noise\n' });
  expect(argumentsOf('my browser')).toBe(`--new\n${URL}\n`);
  expect(argumentsOf('broken')).toBe(`${URL}\n`);
});

test('fails if BROWSER is missing', async () => {
  const run = await open({ BROWSER: 'missing' });
  expect(run).toExit(1, { stderr: `Error: Could not run missing: command not found.\n  Open this URL yourself: ${URL}\n`, stdout: '' });
});

test('gives the browser no token', async () => {
  const record = `env > "${join(executable.directory, 'environment')}"`;
  program('xdg-open', record);
  program('w3m', record);
  for (const env of [{ DISPLAY: ':0' }, { BROWSER: 'w3m' }]) {
    expect((await open({ ...env, DNX_NOTIFY: 'https://hooks.example.com/secret' })).stdout).toBe(`✓ Opened ${URL}\n`);
    expect(argumentsOf('environment')).not.toMatch(/^DNX_(TOKEN|NOTIFY)=/m);
    expect(argumentsOf('environment')).toMatch(/^DNX_HOST=/m);
  }
});

test('runs nothing for a hostile domain', async () => {
  program('xdg-open');
  program('w3m');
  const site = [...executable.sandbox.state.sites.values()].find(({ domain }) => domain === 'shop.example.com');
  const planted = join(executable.directory, 'planted');
  const domains = [`x.com; touch ${planted}`, 'javascript:alert(1)', `$(touch ${planted})`, `x.com\n-flag`];
  for (const domain of leading(domains, 1)) {
    Object.assign(site ?? {}, { domain });
    for (const env of [{ DISPLAY: ':0' }, { BROWSER: 'w3m' }]) {
      const run = await executable.dnx(['open', `web-1/${site?.id}`], { env: { ...path(), ...env } });
      expect([run.exitCode, run.stdout], domain).toEqual([1, '']);
    }
  }
  expect(['xdg-open', 'w3m', 'planted'].filter((name) => existsSync(join(executable.directory, name)))).toEqual([]);
});

test('a browser in the terminal has it, with Ctrl-C', async () => {
  program('w3m', `trap 'echo caught' INT; test -t 0 && test -t 1 && stty size; while ! read enter; do :; done; echo "read $enter"`);
  const { url, token } = executable.sandbox;
  const env = { ...path(), BROWSER: 'w3m', DNX_HOST: url, DNX_TOKEN: token, NO_COLOR: '1' };
  const terminal = openTerminal(['open', 'shop.example.com'], env, executable.directory);
  await terminal.shows('40 120');
  terminal.type(keys.interrupt);
  await terminal.shows('caught');
  terminal.type(`quit${keys.enter}`);
  await terminal.shows('read quit');
  await terminal.shows(`✓ Opened ${URL}`);
  await expect(terminal.ended).toExit(0);
});
