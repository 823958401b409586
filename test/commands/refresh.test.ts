import { describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { signedOut, signIn } from '../support/sign-in.ts';

const bed = perTest(openBed);

const host = () => new URL(bed.sandbox.url).host;
const stored = () => bed.keychain.get(`default@${bed.sandbox.url}`) ?? '';
const tokens = () => bed.sandbox.state.tokens.slice(6).map(({ id, name, abilities }) => ({ id, name, abilities }));
const refresh = (line: string) => bed.dnx(`auth refresh ${line}`, signedOut);

/** Signs in with a token of these abilities. */
async function signInWith(...abilities: readonly string[]): Promise<void> {
  await expect(signIn(bed, 'login --with-token', { stdin: bed.sandbox.mint(abilities, { name: 'laptop' }) })).toExit(0);
}

describe('auth refresh', () => {
  test('replaces the stored token with one that has more abilities, and revokes the old one', async () => {
    await signInWith('server:read');
    const run = await refresh('--ability site:read --preset ci-deploy');
    expect(run).toExit(0, { stdout: `✓ Added site:deploy, site:read to the token for ${host()} (profile default)\n` });
    expect(tokens()).toEqual([{ id: 8, name: 'laptop', abilities: ['server:read', 'site:deploy', 'site:read'] }]);
    expect(stored()).toMatch(/^8\|/);
    await expect(bed.dnx('site list --server web-1', signedOut)).toExit(0);
  });

  test('computes the abilities that commands need', async () => {
    await signInWith('server:read');
    expect((await refresh('--for "server restart web-1" --json')).json()).toEqual({
      id: '8',
      name: 'laptop',
      abilities: ['server:read', 'server:update'],
      added: ['server:update'],
      revoked: 7,
    });
  });

  test('creates no token if the stored one already has the abilities', async () => {
    await signInWith('site:read');
    await expect(refresh('--ability site:read')).toExit(0, { stdout: 'Token laptop can already do that.\n', calls: ['GET /tokens'] });
  });

  test('creates no token if the stored one has every ability', async () => {
    await signInWith('*');
    await expect(refresh('--ability site:read')).toExit(0, { stdout: 'Token laptop can already do everything.\n', calls: ['GET /tokens'] });
  });

  test('prompts for the missing abilities on a terminal', async () => {
    await signInWith('server:read');
    const run = await bed.dnx('auth refresh', { ...signedOut, keys: ' \r', columns: 80 });
    expect([run.code, tokens()]).toEqual([0, [{ id: 8, name: 'laptop', abilities: ['server:read', 'server:create'] }]]);
  });

  test('refuses DNX_TOKEN, which it cannot update', async () => {
    const run = await bed.dnx('auth refresh --ability site:read');
    expect(run).toExit(2, { calls: [], says: 'DNX_TOKEN is set, and dnx auth refresh only updates a stored token.' });
    expect(run.stderr).toContain('dnx token create NAME --ability');
  });

  test('needs abilities without a terminal, and a stored token', async () => {
    await expect(refresh('')).toExit(2, { calls: [] });
    await expect(refresh('--ability site:read')).toExit(4, { calls: [] });
  });

  test('suggests dnx login if the token cannot create tokens', async () => {
    await signInWith('server:read');
    bed.sandbox.faults.always({ method: 'POST', path: '/tokens' }, { status: 403 });
    const run = await refresh('--ability site:read');
    expect(run).toExit(5, { says: 'No new token was created. The old token laptop (id 7) still works.' });
    expect(run.stderr).toContain('To sign in with more abilities: dnx login\n');
  });

  test('keeps the old token and revokes the new one if the keychain fails', async () => {
    await signInWith('server:read');
    bed.keychain.set = () => {
      throw new DnxError('failed', 'The keychain is locked.');
    };
    await expect(refresh('--ability site:read')).toExit(1);
    expect(tokens()).toEqual([{ id: 7, name: 'laptop', abilities: ['server:read'] }]);
  });

  test.each([
    ['a token that does not work', { status: 401 }, 4, 'dnx login'],
    ['a token that may not list tokens', { status: 403 }, 5, 'To sign in with more abilities: dnx login\n'],
    ['the rate limit', { status: 429, headers: { 'retry-after': '900' } }, 9, 'Try again in 15m'],
    ['a server error', { status: 500 }, 1, 'Deploynix returned 500'],
    ['no answer', 'drop', 13, 'Could not reach'],
  ] as const)('reports %s with its own exit code', async (_, fault, code, words) => {
    await signInWith('server:read');
    bed.sandbox.faults.always({ method: 'GET', path: '/tokens' }, fault);
    const run = await refresh('--ability site:read');
    expect([run.code, run.calls.includes('POST /tokens')]).toEqual([code, false]);
    expect(run.stderr).toContain(words);
    expect(run.stderr).not.toContain('auth refresh');
  });

  test('leaves a token alone that is listed without abilities, because it may have all', async () => {
    await signInWith();
    for (const line of ['auth refresh --ability site:read', 'token rotate 7 --yes']) {
      await expect(bed.dnx(line, signedOut)).toExit(1, { calls: ['GET /tokens'], says: 'Nothing was changed.' });
    }
    expect(tokens()).toMatchObject([{ id: 7 }]);
  });

  test.each(['drop-after', 'cut'] as const)('names the old token if it may not be revoked (%s)', async (fault) => {
    await signInWith('server:read');
    bed.sandbox.faults.always({ method: 'DELETE' }, fault);
    const run = await refresh('--ability site:read');
    expect(run).toExit(13, { says: 'The new token laptop is in place, but the old one (id 7) may still work' });
    expect(stored()).toMatch(/^8\|/);
  });
});

test('a 403 with a stored token suggests dnx auth refresh', async () => {
  await signInWith('server:read');
  const run = await bed.dnx('server restart web-1 --yes', signedOut);
  expect(run).toExit(5, { says: '  Add it to your token: dnx auth refresh --ability server:update --ability server:read\n' });
  expect(run.stderr).not.toContain('token create');
  expect((await refresh('--ability server:update --ability server:read')).stdout).toContain('✓ Added server:update to the token');
  await expect(bed.dnx('server restart web-1 --yes', signedOut)).toExit(0);
});
