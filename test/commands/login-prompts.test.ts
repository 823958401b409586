import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { freePort } from '../support/programs.ts';
import { signIn } from '../support/sign-in.ts';
import { inOrder, keys } from '../support/terminal.ts';

const { enter, down, eraseLine, interrupt } = keys;
const EMAIL = `${SEED_EMAIL}${enter}`;
const PASSWORD = `${SEED_PASSWORD}${enter}`;
const CHOOSE = down + down + down + enter;

const bed = perTest(openBed);

const login = async (typed: string, options = ''): Promise<Run> => {
  const run = await signIn(bed, `login --insecure-storage ${options}`, { keys: typed, columns: 120, env: { NO_COLOR: '1' } });
  return { ...run, stderr: stripVTControlCharacters(run.stderr) };
};
/** The tokens that were created since the bed was opened. */
const created = () => bed.sandbox.state.tokens.slice(6);
const isStored = () => ['config.json', 'tokens.json'].some((name) => existsSync(join(bed.directory, 'config', name)));

test('an invalid email, an empty password and a wrong password are prompted for again', async () => {
  const email = `notanemail${enter}${eraseLine}${EMAIL}`;
  const { code, stderr } = await login(`${email}${enter}wrong${enter}${enter}${PASSWORD}${enter}`);
  inOrder(
    stderr,
    ...['? Email:', "'notanemail' is not an email address.", '? Password:', 'A value is required.'],
    ...['Wrong email or password. Try again.', `? Email: (${SEED_EMAIL})`, '? Password:', '? What should this token be able to do?'],
  );
  expect([code, stderr.includes(SEED_PASSWORD)]).toEqual([0, false]);
});

describe('the list of abilities', () => {
  test('is selected from one by one', async () => {
    const { code, stderr } = await login(`${EMAIL}${PASSWORD}${CHOOSE} ${down} ${enter}`);
    inOrder(stderr, 'Choose abilities…', '? Abilities', '❯◯ server:read', '❯◉ server:read', '❯◯ server:create');
    expect([code, created()]).toMatchObject([0, [{ id: 8, abilities: ['server:read', 'server:create'] }]]);
  });

  test('requires at least one', async () => {
    const { code, stderr } = await login(`${EMAIL}${PASSWORD}${CHOOSE}${enter}${interrupt}`);
    inOrder(stderr, '? Abilities', 'At least one choice must be selected');
    expect([code, created()]).toEqual([130, []]);
  });

  test('is left out with --for', async () => {
    const run = await login(PASSWORD, `--email ${SEED_EMAIL} --for "deploy --wait"`);
    expect([run.code, created()]).toMatchObject([0, [{ abilities: ['site:deploy', 'site:read'] }]]);
  });

  test('has CI first for token create', async () => {
    const run = await bed.dnx('token create ci', { keys: enter, columns: 120 });
    expect(run.stderr).toContain('? What should this token be able to do?');
    expect([run.code, created()]).toMatchObject([0, [{ name: 'ci', abilities: ['site:deploy', 'server:read', 'site:read'] }]]);
  });
});

test.each([
  ['? Email:', interrupt, 0],
  ['? Password:', `${EMAIL}${interrupt}`, 0],
  ['? What should this token be able to do?', `${EMAIL}${PASSWORD}${interrupt}`, 3],
])('Ctrl-C at “%s” stores nothing and creates no token', async (question, typed, calls) => {
  const run = await login(typed);
  inOrder(run.stderr, question, 'Interrupted; nothing was changed.');
  expect([run.code, created(), run.calls.length, isStored()]).toEqual([130, [], calls, false]);
});

test('the sixth login within a minute is rate limited', async () => {
  const options = `--email ${SEED_EMAIL} --preset ci-deploy`;
  const typed = [1, 2, 3].map((each) => `wrong-${each}${enter}`).join('');
  const first = await login(typed, options);
  expect(first).toExit(4, { says: 'Wrong email or password (“' });
  const second = await login(typed, options);
  expect(second).toExit(9, { says: 'Deploynix allows 5 sign-ins a minute. Wait a minute,' });
  for (const { stderr } of [first, second]) expect(stderr).not.toMatch(/wrong-\d/);
});

test('a plan without API access is explained and nothing is stored', async () => {
  bed.sandbox.state.plan.api_access = false;
  const run = await login(`${EMAIL}${PASSWORD}`);
  expect([run.code, run.stderr, isStored()]).toEqual([5, expect.stringContaining('Professional or Enterprise'), false]);
});

test('a sandbox that has stopped is reported before any prompt, with the way back', async () => {
  const run = await login(EMAIL, `--host http://127.0.0.1:${await freePort()}`);
  expect([run.code, run.stderr.includes('?')]).toEqual([13, false]);
  expect(run.stderr).toContain('The sandbox is not running. Start it with dnx sandbox start, or go back to Deploynix: dnx login --host');
});
