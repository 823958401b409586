import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const LINE = 'token rotate --match "G*" --to-file new';
const tokens = () => bed.sandbox.state.tokens;
const ids = () => tokens().map(({ id }) => id);
const file = (name: string) => readFileSync(join(bed.directory, 'new', name), 'utf8').trim();
const works = async (token: string): Promise<boolean> => (await bed.dnx('whoami', { env: { DNX_TOKEN: token } })).code === 0;

test('--match replaces each token whose name matches, with a file for each', async () => {
  const run = await bed.dnx(`${LINE} --yes --json`);
  expect(run).toExit(0, { stderr: 'Each new token is in a file in new that only you can read.\n' });
  expect(run.json()).toMatchObject([
    { id: '7', name: 'GitHub Actions', revoked: 2, abilities: ['site:deploy'], file: join(bed.directory, 'new', 'GitHub Actions.token') },
    { id: '8', name: 'Grafana', revoked: 4 },
  ]);
  expect(ids()).toEqual([1, 3, 5, 6, 7, 8]);
  // Each is in its file before the old one is revoked.
  expect(run.calls).toEqual(['GET /tokens', ...[2, 4].flatMap((id) => ['POST /tokens', 'GET /user', `DELETE /tokens/${id}`])]);
  expect(readdirSync(join(bed.directory, 'new'))).toEqual(['GitHub Actions.token', 'Grafana.token']);
  expect(statSync(join(bed.directory, 'new', 'Grafana.token')).mode & 0o777).toBe(0o600);
  expect([await works(file('GitHub Actions.token')), await works(file('Grafana.token'))]).toEqual([true, true]);
  expect(run.stdout).not.toContain(file('Grafana.token').slice(2));
});

test('the question names every token, and a no changes nothing', async () => {
  const run = await bed.dnx(LINE, { keys: 'n\r', columns: 100 });
  expect(run).toExit(1, {
    says: ['Replace 2 tokens GitHub Actions (id 2) and Grafana (id 4)?', 'Anything that uses an old token stops working'],
  });
  expect([ids(), existsSync(join(bed.directory, 'new'))]).toEqual([[1, 2, 3, 4, 5, 6], false]);
});

test('the token in use and leases stay; tokens of one name get files of their own', async () => {
  tokens().push({ ...tokens()[3], id: 20, name: 'dnx lease-abc-1-2 until 2030-01-01T00:00:00Z' } as ReturnType<typeof tokens>[number]);
  const run = await bed.dnx('token rotate --match "*" --to-file new --yes');
  expect(run).toExit(0, { says: 'Token Sandbox (id 1) is in use, and stays. To rotate it: dnx token rotate 1' });
  expect(ids()).toEqual([1, 20, 7, 8, 9, 10, 11]);
  expect(readdirSync(join(bed.directory, 'new')).filter((name) => name.startsWith('API'))).toEqual([
    'API Login-6.token',
    'API Login.token',
  ]);
});

test.each([
  ['token rotate --match "G*" --yes', 2, '--match needs --to-file.'],
  [`${LINE}`, 2, 'This requires confirmation.'],
  ['token rotate Grafana --match "G*" --to-file new --yes', 2, '--match cannot be combined with tokens.'],
  ['token rotate --yes', 2, 'Use its name or id, --match, or run in a terminal to pick one.'],
  ['token rotate --match "z*" --to-file new --yes', 6, "No token matches 'z*'."],
  ['token rotate --match Sandbox --to-file new --yes', 6, "No other token matches 'Sandbox'."],
  ['token rotate --match "G*" --to-file "" --yes', 2, 'Use --to-file with a directory'],
  ['token rotate --match "G*" --to-file - --yes', 2, 'Use --to-file with a directory'],
])('%s exits %i and changes nothing', async (line, code, words) => {
  const run = await bed.dnx(line);
  expect(run).toExit(code, { stdout: '', says: words });
  expect(run.calls.filter((call) => !call.startsWith('GET'))).toEqual([]);
  expect(existsSync(join(bed.directory, 'new'))).toBe(false);
});

test('nothing is rotated if it is unclear which token is in use', async () => {
  const DNX_TOKEN = bed.sandbox.token.replace(/^\d+\|/, '');
  const run = await bed.dnx(`${LINE} --yes`, { env: { DNX_TOKEN } });
  expect(run).toExit(1, { says: 'It is unclear which of the tokens is the one in use. Nothing was changed.', calls: ['GET /tokens'] });
});

test('a file that exists is refused before anything changes', async () => {
  await expect(bed.dnx(`${LINE} --yes`)).toExit(0);
  const before = ids();
  await expect(bed.dnx(`${LINE} --yes`)).toExit(2, { says: 'new/GitHub Actions.token already exists. Nothing was changed.' });
  expect(ids()).toEqual(before);
});

test('a dry run shows what it would create and revoke, and writes nothing', async () => {
  const run = await bed.dnx(`${LINE} --dry-run`);
  expect(run).toExit(0, {
    stdout: expect.stringMatching(
      /create token 'GitHub Actions'[\s\S]*- revoke token 'GitHub Actions'\n\+ create token Grafana[\s\S]*- revoke token Grafana\n/,
    ),
  });
  expect([run.calls, existsSync(join(bed.directory, 'new'))]).toEqual([['GET /tokens'], false]);
});

