import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { freePort } from '../support/programs.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

let executable: Executable;
beforeEach(async () => {
  executable = await openExecutable();
});
afterEach(() => executable.close());

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

test('Enter at the last prompt creates a token with every ability', async () => {
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, questions.length);
  const { text, code } = await terminal.ended;
  expect(code).toBe(0);
  expect(text).toContain(`✓ Signed in to ${host()} as ${SEED_EMAIL}`);
  expect(text).not.toContain(SEED_PASSWORD);
  expect(minted()).toMatchObject([{ abilities: ['*'] }]);
  const token = stored()[`default@${executable.sandbox.url}`] ?? '';
  expect(token).toMatch(/^7\|/);
  expect(text).not.toContain(token);
});

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
  const next = await openTerminal(['whoami'], env, executable.directory).ended;
  expect([next.code, next.text]).toEqual([0, expect.stringContaining(SEED_EMAIL)]);
  const again = openTerminal(['login', '--insecure-storage'], env, executable.directory);
  await again.shows(`Signing in to ${host()}`);
  await again.shows('? Email:');
  again.type(keys.interrupt);
  expect((await again.ended).code).toBe(130);
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
  const next = await openTerminal(['token', 'revoke', '7', '--yes'], env, executable.directory).ended;
  expect([next.code, minted()]).toEqual([0, [expect.objectContaining({ id: 8 })]]);
});

test('an invalid email, an empty password and a wrong password are prompted for again', async () => {
  const terminal = open('login', '--insecure-storage');
  await terminal.shows('? Email:');
  terminal.type(`notanemail${keys.enter}`);
  await terminal.shows("'notanemail' is not an email address.");
  terminal.type(`${keys.eraseLine}${SEED_EMAIL}${keys.enter}`);
  await terminal.shows('? Password:');
  terminal.type(keys.enter);
  await terminal.shows('A value is required.');
  terminal.type(`wrong${keys.enter}`);
  await terminal.shows('Wrong email or password. Try again.');
  await terminal.shows(`? Email: (${SEED_EMAIL})`);
  terminal.type(keys.enter);
  await terminal.shows('? Password:');
  terminal.type(`${SEED_PASSWORD}${keys.enter}`);
  await terminal.shows('? What should this token be able to do?');
  terminal.type(keys.enter);
  expect((await terminal.ended).code).toBe(0);
});

test('the list of abilities can be filtered, and selected one by one or all at once', async () => {
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, 2);
  await terminal.shows('Choose abilities…');
  terminal.type(keys.down + keys.down + keys.down + keys.enter);
  await terminal.shows('? Abilities 0 selected');
  terminal.type('daem');
  await terminal.shows('0 selected daem');
  await terminal.shows('daemon:read');
  terminal.type(keys.down + keys.down);
  await terminal.shows('❯ ◯ daemon:update');
  terminal.type(' ');
  await terminal.shows('1 selected daem');
  terminal.type('\u007f\u007f\u007f\u007fredir');
  await terminal.shows('1 selected redir');
  terminal.type('\t');
  await terminal.shows('5 selected redir');
  terminal.type(keys.enter);
  expect((await terminal.ended).code).toBe(0);
  expect(minted()).toMatchObject([
    { id: 8, abilities: ['daemon:update', 'redirect:read', 'redirect:create', 'redirect:update', 'redirect:delete'] },
  ]);
});

test('the list of abilities requires at least one', async () => {
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, 2);
  await terminal.shows('Choose abilities…');
  terminal.type(keys.down + keys.down + keys.down + keys.enter);
  await terminal.shows('? Abilities 0 selected');
  terminal.type(keys.enter);
  await terminal.shows('Select at least one');
  terminal.type(keys.interrupt);
  expect((await terminal.ended).code).toBe(130);
  expect(minted()).toEqual([]);
});

