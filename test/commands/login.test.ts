import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import type { HttpRequest } from '../../src/machine/world.ts';
import { type FaultReply, type Match, SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { signIn } from '../support/sign-in.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(openBed);

const DOWN = '\u001b[B';
const INTERRUPT = '\u0003';
const host = () => new URL(bed.sandbox.url).host;
const account = () => `default@${bed.sandbox.url}`;
/** The tokens that were created since the bed was opened. */
const created = () => bed.sandbox.state.tokens.slice(6);

/** Signs in with email and password; `keys` come after the password. */
const login = (keys: string, { line = 'login', ...options }: RunOptions & { readonly line?: string } = {}): Promise<Run> =>
  signIn(bed, line, { keys: `${SEED_EMAIL}\r${SEED_PASSWORD}\r${keys}`, columns: 80, ...options });

describe('login with a password', () => {
  test('Enter stores a token that can do everything', async () => {
    const run = await login('\r');
    expect(run.calls).toEqual(['POST /login', 'GET /user']);
    expect(run.stdout).toContain(`Signed in to ${host()} as ${SEED_EMAIL}\n`);
    expect(run.stderr).toContain('Next: dnx site list\n');
    expect(created()).toMatchObject([{ abilities: ['*'] }]);
    await expect(bed.dnx('server list', { env: { DNX_TOKEN: undefined } })).toExit(0);
  });

  test('says before the prompts, in its help and after a wrong password what to do without one', async () => {
    const advice = /With GitHub, SSO or 2FA, use a token of the dashboard: dnx login --with-token/;
    const first = await login('\r', { columns: 200 });
    expect(first.stderr.slice(0, first.stderr.indexOf('? Email:'))).toMatch(advice);
    expect((await login('\r', { columns: 200 })).stderr).not.toMatch(advice);
    const wrong = await login('', { keys: `${SEED_EMAIL}\rno\r${'\rno\r'.repeat(2)}`, columns: 200 });
    expect(wrong).toExit(4, { stderr: expect.stringMatching(advice) });
    expect((await bed.dnx('login --help')).stdout).toMatch(/GitHub, SSO or two-factor/);
  });

  test('a narrower token replaces the token of the login', async () => {
    await expect(login(`${DOWN}${DOWN}\r`)).toExit(0, { calls: ['POST /login', 'GET /user', 'POST /tokens', 'GET /user', 'POST /logout'] });
    expect(created()).toMatchObject([{ id: 8, name: `dnx on ${hostname()}`, abilities: ['site:deploy', 'server:read', 'site:read'] }]);
    expect(bed.keychain.get(account())).toMatch(/^8\|/);
  });

  test('a token that cannot list sites is not told to', async () => {
    const run = await login('', { line: 'login --ability site:read --ability site:deploy' });
    expect(run).toExit(0, { stderr: expect.not.stringContaining('dnx site list') });
  });

  test('--ability and --preset are sent with the login', async () => {
    await expect(login('', { line: 'login --ability site:read --preset ci-deploy' })).toExit(0, { calls: ['POST /login', 'GET /user'] });
    expect(created()).toMatchObject([{ abilities: ['site:deploy', 'server:read', 'site:read'] }]);
  });

  test('offers the email of the last sign-in', async () => {
    await expect(login('\r')).toExit(0);
    const run = await login('', { keys: `\r${SEED_PASSWORD}\r\r` });
    expect(run.stderr).toContain(`? Email: (${SEED_EMAIL})`);
    expect(run).toExit(0, { calls: ['POST /login', 'GET /user'] });
  });

  test('prompts for the email again after a wrong password: Enter keeps it', async () => {
    const run = await signIn(bed, 'login', { keys: `${SEED_EMAIL}\rwrong\r\rwrong\r\r${SEED_PASSWORD}\r\r`, columns: 80 });
    expect(run).toExit(0, { calls: ['POST /login', 'POST /login', 'POST /login', 'GET /user'] });
    expect(run.stderr.split('Wrong email or password. Try again.')).toHaveLength(3);
    expect(run.stderr).toContain(`? Email: (${SEED_EMAIL})`);
  });

  test('a mistyped email can be corrected, and an error repeats neither', async () => {
    bed.sandbox.faults.next({ path: '/login' }, (answer) => answer);
    bed.sandbox.faults.next(
      { path: '/login' },
      { status: 500, body: { message: `Not ada@exmaple.com, ${SEED_EMAIL} or ${SEED_PASSWORD}` } },
    );
    await expect(
      signIn(bed, 'login', {
        keys: `ada@exmaple.com\r${SEED_PASSWORD}\r${SEED_EMAIL}\r${SEED_PASSWORD}\r`,
        columns: 300,
      }),
    ).toExit(1, { calls: ['POST /login', 'POST /login'], says: 'Not ***, *** or ***' });
    await expect(login('\r', { keys: `ada@exmaple.com\r${SEED_PASSWORD}\r${SEED_EMAIL}\r${SEED_PASSWORD}\r\r` })).toExit(0);
  });

  test('prompts again for the password alone if --email is given', async () => {
    const run = await signIn(bed, `login --email ${SEED_EMAIL}`, { keys: `wrong\r${SEED_PASSWORD}\r\r`, columns: 80 });
    expect(run).toExit(0, { calls: ['POST /login', 'POST /login', 'GET /user'] });
    expect(run.stderr).not.toContain('? Email:');
  });

  test('exits 4 after three wrong passwords', async () => {
    const run = await signIn(bed, 'login', { keys: `${SEED_EMAIL}\rwrong\r\rwrong\r\rwrong\r`, columns: 80 });
    expect(run).toExit(4, { stdout: '', calls: ['POST /login', 'POST /login', 'POST /login'] });
    expect(run.stderr).toContain('Wrong email or password (“These credentials do not match our records”).');
    expect(run.stderr).toContain('With GitHub, SSO or 2FA, use a token of the dashboard');
  });

  test('does not report a rejected ability as a wrong password', async () => {
    const run = await login('', { line: 'login --ability site:fly' });
    expect(run).toExit(7, { calls: ['POST /login'] });
    expect(run.stderr).not.toContain('password. Try again');
  });

  test('--email rejects what is not an email address', async () => {
    const run = await signIn(bed, 'login --email notanemail', { keys: '', columns: 80 });
    expect(run).toExit(2, { calls: [], says: "'notanemail' is not an email address." });
  });

  test('Ctrl-C at the abilities revokes the token of the login', async () => {
    await expect(login(INTERRUPT)).toExit(130, { stdout: '', calls: ['POST /login', 'GET /user', 'POST /logout'] });
    expect([created(), bed.keychain.size]).toEqual([[], 0]);
  });
});

describe('every token is stored, revoked or named', () => {
  const failures: readonly FaultReply[] = [{ status: 500 }, { status: 403 }, { status: 422 }, { status: 429 }, 'drop', 'drop-after', 'cut'];
  const checks: Match = { method: 'GET', path: '/user' };
  const steps: readonly [string, Match, passed: number][] = [
    ['checking the first token', checks, 0],
    ['creating the narrower one', { method: 'POST', path: '/tokens' }, 0],
    ['checking the narrower one', checks, 1],
    ['revoking the first one', { method: 'POST', path: '/logout' }, 0],
    ['revoking either', { method: 'POST', path: '/logout' }, 0],
  ];
  const nameOf = (failure: FaultReply) => (typeof failure === 'object' ? String(failure.status) : String(failure));

  describe.each(steps)('when the API fails at %s', (step, match, passed) => {
    test.each(sampled(failures, 2, step.length).map((failure) => [nameOf(failure), failure] as const))('%s', async (_, failure) => {
      if (passed > 0) bed.sandbox.faults.next(match, (answer) => answer, passed);
      bed.sandbox.faults.always(match, failure);
      if (step === 'revoking either') bed.sandbox.faults.always({ method: 'POST', path: '/tokens' }, { status: 500 });
      const run = await login(`${DOWN}\r`);
      const stored = bed.keychain.get(account());
      for (const { id } of created()) {
        const isSaid = run.stderr.includes(`dnx token revoke ${id}\n`) || run.stderr.includes('dnx token list --audit');
        expect(stored?.startsWith(`${id}|`) || isSaid, `token ${id}\n${run.stderr}`).toBe(true);
      }
      if (run.code !== 0) expect([run.stdout, stored]).toEqual(['', undefined]);
    });
  });

  test('revokes both tokens if the keychain fails', async () => {
    bed.keychain.set = () => {
      throw new DnxError('failed', 'The keychain is locked.');
    };
    const run = await login(`${DOWN}\r`);
    expect([run.code, created()]).toEqual([1, []]);
    expect(run.stderr).toContain('The new token could not be stored: The keychain is locked. The new token\n  was revoked.');
    expect(run.stderr).toContain('Run: dnx login --insecure-storage');
  });

  test('names both tokens if dnx is interrupted at the narrower one', async () => {
    bed.sandbox.faults.next(checks, (answer) => answer);
    bed.sandbox.faults.next(checks, 'hang');
    const run = await login(`${DOWN}\r`, { line: 'login --debug', interruptOn: '< 201 POST /tokens' });
    expect([run.code, bed.keychain.size]).toEqual([130, 0]);
    expect(created().map(({ id }) => id)).toEqual([7, 8]);
    expect(run.stderr).toMatch(/The new token \(id 7\) was not stored, but still exists\. Sign in, then:\S*\s+\S* *dnx token revoke 7/);
    expect(run.stderr).toContain(`Token dnx on ${hostname()} may have been created, but its value is lost.`);
    expect(run.stderr).toContain('To review your tokens: dnx token list --audit');
  });
});

describe('once the narrower token is stored', () => {
  const signedInAs = () => `Signed in to ${host()} as ${SEED_EMAIL}`;
  /** Signs in without DNX_HOST, and does this when the first token is to be revoked. */
  const revoking = (meanwhile: () => void, options: RunOptions = {}) =>
    signIn(bed, 'login', {
      keys: `${bed.sandbox.url}\r${SEED_EMAIL}\r${SEED_PASSWORD}\r${DOWN}${DOWN}\r`,
      columns: 300,
      env: { DNX_HOST: undefined, NO_COLOR: '1' },
      through: (network) => ({
        close: () => network.close(),
        request: (request: HttpRequest) => {
          if (request.url.endsWith('/logout')) meanwhile();
          return network.request(request);
        },
      }),
      ...options,
    });

  test.each([
    ['Ctrl-C', 'interrupted', 130],
    ['SIGTERM', 'terminated', 143],
  ] as const)('%s says that you are signed in, and the command it names works', async (_, code, exit) => {
    const stop = new AbortController();
    const run = await revoking(() => stop.abort(new DnxError(code, 'Stopped.')), { signal: stop.signal });
    expect(run).toExit(exit, { stdout: '', says: ['Revoke it with: dnx token revoke 7\n', `Stopped.\n  ${signedInAs()}.\n`] });
    const next = await bed.dnx('token revoke 7 --yes', { env: { DNX_HOST: undefined, DNX_TOKEN: undefined } });
    expect([next.code, created()]).toEqual([0, [expect.objectContaining({ id: 8 })]]);
  });

  test('settings that break while it is revoked take nothing back', async () => {
    const run = await revoking(() => writeFileSync(join(bed.directory, 'config/config.json'), '{ broken'));
    expect([run.code, run.stdout, created().length]).toEqual([0, expect.stringContaining(signedInAs()), 1]);
  });

  test('settings that do not keep the host are a failure that says so, and the first token is revoked', async () => {
    await expect(signIn(bed)).toExit(0);
    await expect(bed.dnx('config set host https://other.example.com')).toExit(0);
    // Called between the account and the host.
    bed.keychain.delete = () => {
      writeFileSync(join(bed.directory, 'config/config.json'), '{ broken');
      return true;
    };
    const run = await login(`${DOWN}\r`, { line: 'login --insecure-storage', columns: 300, env: { NO_COLOR: '1' } });
    expect(run).toExit(2, { stdout: '' });
    const said = `${signedInAs().replace('keychain', 'file')}, but the profile does not keep the host. Use --host ${bed.sandbox.url}.\n`;
    expect(run.stderr).toContain('config.json is not valid JSON.');
    expect(run.stderr).toContain(`\n  ${said}`);
    expect(created()).toMatchObject([{ id: 8 }]);
  });
});
