import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';

let executable: Executable;
beforeEach(async () => {
  executable = await openExecutable();
});
afterEach(() => executable.close());

const open = (...words: string[]) =>
  openTerminal(words, { DNX_HOST: executable.sandbox.url, DNX_CONFIG_DIR: join(executable.directory, 'config') }, executable.directory);
const stored = (): Record<string, string> => JSON.parse(readFileSync(join(executable.directory, 'config/tokens.json'), 'utf8'));
const minted = () => executable.sandbox.state.tokens.slice(6);

/** Each question of the login, and what answers it. */
const questions: readonly (readonly [question: string, answer: string])[] = [
  ['? Mail address:', `${SEED_EMAIL}${keys.enter}`],
  ['? Password:', `${SEED_PASSWORD}${keys.enter}`],
  ['? What may the token do? Start from:', keys.enter],
  ['? Abilities 2 chosen', keys.enter],
];

async function answer(terminal: Terminal, upTo: number): Promise<void> {
  for (const [question, reply] of questions.slice(0, upTo)) {
    await terminal.shows(question);
    terminal.type(reply);
  }
}

test('signs in with the abilities of the preset that is chosen', async () => {
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, questions.length);
  const { text, code } = await terminal.ended;
  expect(code).toBe(0);
  expect(text).toContain(`Signed in to ${executable.sandbox.url} as ${SEED_EMAIL}.`);
  expect(text).not.toContain(SEED_PASSWORD);
  expect(minted()).toMatchObject([{ abilities: ['site:read', 'site:deploy'] }]);
  const token = stored()[`default@${executable.sandbox.url}`] ?? '';
  expect(token).toMatch(/^7\|/);
  expect(text).not.toContain(token);
});

test('the list of abilities can be searched, one by one or all that are shown', async () => {
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, 3);
  await terminal.shows('? Abilities 2 chosen');
  terminal.type('daem');
  await terminal.shows('2 chosen daem');
  await terminal.shows('daemon:read');
  terminal.type(keys.down + keys.down);
  await terminal.shows('❯ ◯ daemon:update');
  terminal.type(' ');
  await terminal.shows('3 chosen daem');
  terminal.type('\u007f\u007f\u007f\u007fredir');
  await terminal.shows('3 chosen redir');
  terminal.type('\t');
  await terminal.shows('7 chosen redir');
  terminal.type(keys.enter);
  expect((await terminal.ended).code).toBe(0);
  expect(minted()).toMatchObject([
    { abilities: ['site:read', 'site:deploy', 'daemon:update', 'redirect:read', 'redirect:create', 'redirect:update', 'redirect:delete'] },
  ]);
});

test('a list in which nothing is chosen is not taken for everything', async () => {
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, 2);
  await terminal.shows('nothing');
  terminal.type(keys.down + keys.down + keys.down + keys.enter);
  await terminal.shows('? Abilities 0 chosen');
  terminal.type(keys.enter);
  await terminal.shows('Choose at least one');
  terminal.type(keys.interrupt);
  expect((await terminal.ended).code).toBe(130);
  expect(minted()).toEqual([]);
});

test.each(questions.map(([question], index) => [question, index] as const))('Ctrl-C at “%s” stores nothing', async (question, index) => {
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, index);
  await terminal.shows(question);
  terminal.type(keys.interrupt);
  const { text, code } = await terminal.ended;
  expect(code).toBe(130);
  expect(text).toContain('Interrupted; nothing was done.');
  expect(executable.sandbox.calls).toEqual([]);
  expect(existsSync(join(executable.directory, 'config/config.json'))).toBe(false);
  expect(existsSync(join(executable.directory, 'config/tokens.json'))).toBe(false);
});

test('--with-token asks for it behind a mask on a terminal', async () => {
  const terminal = open('login', '--with-token', '--insecure-storage');
  await terminal.shows('? Token:');
  terminal.type(`${executable.sandbox.token}${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect(code).toBe(0);
  expect(text).not.toContain(executable.sandbox.token);
  expect(Object.values(stored())).toEqual([executable.sandbox.token]);
});

test('--for takes the place of the list', async () => {
  const terminal = open('login', '--insecure-storage', '--email', SEED_EMAIL, '--for', 'deploy --wait');
  await terminal.shows('? Password:');
  terminal.type(`${SEED_PASSWORD}${keys.enter}`);
  expect((await terminal.ended).code).toBe(0);
  expect(minted()).toMatchObject([{ abilities: ['site:deploy', 'site:read'] }]);
});

test('wrong credentials have their own words, and so has the sixth try within a minute', async () => {
  for (let attempt = 1; attempt <= 6; attempt++) {
    const terminal = open('login', '--insecure-storage', '--email', SEED_EMAIL, '--preset', 'ci-deploy');
    await terminal.shows('? Password:');
    terminal.type(`wrong-${attempt}${keys.enter}`);
    const { text, code } = await terminal.ended;
    expect(text).not.toContain(`wrong-${attempt}`);
    expect(code).toBe(attempt < 6 ? 4 : 9);
    expect(text).toContain(attempt < 6 ? 'Deploynix did not accept the mail address and password' : 'Deploynix takes 5 sign-ins a minute.');
  }
});

test('a plan without API access has its own words, and nothing is stored', async () => {
  executable.sandbox.state.plan.api_access = false;
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, questions.length);
  const { text, code } = await terminal.ended;
  expect(code).toBe(5);
  expect(text).toContain('Professional or Enterprise');
  expect(existsSync(join(executable.directory, 'config/tokens.json'))).toBe(false);
});

test('where there is no keychain, that is said before the password is asked for', async () => {
  const { text, code } = await open('login').ended;
  expect(code).toBe(1);
  expect(text).not.toContain('Password');
  expect(text).toContain('--insecure-storage');
});

test('a token is made from a list too, and is alone on stdout', async () => {
  const terminal = openTerminal(
    ['token', 'create', 'ci'],
    { DNX_HOST: executable.sandbox.url, DNX_TOKEN: executable.sandbox.token },
    executable.directory,
  );
  await answerPicker(terminal);
  const { code } = await terminal.ended;
  expect(code).toBe(0);
  expect(minted()).toMatchObject([{ name: 'ci', abilities: ['site:read', 'site:deploy'] }]);
});

async function answerPicker(terminal: Terminal): Promise<void> {
  for (const [question, reply] of questions.slice(2)) {
    await terminal.shows(question);
    terminal.type(reply);
  }
}

test('the token in use is revoked only once its name is typed', async () => {
  const terminal = openTerminal(
    ['token', 'revoke', 'Sandbox', '--yes'],
    { DNX_HOST: executable.sandbox.url, DNX_TOKEN: executable.sandbox.token },
    executable.directory,
  );
  await terminal.shows('you will be signed out');
  await terminal.shows('? Type Sandbox to go on:');
  terminal.type(`Sandbox${keys.enter}`);
  expect((await terminal.ended).code).toBe(0);
  expect(executable.sandbox.state.tokens.some(({ name }) => name === 'Sandbox')).toBe(false);
});
