import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

/** Nothing but what is stored says who we are. */
const stored = { DNX_TOKEN: undefined };
const names = () => bed.sandbox.state.tokens.map(({ name }) => name);
const byName = (name: string) => bed.sandbox.state.tokens.find((each) => each.name === name);

async function signIn(token: string): Promise<void> {
  const run = await bed.dnx('login --with-token', { env: stored, stdin: token });
  expect(run.code, run.stderr).toBe(0);
}

/** True when the API takes this token. */
const works = async (token: string): Promise<boolean> => (await bed.dnx('whoami', { env: { DNX_TOKEN: token } })).code === 0;

describe('token create', () => {
  test('prints the token alone on stdout, able to do just what the command line needs', async () => {
    const run = await bed.dnx(['token', 'create', 'ci', '--for', 'deploy --wait']);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^\d+\|\w+\n$/);
    expect(run.stderr).toContain('No site is given: it is assumed to be set elsewhere, by its id.');
    expect(byName('ci')?.abilities).toEqual(['site:deploy', 'site:read']);
    expect(await works(run.stdout.trim())).toBe(true);
  });

  test.each([
    ['beside the data', (token: string, data: object) => ({ data, token })],
    ['in the data', (token: string, data: object) => ({ message: 'Created.', data: { ...data, token } })],
    ['in a bare object', (token: string, data: object) => ({ ...data, token })],
  ])('prints one object with --json, the token %s', async (_, shape) => {
    bed.sandbox.faults.next({ method: 'POST', path: '/tokens' }, (answer) => {
      const { token, data } = answer.body as { token: string; data: object };
      return { ...answer, body: shape(token, data) };
    });
    const run = await bed.dnx('token create ci --preset ci-deploy --json');
    expect(run.json()).toMatchObject({ name: 'ci', abilities: ['site:deploy', 'site:read'], token: expect.stringMatching(/^\d+\|/) });
    expect(run.json()).not.toHaveProperty('data');
  });

  test('takes -F and --data over its options, as every create does', async () => {
    const run = await bed.dnx(['token', 'create', 'ci', '--data', '{"abilities":["site:read"]}', '-F', 'name=cd']);
    expect([run.code, byName('cd')?.abilities, byName('ci')]).toEqual([0, ['site:read'], undefined]);
    expect(run.stderr).toContain('Token cd can: site:read.');
  });

  test('adds up --ability, --for and --from-script, and says what it did not understand', async () => {
    writeFileSync(join(bed.directory, 'deploy.sh'), 'dnx env import --site 1 --server 2\nls | xargs dnx deploy\n');
    const run = await bed.dnx(['token', 'create', 'ci', '--ability', 'daemon:read', '--for', 'deploy', '--from-script', 'deploy.sh']);
    expect(run.code).toBe(0);
    expect(byName('ci')?.abilities).toEqual(['daemon:read', 'site:deploy', 'site:update']);
    expect(run.stderr).toContain('deploy.sh:2 was not understood (its arguments come from xargs): ls | xargs dnx deploy');
  });

  test('--to-file writes it for its owner alone, and never shows it', async () => {
    const run = await bed.dnx('token create ci --preset read-only --to-file ci.token --json');
    const file = join(bed.directory, 'ci.token');
    const token = readFileSync(file, 'utf8').trim();
    expect(run.code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(run.stdout + run.stderr).not.toContain(token);
    expect(run.json()).toMatchObject({ name: 'ci', file });
    expect(await works(token)).toBe(true);
  });

  test('--to-file refuses a file that is there, before a token is made', async () => {
    writeFileSync(join(bed.directory, 'ci.token'), 'something');
    const run = await bed.dnx('token create ci --preset full --to-file ci.token');
    expect(run).toMatchObject({ code: 2, stdout: '', calls: [] });
    expect(readFileSync(join(bed.directory, 'ci.token'), 'utf8')).toBe('something');
  });

  test('--to-file leaves nothing behind when there is no token', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: '/tokens' }, { status: 500 });
    const run = await bed.dnx('token create ci --preset full --to-file ci.token');
    expect(run.code).toBe(1);
    expect(() => statSync(join(bed.directory, 'ci.token'))).toThrow('ENOENT');
  });

  test.each([
    ['token create ci', 'What may the token do?'],
    ['token create ci --for "token list"', 'needs no ability at all'],
    ['token create ci --for "nonsense"', 'nonsense'],
    ['token create ci --from-script missing.sh', 'Could not read missing.sh'],
  ])('%s is a usage error, and nothing is sent', async (line, words) => {
    const run = await bed.dnx(line);
    expect(run).toMatchObject({ code: 2, stdout: '', calls: [] });
    expect(run.stderr).toContain(words);
  });

  test('warns of an ability that the reference does not know', async () => {
    const run = await bed.dnx('token create ci --ability site:fly');
    expect(run.code).toBe(7);
    expect(run.stderr).toContain('Not in the API reference: site:fly.');
  });
});

