import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test as plain } from 'vitest';
import { find, lacking, required } from '../support/programs.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';
import { leading, sampled } from '../support/volume.ts';

// What one does in it is a day of test/docs/day.test.ts.
const test = plain.extend<{ home: string }>({
  home: async ({ task: _ }, use) => {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'dnx-home-')));
    await use(home);
    rmSync(home, { recursive: true, force: true });
  },
});

const PROMPT = '(sandbox) ';

/** Opens a sandbox in a shell, in an empty home directory, at 80 columns. */
async function enter(home: string, env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  const terminal = openTerminal(['sandbox', 'shell'], { SHELL: '/bin/bash', TMPDIR: home, ...env }, home, 80);
  await terminal.shows('Ctrl-D');
  return terminal;
}

/** Types a line at the prompt, because a program that has not ended yet, such as a pager, could read it. */
async function run(terminal: Terminal, line: string): Promise<void> {
  await terminal.shows(PROMPT);
  terminal.type(`${line}${keys.enter}`);
}

async function leave(terminal: Terminal): Promise<string> {
  await run(terminal, 'exit');
  const { text, code } = await terminal.ended;
  expect(code, text).toBe(0);
  return text;
}

/** Whether to skip tests that need a program, which it prints; CI must have it. */
function isWithout(program: string): boolean {
  const skip = lacking([program]).length > 0 && !required;
  if (skip) process.stderr.write(`Skipped tests of dnx sandbox shell: this machine lacks ${program}\n`);
  return skip;
}

/** The processes on this machine whose environment or command line names the directory. */
const processesIn = (directory: string): readonly string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    return [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`].some((file) => read(file).includes(`${directory}/dnx-sandbox-`));
  });

describe('dnx sandbox shell', { timeout: 60_000 }, () => {
  const noClone = isWithout('git');
  test.skipIf(noClone).concurrent('has login shells, and is in a linked clone whose history is that of the releases', async ({ home }) => {
    const terminal = await enter(home);
    await run(terminal, 'dnx ssh shop.example.com');
    await terminal.shows('deploynix@web-1:');
    terminal.type(`exit${keys.enter}`);
    await run(terminal, 'dnx status');
    await terminal.shows('shop.example.com');
    await terminal.shows('Cache the category tree for ten minutes');
    await run(terminal, 'git status --short && git log -1 --format=%s');
    await terminal.shows('Show the cart on every page');
    await leave(terminal);
  });

  test.concurrent('starts in an empty directory without Git', async ({ home }) => {
    const terminal = await enter(home, { PATH: home });
    await run(terminal, 'echo files: *');
    await terminal.shows(/^files: \*\r?$/m);
    await run(terminal, 'dnx link shop.example.com');
    await terminal.shows('Linked this project');
    expect(await leave(terminal)).toContain('no clone of the shop, because Git is not installed');
  });

  test.skipIf(noClone).concurrent('has servers: why finds the cause in their logs, and logs -f follows them', async ({ home }) => {
    const terminal = await enter(home);
    await run(terminal, 'dnx why api.example.com');
    await terminal.shows('creates the table');
    await run(terminal, 'dnx audit --ssh --server web-2');
    await terminal.shows('1 security update is not installed: openssl');
    await run(terminal, 'dnx logs -f');
    await terminal.shows('Order 1040 paid');
    await terminal.shows(/production\.INFO: Order 104[1-9] paid/);
    terminal.type(keys.interrupt);
    await leave(terminal);
  });

  test.skipIf(noClone).concurrent('leaves nothing behind: no file, and no process', async ({ home, expect }) => {
    const terminal = await enter(home);
    await run(terminal, 'dnx logs -f >/dev/null & sleep 300 & (dnx ssh web-1 -- sleep 300 &)');
    await terminal.shows('Connecting to web-1');
    // Its line came in between.
    terminal.type(keys.enter);
    expect(processesIn(home)).not.toEqual([]);
    expect(await leave(terminal)).toContain('Left the sandbox');
    // Only the compiled code that every command keeps.
    expect(
      readdirSync(home, { recursive: true }).filter((name) => !/^\.cache(\/dnx(\/compiled(\/\w+\.bin)?)?)?$/.test(String(name))),
    ).toEqual([]);
    // A dnx whose ssh was ended says so first.
    await expect.poll(() => processesIn(home)).toEqual([]);
  });

  test.concurrent.for(
    leading(
      [
        ['SIGHUP', 129],
        ['SIGTERM', 143],
      ] as const,
      1,
    ),
  )('says what to try, ends at %s, and leaves nothing behind', async ([signal, code], { home }) => {
    const terminal = openTerminal(['sandbox', 'shell'], { SHELL: '/bin/bash', TMPDIR: home }, home, 40);
    // One to a line, because there is little room.
    await terminal.shows(/ {2}dnx site list\r?\n {2}dnx deploy --verify \/up\r?\n {2}dnx rollback\r?\n/);
    await terminal.shows(PROMPT);
    terminal.signal(signal);
    expect(await terminal.ended).toMatchObject({ code });
    expect(readdirSync(home)).toEqual([]);
  });

  test.concurrent('is not changed by the settings of the user, and does not open in another one', async ({ home }) => {
    writeFileSync(
      join(home, '.bashrc'),
      'export DNX_TOKEN=mine DNX_HOST=https://deploynix.io PATH=/usr/bin:/bin; alias hi="echo aliased"; PS1="mine> "\n',
    );
    const terminal = await enter(home);
    await run(terminal, 'hi; dnx whoami');
    await terminal.shows('aliased');
    await terminal.shows('ada@example.com');
    await run(terminal, 'dnx sandbox shell; echo "exit code $?"');
    await terminal.shows('This is a sandbox already.');
    await terminal.shows('exit code 2');
    await leave(terminal);
  });

  for (const shell of sampled(['zsh', 'fish', 'dash'], 1, 6)) {
    test.skipIf(isWithout(shell)).concurrent(`opens in ${shell}`, async ({ home }) => {
      // Otherwise fish writes completions of every man page, and goes on after its end.
      mkdirSync(join(home, '.cache/fish/generated_completions'), { recursive: true });
      const terminal = await enter(home, { SHELL: find(shell) ?? '', TERM: 'dumb' });
      await run(terminal, 'dnx whoami');
      await terminal.shows('ada@example.com');
      await leave(terminal);
    });
  }
});

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
