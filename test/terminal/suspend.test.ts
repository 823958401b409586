import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scriptEditor } from '../support/editor.ts';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openProgram, openTerminal, shown, type Terminal } from '../support/terminal.ts';
import { leading, sampled } from '../support/volume.ts';

const executable = perTest(openExecutable);

const SUSPEND = '\u001a';

/** A bash with job control. */
async function openShell(env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  writeFileSync(join(executable.directory, 'dnx'), '#!/bin/sh\nexec "$NODE" "$DNX" "$@"\n', { mode: 0o755 });
  const path = `${executable.directory}:${process.env.PATH}`;
  const terminal = openProgram(
    ['bash', '--norc', '--noprofile', '-i'],
    { ...executable.env, NO_COLOR: '1', ...env, PATH: path, PS1: 'shell> ' },
    executable.directory,
    120,
  );
  await terminal.shows('shell> ');
  return terminal;
}

/** Suspends dnx at a question, uses the shell, and resumes it. */
async function suspend(terminal: Terminal, question: string): Promise<void> {
  terminal.type(SUSPEND);
  await terminal.shows('Stopped');
  await terminal.shows('shell> ');
  terminal.type(`echo $((6 * 7))${keys.enter}`);
  await terminal.shows('echo $((6 * 7))');
  await terminal.shows('42');
  terminal.type(`fg${keys.enter}`);
  await terminal.shows(question);
}

async function exitCode(terminal: Terminal): Promise<string> {
  await terminal.shows('shell> ');
  terminal.type(`echo "exit code $?"${keys.enter}`);
  return terminal.shows(/exit code \d+/);
}

function closed(terminal: Terminal): Terminal['ended'] {
  terminal.close();
  return terminal.ended;
}

const dumb = { TERM: 'dumb' };

interface Case {
  readonly line: string;
  /** Questions, with what is typed before Ctrl-Z, and after. */
  readonly asked: readonly (readonly [question: string, before: string, after: string])[];
  readonly env?: Readonly<Record<string, string>>;
}

const yesNo = 'crontab delete /usr/local/bin --server web-2';
const typedName = 'server delete web-1';
const secret = 'credential create Spare --provider hetzner';
const cases: Readonly<Record<string, Case>> = {
  'y/N': { line: yesNo, asked: [['(y/N)', '', 'y']] },
  'y/N, on a dumb terminal': { line: yesNo, asked: [['(y/N)', '', 'y']], env: dumb },
  'a typed name': { line: typedName, asked: [["Type 'web-1'", 'we', 'b-1']] },
  'a typed name, on a dumb terminal': { line: typedName, asked: [["Type 'web-1'", '', 'web-1']], env: dumb },
  'a text': { line: 'daemon create --server web-1 --user deploynix --processes 1 --directory /', asked: [['Command', 'sleep ', '60']] },
  'a secret': { line: secret, asked: [["The provider's API token", 'hid', 'den']] },
  'a secret, on a dumb terminal': { line: secret, asked: [["The provider's API token", 'hid', 'den']], env: dumb },
  'the searchable picker': { line: 'deploy --no-wait', asked: [['Deploy which site?', 'bl', 'og']] },
  'the searchable picker, on a dumb terminal': { line: 'deploy --no-wait', asked: [['text to filter:', '', 'blog']], env: dumb },
  'a select and a checkbox': {
    line: 'token create ci',
    asked: [
      ['navigate', keys.down, keys.down],
      ['submit', keys.down, ' '],
    ],
  },
};

test.each(sampled(Object.entries(cases), 4, 7))('Ctrl-Z and fg at %s', async (_, { line, asked, env }) => {
  const terminal = await openShell(env);
  terminal.type(`dnx ${line}${keys.enter}`);
  for (const [question, before, after] of asked) {
    await terminal.shows(question);
    terminal.type(before);
    await suspend(terminal, question);
    // A second time: the first one must have left everything as it was.
    await suspend(terminal, question);
    terminal.type(after + keys.enter);
  }
  expect(await exitCode(terminal)).toBe('exit code 0');
  const { text } = await closed(terminal);
  expect(text).not.toMatch(/bug|hidden/);
});

test('Ctrl-Z and fg at the question after an editor', async () => {
  const terminal = await openShell(scriptEditor(executable, 'sed -i "s/^APP_NAME=.*/APP_NAME=local/" "$1"'));
  terminal.type(`dnx env edit --site shop.example.com${keys.enter}`);
  await terminal.shows('? Update 1 variable of shop.example.com (web-1)?');
  await suspend(terminal, '? Update 1 variable of shop.example.com (web-1)?');
  terminal.type(`y${keys.enter}`);
  await terminal.shows('Deploy now?');
  await suspend(terminal, 'Deploy now?');
  terminal.type(`n${keys.enter}`);
  expect(await exitCode(terminal)).toBe('exit code 0');
});

test('Ctrl-Z removes a list below the cursor, which the shell would write over', async () => {
  const terminal = await openShell();
  terminal.type(`dnx deploy${keys.enter}`);
  await terminal.shows('docs.example.com');
  await suspend(terminal, 'docs.example.com');
  const { raw } = await closed(terminal);
  const rows = await shown(raw.slice(0, raw.indexOf('Stopped')));
  expect(rows.slice(1)).toEqual(['? Deploy which site? (type to filter)', expect.stringMatching(/^\[1\]/)]);
});

test('Ctrl-Z shows the cursor that a list has hidden', async () => {
  const terminal = await openShell();
  terminal.type(`dnx token create ci${keys.enter}`);
  await terminal.shows('navigate');
  await suspend(terminal, 'navigate');
  const { raw } = await closed(terminal);
  expect(raw.slice(raw.indexOf('\u001b[?25l'), raw.indexOf('Stopped'))).toContain('\u001b[?25h');
});

test('Ctrl-Z stops a script around dnx, too', async () => {
  const terminal = await openShell();
  writeFileSync(join(executable.directory, 'script'), '#!/bin/sh\ndnx server delete web-1\necho "after $?"\n', { mode: 0o755 });
  terminal.type(`./script${keys.enter}`);
  await terminal.shows("Type 'web-1'");
  await suspend(terminal, "Type 'web-1'");
  terminal.type(`web-1${keys.enter}`);
  await terminal.shows('after 0');
});

test('Ctrl-Z without job control changes nothing', async () => {
  const { url, token } = executable.sandbox;
  const terminal = openTerminal(['server', 'delete', 'web-1'], { DNX_HOST: url, DNX_TOKEN: token }, executable.directory);
  await terminal.shows("Type 'web-1'");
  terminal.type(SUSPEND);
  await terminal.shows("Type 'web-1'");
  terminal.type(`web-1${keys.enter}`);
  await expect(terminal.ended).toExit(0);
});

test.each(leading(['SIGTSTP', 'SIGSTOP'], 1))('%s and fg at a prompt', async (signal) => {
  const terminal = await openShell();
  terminal.type(`dnx ${secret} & echo $! > pid; fg${keys.enter}`);
  await terminal.shows("The provider's API token");
  process.kill(Number(readFileSync(join(executable.directory, 'pid'), 'utf8')), signal);
  await terminal.shows('Stopped');
  await terminal.shows('shell> ');
  terminal.type(`fg${keys.enter}`);
  await terminal.shows("The provider's API token");
  terminal.type(`hidden${keys.enter}`);
  expect(await exitCode(terminal)).toBe('exit code 0');
  expect((await closed(terminal)).text).not.toContain('hidden');
});
