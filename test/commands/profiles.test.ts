import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { signedOut, signIn } from '../support/sign-in.ts';

const bed = perTest(openBed);

const host = () => new URL(bed.sandbox.url).host;
const settings = () => JSON.parse(readFileSync(join(bed.directory, 'config/config.json'), 'utf8'));
const tokens = () => bed.sandbox.state.tokens.slice(6).map(({ name }) => name);

/** Signs in to the profile work with a new token. */
async function signInToWork(line = 'login --with-token --profile work'): Promise<void> {
  await expect(signIn(bed, line, { stdin: bed.sandbox.mint(['site:read'], { name: 'work' }) })).toExit(0);
}

describe('config profiles', () => {
  test('lists each profile with its host and user, without any request', async () => {
    await signInToWork();
    await expect(bed.dnx('config set output json --profile other')).toExit(0);
    const run = await bed.dnx('config profiles --json', signedOut);
    expect(run.calls).toEqual([]);
    expect(run.json()).toEqual([
      { name: 'default', host: 'https://deploynix.io', current: true, signed_in: false, user: null, directories: [] },
      { name: 'work', host: bed.sandbox.url, current: false, signed_in: true, user: 'ada@example.com', directories: [] },
      { name: 'other', host: 'https://deploynix.io', current: false, signed_in: false, user: null, directories: [] },
    ]);
    expect((await bed.dnx('config profiles --profile work', signedOut)).stdout).toMatch(/^work \* +127\.0\.0\.1:\d+ +ada@example\.com$/m);
  });
});

describe('config delete-profile', () => {
  const remove = (line = '--yes', options = {}) => bed.dnx(`config delete-profile work ${line}`, { ...signedOut, ...options });

  test('revokes and removes the token, and deletes the settings', async () => {
    await signInToWork();
    await expect(bed.dnx('auth switch work')).toExit(0);
    await expect(remove()).toExit(0, { stdout: '✓ Deleted profile work\n', calls: ['POST /logout'] });
    expect([tokens(), bed.keychain.size]).toEqual([[], 0]);
    expect(settings()).toEqual({ profiles: {}, accounts: {} });
    expect((await bed.dnx('config get profile')).stdout).toBe('default\n');
  });

  test('revokes the stored token, not DNX_TOKEN', async () => {
    await signInToWork('login --with-token --profile work --insecure-storage');
    await expect(bed.dnx('config delete-profile work --yes')).toExit(0);
    expect([tokens(), existsSync(join(bed.directory, 'config/tokens.json'))]).toEqual([[], false]);
    await expect(bed.dnx('whoami')).toExit(0);
  });

  test('deletes the profile even if the token cannot be revoked, and says so', async () => {
    await signInToWork();
    bed.sandbox.faults.always({ path: '/logout' }, { status: 500 });
    const run = await remove();
    expect([run.code, bed.keychain.size]).toEqual([0, 0]);
    expect(run.stderr).toContain(`! Token 7 could not be revoked at ${host()}: `);
  });

  test('asks for confirmation, and says that the token will be revoked', async () => {
    await signInToWork();
    const run = await remove('', { keys: 'n\r', columns: 80 });
    expect([run.code, run.calls, tokens()]).toEqual([1, [], ['work']]);
    expect(run.stderr).toContain('Delete profile work and revoke its token?');
  });

  test('refuses the default profile and an unknown one', async () => {
    await signInToWork();
    const unknown = await bed.dnx('config delete-profile wrok --yes', signedOut);
    expect(unknown).toExit(6, { says: "Profile 'wrok' not found. Did you mean 'work'?\n" });
    await expect(bed.dnx('config delete-profile default --yes', signedOut)).toExit(2, { says: 'The default profile cannot be deleted.' });
    await expect(bed.dnx('auth switch work')).toExit(0);
    expect((await bed.dnx('config delete-profile default --yes', signedOut)).stderr).toContain(
      'To sign out: dnx logout --profile default\n',
    );
  });

  test.each([
    [
      'config delete-profile work --yes',
      'Token 7 was revoked and is still stored here. Profile work is kept.',
      'To delete it: dnx config delete-profile work',
    ],
    ['logout --profile work', 'The token was revoked, but is still stored here.', 'To finish signing out: dnx logout --profile work'],
    [
      'token revoke 7 --confirm work --yes --profile work',
      'Token work was revoked, but is still stored here.',
      'To remove it: dnx logout --profile work',
    ],
  ])('a keychain that keeps the token does not hide that it was revoked: %s', async (line, state, finish) => {
    await signInToWork();
    const remove = bed.keychain.delete.bind(bed.keychain);
    bed.keychain.delete = () => {
      throw new DnxError('failed', 'The keychain is locked.', { hint: 'Unlock it.' });
    };
    const run = await bed.dnx(line, signedOut);
    expect([run.code, run.stdout, tokens()]).toEqual([1, '', []]);
    expect(run.stderr).toBe(`Error: The keychain is locked.\n  ${state}\n  Unlock it.\n  ${finish}\n`);
    bed.keychain.delete = remove;
    const again = await bed.dnx(
      finish.replace(/.*: dnx /, '').replace(/work$/, (word) => (finish.includes('delete') ? `${word} --yes` : word)),
      signedOut,
    );
    expect([again.code, bed.keychain.size]).toEqual([0, 0]);
  });
});

test('logout --profile says how to delete the profile', async () => {
  await signInToWork();
  const run = await bed.dnx('logout --profile work', signedOut);
  expect(run.stderr).toBe('Profile work keeps its settings. To delete it: dnx config delete-profile work\n');
  await expect(bed.dnx('config delete-profile work --yes')).toExit(0);
});