test('what fails keeps its old token, and the next run continues with it alone', async () => {
  const stop = bed.sandbox.faults.always({ method: 'DELETE', path: '/tokens/2' }, { status: 500 });
  const run = await bed.dnx(`${LINE} --yes --json`);
  stop();
  expect(run).toExit(12, { says: ['1 of 2 tokens failed', `dnx token rotate --match 'G*' --to-file new`] });
  expect(run.json()).toMatchObject([
    { id: '2', error: { message: expect.stringContaining('the old one (id 2) may still work') } },
    { id: '8' },
  ]);
  expect(ids()).toEqual([1, 2, 3, 5, 6, 7, 8]);
  const other = await bed.dnx('token rotate --match "*" --to-file new --yes');
  expect(other).toExit(2, { says: "new has an unfinished rotation of 'G*'." });
  const again = await bed.dnx(`${LINE} --yes`);
  expect(again).toExit(0);
  expect(again.calls).toEqual(['GET /tokens', 'DELETE /tokens/2']);
  expect(ids()).toEqual([1, 3, 5, 6, 7, 8]);
  expect(readdirSync(join(bed.directory, 'new'))).toEqual(['GitHub Actions.token', 'Grafana.token']);
});

test('a new token whose value was lost is named, neither rotated nor revoked', async () => {
  await expect(bed.dnx(`${LINE} --yes --debug`, { interruptOn: '> DELETE /tokens/2' })).toExit(130, { says: 'dnx token rotate' });
  // As if it had been killed before the response.
  writeFileSync(join(bed.directory, 'new', 'Grafana.token'), '');
  tokens().push({ ...tokens().find(({ id }) => id === 4), id: 30 } as ReturnType<typeof tokens>[number]);
  const again = await bed.dnx(`${LINE} --yes`);
  expect(again).toExit(0, { says: '! Token Grafana (id 30) may be left from an earlier run, and its value lost.' });
  expect(tokens().filter(({ name }) => name === 'Grafana').length).toBe(2);
  expect([await works(file('GitHub Actions.token')), await works(file('Grafana.token'))]).toEqual([true, true]);
});

test('a new token is named, too, if the response to its create was an error', async () => {
  const stop = bed.sandbox.faults.always({ method: 'POST', path: '/tokens' }, (answer) => ({ ...answer, status: 500 }));
  const run = await bed.dnx(`${LINE} --yes --json`);
  stop();
  expect(run).toExit(12, { says: '2 of 2 tokens failed' });
  expect(ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  const again = await bed.dnx(`${LINE} --yes`);
  expect(again).toExit(0, { says: ['! Token GitHub Actions (id 7) may be left', '! Token Grafana (id 8) may be left'] });
  expect(ids()).toEqual([1, 3, 5, 6, 7, 8, 9, 10]);
});

test.each([
  [[{}]],
  [[{ id: '4', label: 'Grafana', file: '../Grafana.token', namesakes: ['4'] }]],
  [[{ id: '4', label: 'Grafana', file: 'Grafana.token' }]],
])('a journal with %j is refused before any change', async (entries) => {
  mkdirSync(join(bed.directory, 'new'));
  writeFileSync(join(bed.directory, 'new', 'rotation.json'), JSON.stringify({ match: 'G*', tokens: entries }));
  const run = await bed.dnx(`${LINE} --yes`);
  expect(run).toExit(2, { says: 'new/rotation.json is not from dnx.', calls: ['GET /tokens'] });
  expect([ids(), existsSync(join(bed.directory, 'Grafana.token'))]).toEqual([[1, 2, 3, 4, 5, 6], false]);
});

test('an unfinished rotation does not continue with a token that it would revoke', async () => {
  const made = await bed.dnx('token create Grafana --ability server:read');
  expect(made).toExit(0);
  const id = tokens().at(-1)?.id;
  const stop = bed.sandbox.faults.always({ method: 'POST', path: '/tokens' }, { status: 422, body: { message: 'No.' } });
  await expect(bed.dnx('token rotate --match Grafana --to-file new --yes')).toExit(12);
  stop();
  const before = ids();
  const again = await bed.dnx('token rotate --match Grafana --to-file new --yes', { env: { DNX_TOKEN: made.stdout.trim() } });
  expect(again).toExit(2, { says: `Token Grafana (id ${id}) is in use now`, changes: [] });
  expect(ids()).toEqual(before);
});

test('two at once replace each token once', async () => {
  const runs = await Promise.all([bed.dnx(`${LINE} --yes`), bed.dnx(`${LINE} --yes`)]);
  expect(runs.map(({ code }) => code)).toContain(0);
  expect(bed.sandbox.calls.filter(({ method }) => method === 'POST')).toHaveLength(2);
  expect(tokens().filter(({ name }) => /^G/.test(name))).toHaveLength(2);
  expect([await works(file('GitHub Actions.token')), await works(file('Grafana.token'))]).toEqual([true, true]);
});

test('a directory that cannot be made is named, and nothing is created', async () => {
  writeFileSync(join(bed.directory, 'new'), '');
  const run = await bed.dnx(`${LINE} --yes`);
  expect(run).toExit(1, { says: `Could not write to ${join(bed.directory, 'new')}`, calls: ['GET /tokens'] });
});
