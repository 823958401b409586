import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { signedOut, signIn } from '../support/sign-in.ts';

const bed = perTest(openBed);

const host = () => new URL(bed.sandbox.url).host;
const config = () => join(bed.directory, 'config');
const login = (line?: string, options?: RunOptions) => signIn(bed, line, options);

describe('the token file', () => {
  test('is used only with --insecure-storage, has mode 0600, and is warned about once at login', async () => {
    const run = await login('login --with-token --insecure-storage');
    const file = join(config(), 'tokens.json');
    expect(run.stdout).toBe(`✓ Signed in to ${host()} as ada@example.com\n`);
    expect(run.stderr).toContain(`! The token is stored unencrypted in ${file}.\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(config()).mode & 0o777).toBe(0o700);
    expect(bed.keychain.size).toBe(0);
    for (const line of ['whoami', 'server list']) expect((await bed.dnx(line, signedOut)).stderr).toBe('');
    const status = await bed.dnx('auth status', signedOut);
    expect([status.stderr, status.stdout.match(/unencrypted file/g)]).toEqual(['', ['unencrypted file']]);
    await expect(bed.dnx('logout', signedOut)).toExit(0);
    expect(existsSync(file)).toBe(false);
  });

  const tokenInFile = (account = `default@${bed.sandbox.url}`) => {
    const file = join(config(), 'tokens.json');
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8'))[account] : undefined;
  };

  test('loses the token once the keychain stores it, and keeps those of other profiles', async () => {
    await expect(login('login --with-token --insecure-storage --profile other')).toExit(0);
    await expect(login('login --with-token --insecure-storage')).toExit(0);
    expect(tokenInFile()).toBe(bed.sandbox.token);
    await expect(login()).toExit(0);
    expect([tokenInFile(), tokenInFile(`other@${bed.sandbox.url}`)]).toEqual([undefined, bed.sandbox.token]);
    await expect(login('login --with-token --profile other')).toExit(0);
    expect(existsSync(join(config(), 'tokens.json'))).toBe(false);
  });

  test('replaces the token in the keychain', async () => {
    await expect(login()).toExit(0);
    await expect(login('login --with-token --insecure-storage')).toExit(0);
    expect([tokenInFile(), bed.keychain.size]).toEqual([bed.sandbox.token, 0]);
  });

  test.each(['logout', 'logout --keep', 'token revoke Sandbox --yes --confirm Sandbox', 'token rotate Sandbox --yes'])(
    'loses an older token of the profile after dnx %s',
    async (line) => {
      await expect(login()).toExit(0);
      const left = { [`default@${bed.sandbox.url}`]: '1|older', 'other@https://deploynix.io': '2|other' };
      writeFileSync(join(config(), 'tokens.json'), JSON.stringify(left));
      await expect(bed.dnx(line, signedOut)).toExit(0);
      expect([tokenInFile(), tokenInFile('other@https://deploynix.io')]).toEqual([undefined, '2|other']);
    },
  );

  test('is named in a warning if it is broken, and login and logout succeed', async () => {
    mkdirSync(config());
    writeFileSync(join(config(), 'tokens.json'), '{');
    for (const run of [await login(), await bed.dnx('logout', signedOut)]) {
      expect(run).toExit(0, { says: `An older token may still be stored unencrypted in ${join(config(), 'tokens.json')}.` });
    }
    expect(bed.keychain.size).toBe(0);
  });

  describe('in a directory that dnx did not make', () => {
    const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

    test.each([0o755, 0o750, 0o700])('keeps its mode: %o', async (mode) => {
      mkdirSync(config());
      chmodSync(config(), mode);
      await expect(login('login --with-token --insecure-storage')).toExit(0);
      await expect(bed.dnx('logout', signedOut)).toExit(0);
      expect(modeOf(config())).toBe(mode.toString(8));
    });

    test.each([0o777, 0o1777, 0o775])('is refused before any request if others can write to it: %o', async (mode) => {
      mkdirSync(config());
      chmodSync(config(), mode);
      const run = await login('login --with-token --insecure-storage');
      expect(run).toExit(1, { stdout: '', calls: [] });
      expect(run.stderr).toBe(
        `Error: Refusing to store a token in ${config()}: others can write to it (mode ${mode.toString(8)}).\n` +
          '  Set DNX_CONFIG_DIR to a directory that only you can write to.\n',
      );
      expect([modeOf(config()), existsSync(join(config(), 'tokens.json'))]).toEqual([mode.toString(8), false]);
    });

    test.runIf(process.getuid?.() === 0)('is refused if it belongs to another user', async () => {
      mkdirSync(config());
      chownSync(config(), 4711, 4711);
      const run = await login('login --with-token --insecure-storage');
      expect(run).toExit(1, { calls: [], says: `Refusing to store a token in ${config()}: it belongs to another user.\n` });
    });

    test.each([
      ['a file', () => writeFileSync(config(), '', { mode: 0o644 }), '644'],
      ['a FIFO, as a device would be', () => execFileSync('mkfifo', ['-m', '644', config()]), '644'],
    ])('is refused, and keeps its mode, if it is %s', async (_, make, mode) => {
      make();
      const run = await login('login --with-token --insecure-storage');
      expect(run).toExit(1, { calls: [], says: `Refusing to store a token in ${config()}: it is not a directory.\n` });
      expect(modeOf(config())).toBe(mode);
    });

    test('may be a link to one of the user', async () => {
      mkdirSync(join(bed.directory, 'dotfiles'), { mode: 0o755 });
      symlinkSync('dotfiles', config());
      await expect(login('login --with-token --insecure-storage')).toExit(0);
      expect([modeOf(config()), tokenInFile()]).toEqual(['755', bed.sandbox.token]);
    });
  });

  test('is not a fallback if the keychain fails: login stops before any request', async () => {
    bed.keychain.get = () => {
      throw Object.assign(new Error('no keychain'), {});
    };
    await expect(login()).toExit(1, { calls: [] });
    expect(existsSync(config())).toBe(false);
  });
});

describe('a new token from a login', () => {
  test('is revoked if it cannot be stored, and named if it cannot be revoked', async () => {
    const password = { keys: `${SEED_PASSWORD}\r`, columns: 100 };
    const signIn = () => login('login --email ada@example.com --preset ci-deploy', password);
    bed.keychain.set = () => {
      throw new DnxError('failed', 'The keychain is locked.');
    };
    await expect(signIn()).toExit(1);
    expect(bed.sandbox.state.tokens).toHaveLength(6);
    bed.sandbox.faults.always({ path: '/logout' }, { status: 500 });
    await expect(signIn()).toExit(1, { says: 'The new token (id 8) was not stored, but still exists. Sign in, then: dnx token revoke 8' });
    bed.sandbox.faults.clear();
    bed.sandbox.faults.always({ path: '/user' }, { status: 403 });
    await expect(signIn()).toExit(5);
    expect(bed.sandbox.state.tokens.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 8]);
  });
});
