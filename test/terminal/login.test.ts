import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';

// The prompts themselves stand in test/commands/login-prompts.test.ts.
const executable = perTest(openExecutable);

const open = (...words: string[]) =>
  openTerminal(words, { DNX_HOST: executable.sandbox.url, DNX_CONFIG_DIR: join(executable.directory, 'config') }, executable.directory);
const host = () => new URL(executable.sandbox.url).host;
const stored = (): Record<string, string> => JSON.parse(readFileSync(join(executable.directory, 'config/tokens.json'), 'utf8'));
const minted = () => executable.sandbox.state.tokens.slice(6);

/** The prompts of the login and an answer to each. */
const questions: readonly (readonly [question: string, answer: string])[] = [
  ['? Email:', `${SEED_EMAIL}${keys.enter}`],
  ['? Password:', `${SEED_PASSWORD}${keys.enter}`],
  ['? What should this token be able to do?', keys.enter],
];

async function answer(terminal: Terminal, upTo: number): Promise<void> {
  for (const [question, reply] of questions.slice(0, upTo)) {
    await terminal.shows(question);
    terminal.type(reply);
  }
}

test('the first login prompts for the host, and the profile saves it', async () => {
  const env = { DNX_CONFIG_DIR: join(executable.directory, 'config') };
  const terminal = openTerminal(['login', '--insecure-storage'], env, executable.directory);
  await terminal.shows('? Host: (deploynix.io)');
  terminal.type(`http://far.example${keys.enter}`);
  await terminal.shows('Refusing to send the token unencrypted to http://far.example.');
  terminal.type(`${keys.eraseLine}${executable.sandbox.url}${keys.enter}`);
  await answer(terminal, questions.length);
  const first = await terminal.ended;
  expect([first.code, first.text]).toEqual([0, expect.stringContaining('Next: dnx site list\r\n')]);
  expect(minted()).toMatchObject([{ abilities: ['*'] }]);
  const token = stored()[`default@${executable.sandbox.url}`] ?? '';
  expect(token).toMatch(/^7\|/);
  for (const secret of [SEED_PASSWORD, token]) expect(first.text).not.toContain(secret);
  const next = await executable.here(['whoami'], { env: { ...env, DNX_HOST: '', DNX_TOKEN: '' } });
  expect(next).toExit(0, { stdout: expect.stringContaining(SEED_EMAIL) });
  const again = openTerminal(['login', '--insecure-storage'], env, executable.directory);
  await again.shows(`Signing in to ${host()}`);
  await again.shows('? Email:');
  again.type(keys.interrupt);
  await expect(again.ended).toExit(130);
});

test('Ctrl-C while the first token is revoked says that you are signed in, and the next command is', async () => {
  const env = { DNX_CONFIG_DIR: join(executable.directory, 'config') };
  executable.sandbox.faults.next({ path: '/logout' }, 'hang');
  const terminal = openTerminal(['login', '--insecure-storage'], env, executable.directory);
  await terminal.shows('? Host:');
  terminal.type(`${executable.sandbox.url}${keys.enter}`);
  await answer(terminal, 2);
  await terminal.shows('Read only');
  terminal.type(keys.down + keys.enter);
  await expect.poll(() => executable.sandbox.calls.at(-1)?.path).toBe('/logout');
  terminal.type(keys.interrupt);
  const { text, code } = await terminal.ended;
  expect([code, text]).toEqual([130, expect.stringContaining(`Signed in to ${host()} as ${SEED_EMAIL}.`)]);
  const next = await executable.here(['token', 'revoke', '7', '--yes'], { env: { ...env, DNX_HOST: '', DNX_TOKEN: '' } });
  expect([next.exitCode, minted()]).toEqual([0, [expect.objectContaining({ id: 8 })]]);
});

test('--with-token prompts for a masked token on a terminal', async () => {
  const terminal = open('login', '--with-token', '--insecure-storage');
  await terminal.shows('? Token:');
  terminal.type(`${executable.sandbox.token}${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect(code).toBe(0);
  expect(text).not.toContain(executable.sandbox.token);
  expect(Object.values(stored())).toEqual([executable.sandbox.token]);
});

const inFile = '? Store the token in a file that only you can read? (Y/n)';

test('without a keychain, it asks before anything else whether to store the token in a file', async () => {
  const terminal = open('login');
  await terminal.shows(inFile);
  expect(executable.sandbox.calls).toEqual([]);
  terminal.type(keys.enter);
  await answer(terminal, questions.length);
  const { text, code } = await terminal.ended;
  expect(code, text).toBe(0);
  expect(text).toMatch(/No keychain available: .*\.\r\n/);
  expect(text).toContain('! The token is stored unencrypted in ');
  expect(text).toMatch(/✓ Signed in to [\d.:]+ as \S+\r\n/);
  expect(Object.keys(stored())).toEqual([`default@${executable.sandbox.url}`]);
});

test('without a keychain, no stores nothing and says what else there is', async () => {
  const terminal = open('login', '--profile', 'work', '--host', executable.sandbox.url, '--with-token');
  await terminal.shows(inFile);
  terminal.type(`n${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect([code, executable.sandbox.calls]).toEqual([1, []]);
  expect(text).toContain(`dnx login --with-token --insecure-storage --profile work --host ${executable.sandbox.url}\r\n`);
  expect(existsSync(join(executable.directory, 'config/tokens.json'))).toBe(false);
});

test('without a keychain and without prompts, it names --insecure-storage', async () => {
  const { text, code } = await open('login', '--with-token', '--no-input').ended;
  expect([code, executable.sandbox.calls]).toEqual([1, []]);
  expect(text).not.toContain('?');
  expect(text).toContain('  Run: dnx login --with-token --insecure-storage\r\n');
});