test.each(
  leading(
    questions.map(([question], index) => [question, index] as const),
    1,
  ),
)('Ctrl-C at “%s” stores nothing and creates no token', async (question, index) => {
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, index);
  await terminal.shows(question);
  terminal.type(keys.interrupt);
  const { text, code } = await terminal.ended;
  expect(code).toBe(130);
  expect(text).toContain('Interrupted; nothing was changed.');
  expect(minted()).toEqual([]);
  expect(executable.sandbox.calls).toHaveLength(index < 2 ? 0 : 3);
  expect(existsSync(join(executable.directory, 'config/config.json'))).toBe(false);
  expect(existsSync(join(executable.directory, 'config/tokens.json'))).toBe(false);
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

test('--for replaces the prompt for abilities', async () => {
  const terminal = open('login', '--insecure-storage', '--email', SEED_EMAIL, '--for', 'deploy --wait');
  await terminal.shows('? Password:');
  terminal.type(`${SEED_PASSWORD}${keys.enter}`);
  expect((await terminal.ended).code).toBe(0);
  expect(minted()).toMatchObject([{ abilities: ['site:deploy', 'site:read'] }]);
});

test('the sixth login within a minute is rate limited', async () => {
  for (const passwords of [3, 3]) {
    const terminal = open('login', '--insecure-storage', '--email', SEED_EMAIL, '--preset', 'ci-deploy');
    for (let each = 1; each <= passwords; each++) {
      if (each > 1) await terminal.shows('Try again.');
      await terminal.shows('? Password:');
      terminal.type(`wrong-${each}${keys.enter}`);
    }
    const { text, code } = await terminal.ended;
    expect(text).not.toMatch(/wrong-\d/);
    const isFirst = executable.sandbox.calls.length === 3;
    expect(code).toBe(isFirst ? 4 : 9);
    expect(text).toContain(isFirst ? 'Wrong email or password (“' : 'Deploynix allows 5 sign-ins a minute. Wait a minute, then try again.');
  }
});

test('a plan without API access is explained and nothing is stored', async () => {
  executable.sandbox.state.plan.api_access = false;
  const terminal = open('login', '--insecure-storage');
  await answer(terminal, 2);
  const { text, code } = await terminal.ended;
  expect(code).toBe(5);
  expect(text).toContain('Professional or Enterprise');
  expect(existsSync(join(executable.directory, 'config/tokens.json'))).toBe(false);
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

test('a sandbox that has stopped is reported before any prompt, with the way back', async () => {
  const { text, code } = await openTerminal(
    ['login', '--insecure-storage', '--host', `http://127.0.0.1:${await freePort()}`],
    executable.env,
    executable.directory,
  ).ended;
  expect(code, text).toBe(13);
  expect(text).not.toContain('?');
  expect(text).toContain('The sandbox is not running. Start it with dnx sandbox start, or go back to Deploynix: dnx login --host');
});

test('token create uses the same prompt, with CI first', async () => {
  const terminal = openTerminal(
    ['token', 'create', 'ci'],
    { DNX_HOST: executable.sandbox.url, DNX_TOKEN: executable.sandbox.token },
    executable.directory,
  );
  await terminal.shows('? What should this token be able to do?');
  terminal.type(keys.enter);
  expect((await terminal.ended).code).toBe(0);
  expect(minted()).toMatchObject([{ name: 'ci', abilities: ['site:deploy', 'server:read', 'site:read'] }]);
});

test('token revoke asks for the name of the token in use', async () => {
  const terminal = openTerminal(
    ['token', 'revoke', 'Sandbox', '--yes'],
    { DNX_HOST: executable.sandbox.url, DNX_TOKEN: executable.sandbox.token },
    executable.directory,
  );
  await terminal.shows('Revoking it signs you out.');
  await terminal.shows("? Type 'Sandbox' to continue:");
  terminal.type(`Sandbox${keys.enter}`);
  expect((await terminal.ended).code).toBe(0);
  expect(executable.sandbox.state.tokens.some(({ name }) => name === 'Sandbox')).toBe(false);
});
