import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasten } from '../support/hasten.ts';
import { find, required } from '../support/programs.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'dnx-home-')));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const fast = hasten(4);
const PROMPT = '(sandbox) ';

/** Opens a sandbox in a shell, in an empty home directory, at 80 columns. */
async function enter(words: readonly string[] = [], env: Record<string, string> = {}): Promise<Terminal> {
  const terminal = openTerminal(['sandbox', 'shell', ...words], { SHELL: '/bin/bash', TMPDIR: home, ...env }, home, 80);
  await terminal.shows('Ctrl-D');
  await terminal.shows(PROMPT);
  return terminal;
}

const run = (terminal: Terminal, line: string) => terminal.type(`${line}${keys.enter}`);

async function leave(terminal: Terminal): Promise<string> {
  run(terminal, 'exit');
  const { text, code } = await terminal.ended;
  expect(code, text).toBe(0);
  return text;
}

/** The processes on this machine whose environment or command line names the directory. */
const processesIn = (directory: string): readonly string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    return [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`].some((file) => read(file).includes(`${directory}/dnx-sandbox-`));
  });

describe('dnx sandbox shell', { timeout: 60_000 }, () => {
  test('is signed in, in a linked clone whose history is that of the releases', async () => {
    const terminal = await enter();
    run(terminal, 'dnx status');
    await terminal.shows('shop.example.com');
    await terminal.shows('Cache the category tree for ten minutes');
    run(terminal, 'dnx changes');
    await terminal.shows('2 commits, 1 migration');
    await terminal.shows('Show the cart on every page');
    await terminal.shows(PROMPT);
    run(terminal, 'git status --short && git log -1 --format=%s');
    await terminal.shows('Show the cart on every page');
    await leave(terminal);
  });

  test('has servers: why finds the cause in their logs, and logs -f follows them', async () => {
    const terminal = await enter();
    run(terminal, 'dnx why api.example.com');
    await terminal.shows('creates the table');
    await terminal.shows(PROMPT);
    run(terminal, 'dnx artisan about');
    await terminal.shows('Laravel Version');
    run(terminal, 'dnx ssh web-1 -- ls -d /home/deploynix/shop.example.com');
    await terminal.shows(/web-1\/home\/deploynix\/shop\.example\.com/);
    run(terminal, 'dnx logs -f');
    await terminal.shows('Order 1040 paid');
    await terminal.shows(/production\.INFO: Order 104[1-9] paid/);
    terminal.type(keys.interrupt);
    await terminal.shows(PROMPT);
    await leave(terminal);
  });

  test('has sites: deploy --verify passes, and a push that needs another PHP fails until the site has it', async () => {
    const terminal = await enter([], fast.env);
    run(terminal, 'dnx deploy --verify /up');
    await terminal.shows('passed verification');
    await terminal.shows('✓ Deployed shop.example.com');
    run(terminal, 'git merge -q origin/php-8.4 && git push -q && dnx deploy');
    await terminal.shows('Deployment of shop.example.com failed');
    await terminal.shows(PROMPT);
    run(terminal, 'dnx why');
    await terminal.shows('PHP 8.3 is too old');
    await terminal.shows('dnx site update shop.example.com --php-version 8.4');
    run(terminal, 'dnx site update shop.example.com --php-version 8.4 && dnx deploy');
    await terminal.shows('✓ Deployed shop.example.com');
    await leave(terminal);
  });

  test('leaves nothing behind: no file, and no process', async () => {
    const terminal = await enter();
    run(terminal, 'dnx logs -f >/dev/null & sleep 300 & (dnx ssh web-1 -- sleep 300 &)');
    await terminal.shows('Connecting to web-1');
    expect(processesIn(home)).not.toEqual([]);
    expect(await leave(terminal)).toContain('Left the sandbox');
    expect(readdirSync(home)).toEqual([]);
    // A dnx whose ssh was ended says so first.
    await expect.poll(() => processesIn(home), { timeout: 10_000 }).toEqual([]);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('ends at %s, and leaves nothing behind', async (signal, code) => {
    const terminal = await enter();
    terminal.signal(signal);
    expect(await terminal.ended).toMatchObject({ code });
    expect(readdirSync(home)).toEqual([]);
  });

  test('refuses to open in another one', async () => {
    const terminal = await enter();
    run(terminal, 'dnx sandbox shell; echo "exit code $?"');
    await terminal.shows('This is a sandbox already.');
    await terminal.shows('exit code 2');
    await leave(terminal);
  });

  test('is not changed by the settings of the user', async () => {
    writeFileSync(
      join(home, '.bashrc'),
      'export DNX_TOKEN=mine DNX_HOST=https://deploynix.io PATH=/usr/bin:/bin; alias hi="echo aliased"; PS1="mine> "\n',
    );
    const terminal = await enter();
    run(terminal, 'hi; dnx whoami');
    await terminal.shows('aliased');
    await terminal.shows('ada@example.com');
    await leave(terminal);
  });

  const shells = ['zsh', 'fish', 'dash'].map((name) => [name, find(name)] as const);
  test.each(shells.filter(([, path]) => path !== undefined || required))('opens in %s', async (_, path = '') => {
    // Otherwise fish writes completions of every man page, and goes on after its end.
    mkdirSync(join(home, '.cache/fish/generated_completions'), { recursive: true });
    const terminal = await enter([], { SHELL: path, TERM: 'dumb' });
    run(terminal, 'dnx whoami');
    await terminal.shows('ada@example.com');
    await leave(terminal);
  });
});

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
