import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import type { Match, Reply } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

/** Nothing but what is stored says who we are. */
const stored = { DNX_TOKEN: undefined };
const account = () => `default@${bed.sandbox.url}`;
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
    ['token create ci --from-script missing.sh', 'Cannot read missing.sh'],
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
});

describe('token rotate', () => {
  test('prints the new one, and revokes the old one after that', async () => {
    const run = await bed.dnx('token rotate Grafana --yes');
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/^\d+\|\w+\n$/);
    expect(names().filter((name) => name === 'Grafana')).toHaveLength(1);
    expect(byName('Grafana')).toMatchObject({ id: 7, abilities: ['server:read', 'site:read', 'database:read'] });
    expect(await works(run.stdout.trim())).toBe(true);
  });

  test('stores the new one where the old one was in use', async () => {
    await signIn(bed.sandbox.token);
    const run = await bed.dnx('token rotate Sandbox --yes', { env: stored });
    expect(run.stdout).toBe('Token Sandbox is rotated. The new one is stored for this profile.\n');
    const token = bed.keychain.get(account()) ?? '';
    expect(token).not.toBe(bed.sandbox.token);
    expect(await works(token)).toBe(true);
    expect(await works(bed.sandbox.token)).toBe(false);
    expect(byName('Sandbox')?.abilities).toEqual(['*']);
  });

  test('--to-file', async () => {
    const run = await bed.dnx('token rotate Grafana --yes --to-file new.token');
    expect(run.code).toBe(0);
    expect(await works(readFileSync(join(bed.directory, 'new.token'), 'utf8').trim())).toBe(true);
  });

  const failures: readonly Reply[] = [{ status: 500 }, { status: 403 }, { status: 422 }, { status: 404 }, 'drop', 'drop-after', 'cut'];
  const steps: readonly [string, Match][] = [
    ['looking the old one up', { method: 'GET', path: '/tokens' }],
    ['making the new one', { method: 'POST', path: '/tokens' }],
    ['checking it', { method: 'GET', path: '/user' }],
    ['revoking the old one', { method: 'DELETE', path: '/tokens/{token}' }],
  ];
  describe.each(steps)('when the API fails at %s', (_, match) => {
    test.each(failures.map((failure) => [typeof failure === 'object' ? String(failure.status) : String(failure), failure] as const))(
      '%s: what is stored works, and the failure says what does',
      async (_, failure) => {
        await signIn(bed.sandbox.token);
        const stop = bed.sandbox.faults.always(match, failure);
        const run = await bed.dnx('token rotate 1 --yes', { env: stored });
        stop();
        expect(await works(bed.keychain.get(account()) ?? '')).toBe(true);
        const revoked404 = match.method === 'DELETE' && run.code === 0;
        if (!revoked404 && match.path !== '/tokens') expect(run.stderr).toMatch(/still works|Both work/);
        expect(run.stderr).not.toContain(bed.keychain.get(account()) ?? bed.sandbox.token);
      },
    );
  });

  test('a keychain that fails costs nothing: the old one stays, the new one is taken back', async () => {
    await signIn(bed.sandbox.token);
    bed.keychain.set = () => {
      throw new DnxError('failed', 'The keychain is locked.');
    };
    const run = await bed.dnx('token rotate 1 --yes', { env: stored });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('the old token Sandbox (id 1) still works. The new one is revoked again.');
    expect(await works(bed.keychain.get(account()) ?? '')).toBe(true);
  });

  test('a token that is in DNX_TOKEN is printed, and DNX_TOKEN has to be set anew', async () => {
    const run = await bed.dnx('token rotate 1 --yes');
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('DNX_TOKEN held the old token');
    expect(await works(run.stdout.trim())).toBe(true);
    expect(await works(bed.sandbox.token)).toBe(false);
  });
});
