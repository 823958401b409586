import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import type { FaultReply, Match } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(openBed);

/** Only the stored token. */
const stored = { DNX_TOKEN: undefined };
const account = () => `default@${bed.sandbox.url}`;
const names = () => bed.sandbox.state.tokens.map(({ name }) => name);
const byName = (name: string) => bed.sandbox.state.tokens.find((each) => each.name === name);

async function signIn(token: string): Promise<void> {
  await expect(bed.dnx('login --with-token', { env: stored, stdin: token })).toExit(0);
}

/** Whether the API accepts this token. */
const works = async (token: string): Promise<boolean> => (await bed.dnx('whoami', { env: { DNX_TOKEN: token } })).code === 0;

describe('token rotate', () => {
  test('prints the new token, then revokes the old one', async () => {
    const run = await bed.dnx('token rotate Grafana --yes');
    expect(run).toExit(0, { stdout: expect.stringMatching(/^\d+\|\w+\n$/) });
    expect(names().filter((name) => name === 'Grafana')).toHaveLength(1);
    expect(byName('Grafana')).toMatchObject({ id: 7, abilities: ['server:read', 'site:read', 'database:read'] });
    expect(await works(run.stdout.trim())).toBe(true);
  });

  test('stores the new token if the old one is the stored one', async () => {
    await signIn(bed.sandbox.token);
    const run = await bed.dnx('token rotate Sandbox --yes', { env: stored });
    expect(run.stdout).toBe('✓ Rotated token Sandbox\n  stored  in profile default\n');
    const token = bed.keychain.get(account()) ?? '';
    expect(token).not.toBe(bed.sandbox.token);
    expect(await works(token)).toBe(true);
    expect(await works(bed.sandbox.token)).toBe(false);
    expect(byName('Sandbox')?.abilities).toEqual(['*']);
  });

  test('--to-file writes the new token to the file', async () => {
    await expect(bed.dnx('token rotate Grafana --yes --to-file new.token')).toExit(0);
    expect(await works(readFileSync(join(bed.directory, 'new.token'), 'utf8').trim())).toBe(true);
  });

  const failures: readonly FaultReply[] = [{ status: 500 }, { status: 403 }, { status: 422 }, { status: 404 }, 'drop', 'drop-after', 'cut'];
  const steps: readonly [string, Match][] = [
    ['looking up the old token', { method: 'GET', path: '/tokens' }],
    ['creating the new one', { method: 'POST', path: '/tokens' }],
    ['checking the new one', { method: 'GET', path: '/user' }],
    ['revoking the old one', { method: 'DELETE', path: '/tokens/{token}' }],
  ];
  describe.each(steps)('when the API fails at %s', (step, match) => {
    test.each(
      sampled(failures, 2, step.length).map(
        (failure) => [typeof failure === 'object' ? String(failure.status) : String(failure), failure] as const,
      ),
    )('%s: the stored token works, and the error says which tokens do', async (_, failure) => {
      await signIn(bed.sandbox.token);
      const stop = bed.sandbox.faults.always(match, failure);
      const run = await bed.dnx('token rotate 1 --yes', { env: stored });
      stop();
      expect(await works(bed.keychain.get(account()) ?? '')).toBe(true);
      // A token that is not found is already revoked.
      const isRevoked = match.method === 'DELETE' && typeof failure === 'object' && 'status' in failure && failure.status === 404;
      expect(run.code === 0).toBe(isRevoked);
      if (!isRevoked && match.path !== '/tokens') expect(run.stderr).toMatch(/still work/);
      expect(run.stderr).not.toContain(bed.keychain.get(account()) ?? bed.sandbox.token);
    });
  });

  test('keeps the old token and revokes the new one if the keychain fails', async () => {
    await signIn(bed.sandbox.token);
    bed.keychain.set = () => {
      throw new DnxError('failed', 'The keychain is locked.');
    };
    const run = await bed.dnx('token rotate 1 --yes', { env: stored });
    expect(run).toExit(1);
    expect(run.stderr).toContain(
      'The new token could not be stored: The keychain is locked. The new token was revoked. The old token Sandbox (id 1) still works.',
    );
    expect(names().filter((name) => name === 'Sandbox')).toHaveLength(1);
    expect(await works(bed.keychain.get(account()) ?? '')).toBe(true);
  });

  test('says that DNX_TOKEN must be set to the new token', async () => {
    const run = await bed.dnx('token rotate 1 --yes');
    expect(run).toExit(0, { says: 'DNX_TOKEN still has the old token' });
    expect(await works(run.stdout.trim())).toBe(true);
    expect(await works(bed.sandbox.token)).toBe(false);
  });

  test('--to-file also stores the token if the old one is the stored one', async () => {
    await signIn(bed.sandbox.token);
    const run = await bed.dnx('token rotate Sandbox --yes --to-file new.token', { env: stored });
    expect(run.stdout).toBe('✓ Rotated token Sandbox\n  file    new.token (only you can read it)\n  stored  in profile default\n');
    const token = bed.keychain.get(account()) ?? '';
    expect(readFileSync(join(bed.directory, 'new.token'), 'utf8')).toBe(`${token}\n`);
    await expect(bed.dnx('whoami', { env: stored })).toExit(0);
  });

  test('--to-file says that DNX_TOKEN must be set to the new token', async () => {
    const run = await bed.dnx('token rotate Sandbox --yes --to-file new.token');
    expect(run).toExit(0, { says: 'DNX_TOKEN still has the old token. Set it to the new one.' });
  });

  test('--to-file leaves no file if the keychain fails', async () => {
    await signIn(bed.sandbox.token);
    bed.keychain.set = () => {
      throw new DnxError('failed', 'The keychain is locked.');
    };
    await expect(bed.dnx('token rotate Sandbox --yes --to-file new.token', { env: stored })).toExit(1);
    expect(existsSync(join(bed.directory, 'new.token'))).toBe(false);
    expect(await works(bed.sandbox.token)).toBe(true);
    expect(names()).toHaveLength(6);
  });

  test.each([['token rotate Grafana --yes'], ['token create ci --preset full']])(
    '%s revokes the new token if the output omits it',
    async (line) => {
      for (const shape of ['--query name', '--json --query id', '-o yaml --query [name]']) {
        const run = await bed.dnx(`${line} ${shape}`);
        expect([shape, run.code, run.stdout, names().length]).toEqual([shape, 1, '', 6]);
        expect(run.stderr).toContain('The output does not contain the token. The new token was revoked.');
      }
      const refused = await bed.dnx(`${line} -o ids`);
      expect([refused.code, refused.calls.filter((call) => !call.startsWith('GET'))]).toEqual([2, []]);
      expect((await bed.dnx(`${line} --query token --json`)).stdout).toMatch(/^"\d+\|\w+"\n$/);
    },
  );

  describe('an interrupt says which tokens exist', () => {
    test.each([
      ['rotate Grafana --yes', 'A new token may have been created. The old token Grafana (id 4) still works.'],
      ['create Grafana --preset full', 'Token Grafana may have been created, but its value is lost.'],
    ])('while the new token is created: token %s', async (line, words) => {
      bed.sandbox.faults.next({ method: 'POST', path: '/tokens' }, 'hang');
      const run = await bed.dnx(`token ${line} --debug`, { interruptOn: '> POST /tokens' });
      expect(run).toExit(130, { says: [words, 'dnx token list --audit'] });
      expect(run.stderr).not.toContain('nothing has changed');
    });

    test('once it is created', async () => {
      bed.sandbox.faults.next({ method: 'GET', path: '/user' }, 'hang');
      const run = await bed.dnx('token rotate Grafana --yes --debug', { interruptOn: '> GET /user' });
      expect(run).toExit(130, { says: 'The new token Grafana (id 7) still exists. The old token Grafana (id 4) still works.' });
      expect(run.stderr).toContain('dnx token revoke 7');
    });

    test('while the old one is revoked', async () => {
      bed.sandbox.faults.next({ method: 'DELETE', path: '/tokens/{token}' }, 'hang');
      const run = await bed.dnx('token rotate Grafana --yes --debug', { interruptOn: '> DELETE /tokens/4' });
      expect(run).toExit(130);
      expect(await works(run.stdout.trim())).toBe(true);
      expect(run.stderr).toContain('The new token Grafana is in place, but the old one (id 4) may still work');
    });
  });

  test.each(['create ci --preset full', 'rotate Grafana --yes'])(
    'token %s fails before any change if stdout is the null device',
    async (line) => {
      const run = await bed.dnx(`token ${line}`, { discards: true });
      expect([run.code, run.calls.filter((call) => !call.startsWith('GET'))]).toEqual([2, []]);
      expect(run.stderr).toContain('--to-file FILE');
      await expect(bed.dnx(`token ${line} --to-file a.token`, { discards: true })).toExit(0);
    },
  );
});
