import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { Desktop, lackingKeyring } from '../keychain/desktop.ts';
import { hasten } from '../support/hasten.ts';
import { required } from '../support/programs.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';

const missing = lackingKeyring();
if (missing.length > 0 && !required) {
  process.stderr.write(`Skipped the test of a new user: this machine has no ${missing.join(', ')}\n`);
}

/** The default width of a terminal. */
const COLUMNS = 80;

describe.skipIf(missing.length > 0 && !required)('a new user with an empty home directory', { timeout: 60_000 }, () => {
  // No faster: the keyring must respond within three seconds.
  const fast = hasten(4);
  let desktop: Desktop;
  let env: Record<string, string>;
  const terminals: Terminal[] = [];
  const steps: string[] = [];
  let output = '';

  beforeAll(async () => {
    expect(missing, 'programs that CI must have').toEqual([]);
    desktop = await Desktop.create();
    env = { ...(await desktop.login()), ...fast.env, TERM: 'xterm-256color' };
    await desktop.unlock(env);
  });
  afterAll(async () => {
    for (const terminal of terminals) terminal.type(keys.interrupt);
    await Promise.all(terminals.map(({ ended }) => ended));
    await desktop?.[Symbol.asyncDispose]();
  });

  const start = (...words: string[]): Terminal => {
    steps.push(`$ dnx ${words.join(' ')}`);
    const terminal = openTerminal(words, env, desktop.folder, COLUMNS);
    terminals.push(terminal);
    return terminal;
  };
  const answer = async (terminal: Terminal, question: string | RegExp, typed: string): Promise<void> => {
    await terminal.shows(question);
    steps.push(`${question} ${typed}`);
    terminal.type(`${typed}${keys.enter}`);
  };
  const ends = async (terminal: Terminal, outcome: RegExp): Promise<void> => {
    const { text, code } = await terminal.ended;
    expect(code, text).toBe(0);
    expect(text).toMatch(outcome);
    output += text;
  };

  test('signs in, deploys and rolls back in 14 commands and answers, without an error', async () => {
    const sandbox = start('sandbox', 'start');
    const url = await sandbox.shows(/http:\/\/127\.0\.0\.1:\d+/);

    const login = start('login');
    await answer(login, 'Host:', url);
    await answer(login, 'Email:', SEED_EMAIL);
    await answer(login, 'Password:', SEED_PASSWORD);
    await answer(login, 'What should this token be able to do?', '');
    await ends(login, /✓ Signed in to \S+ as ada@example\.com/);

    const deploy = start('deploy');
    await answer(deploy, /\? .*site/i, '');
    await ends(deploy, /✓ Deployed \S+/);

    const rollback = start('rollback');
    await answer(rollback, /\? .*site/i, '');
    await answer(rollback, /\? Roll back .*to:/i, '');
    await answer(rollback, '(y/N)', 'y');
    await ends(rollback, /✓ Rolled back \S+/);

    sandbox.type(keys.interrupt);
    await expect(sandbox.ended).toExit(0);
    expect(output).not.toMatch(/^\s*(✗|Error:)/m);
    expect(steps.length, steps.join('\n')).toBeLessThanOrEqual(14);
  });
});