describe('token abilities', () => {
  test('lists the vocabulary with the commands that each allows', async () => {
    const run = await bed.dnx('token abilities --json');
    const all = JSON.parse(run.stdout) as { ability: string; allows: string[]; assumed: string[] }[];
    expect(all).toHaveLength(42);
    expect(all.find(({ ability }) => ability === 'site:deploy')).toEqual({
      ability: 'site:deploy',
      allows: ['site deploy', 'site schedule', 'site unschedule'],
      assumed: ['site rollback'],
    });
    expect(run.calls).toEqual([]);
  });

  test('prints the smallest set, and why', async () => {
    const run = await bed.dnx(['token', 'abilities', '--for', 'deploy --wait', '--for', 'env set']);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('site:deploy  stated');
    expect(run.stdout).toContain('site:update  assumed');
    expect(run.stdout).toContain('deploy --wait: --wait');
    expect(run.stderr).toContain('dnx token create NAME --ability site:deploy --ability site:read --ability site:update');
  });
});

describe('token list --audit', () => {
  test('marks what could be better', async () => {
    const run = await bed.dnx('token list --audit --json');
    const marks = Object.fromEntries((JSON.parse(run.stdout) as { id: number; audit: string[] }[]).map(({ id, audit }) => [id, audit]));
    expect(marks).toMatchObject({
      2: [],
      3: ['has every ability', 'unused for 127 days'],
      4: ['never used'],
      5: ['has every ability', 'same name as #6'],
      6: ['has every ability', 'same name as #5'],
    });
    expect(run.stderr).toContain('To take one away: dnx token revoke ID');
  });
});

describe('token revoke', () => {
  test('revokes by name, and by id', async () => {
    expect((await bed.dnx('token revoke Grafana --yes')).code).toBe(0);
    const run = await bed.dnx('token revoke 5 --yes --json');
    expect(run.json()).toEqual({ id: '5', deleted: true });
    expect(names()).toEqual(['Sandbox', 'GitHub Actions', 'Old laptop', 'API Login']);
  });

  test('an ambiguous name is refused', async () => {
    const run = await bed.dnx(['token', 'revoke', 'API Login', '--yes']);
    expect(run.code).toBe(6);
    expect(names()).toHaveLength(6);
  });

  test('the token in use needs --confirm', async () => {
    await signIn(bed.sandbox.token);
    const refused = await bed.dnx('token revoke Sandbox --yes', { env: stored });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--confirm 'Sandbox'");
    expect((await bed.dnx('token revoke Sandbox --yes --confirm Other', { env: stored })).code).toBe(2);
    expect(names()).toContain('Sandbox');
    const run = await bed.dnx('token revoke Sandbox --yes --confirm Sandbox', { env: stored });
    expect(run.stdout).toContain('You are signed out.');
    expect(names()).not.toContain('Sandbox');
    expect(bed.keychain.size).toBe(0);
  });

  test('the token in use is revoked last, so that the others are revoked with it', async () => {
    await signIn(bed.sandbox.token);
    const run = await bed.dnx('token revoke Sandbox Grafana 5 --yes --confirm Sandbox --json', { env: stored });
    expect(run.json()).toEqual(['1', '4', '5'].map((id) => ({ id, deleted: true })));
    expect([run.code, names()]).toEqual([0, ['GitHub Actions', 'Old laptop', 'API Login']]);
    expect(run.calls.filter((call) => call.startsWith('DELETE'))).toEqual(['DELETE /tokens/4', 'DELETE /tokens/5', 'DELETE /tokens/1']);
    expect(bed.keychain.size).toBe(0);
  });

  test.each([
    ['without a word for the token in use', 'token revoke Grafana Sandbox --yes', {}],
    ['with a wrong one', 'token revoke Grafana Sandbox --yes --confirm Grafana', {}],
    ['with a wrong one on a terminal', 'token revoke Grafana Sandbox --yes', { keys: 'Grafana\r', columns: 100 }],
  ])('nothing is revoked %s', async (_, line, options) => {
    await signIn(bed.sandbox.token);
    const run = await bed.dnx(line, { ...options, env: stored });
    expect([run.code, names().length]).toEqual([2, 6]);
    expect(run.stderr).toContain('the one that dnx is using here'.slice(0, 'keys' in options ? undefined : 0));
  });

  test('on a terminal, consent says that it signs out', async () => {
    await signIn(bed.sandbox.token);
    const run = await bed.dnx('token revoke Grafana Sandbox', { keys: 'y\rSandbox\r', columns: 100, env: stored });
    expect([run.code, names().length]).toEqual([0, 4]);
    expect(run.stderr).toContain('Token Sandbox is the one that dnx is using here: you will be signed out.');
  });
});
