import { hostname } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { type Match, type Reply, SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { signIn } from '../support/sign-in.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

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
    expect(run.stdout).toContain(`Signed in to ${host()} as ${SEED_EMAIL} (profile default, keychain)\n`);
    expect(run.stderr).toContain('Next: dnx site list\n');
    expect(created()).toMatchObject([{ abilities: ['*'] }]);
    expect((await bed.dnx('server list', { env: { DNX_TOKEN: undefined } })).code).toBe(0);
  });

  test('a narrower token replaces the one that signed in', async () => {
    const run = await login(`${DOWN}${DOWN}\r`);
    expect(run.code, run.stderr).toBe(0);
    expect(run.calls).toEqual(['POST /login', 'GET /user', 'POST /tokens', 'GET /user', 'POST /logout']);
    expect(created()).toMatchObject([{ id: 8, name: `dnx on ${hostname()}`, abilities: ['site:deploy', 'server:read', 'site:read'] }]);
    expect(bed.keychain.get(account())).toMatch(/^8\|/);
  });

  test('a token that cannot list sites is not told to', async () => {
    const run = await login('', { line: 'login --ability site:read --ability site:deploy' });
    expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining('dnx site list')]);
  });

  test('abilities given as options are asked of the login itself', async () => {
    const run = await login('', { line: 'login --ability site:read --preset ci-deploy' });
    expect([run.code, run.calls]).toEqual([0, ['POST /login', 'GET /user']]);
    expect(created()).toMatchObject([{ abilities: ['site:deploy', 'server:read', 'site:read'] }]);
  });

  test('offers the email of the last sign-in', async () => {
    expect((await login('\r')).code).toBe(0);
    const run = await login('', { keys: `\r${SEED_PASSWORD}\r\r` });
    expect(run.stderr).toContain(`? Email: (${SEED_EMAIL})`);
    expect([run.code, run.calls]).toEqual([0, ['POST /login', 'GET /user']]);
  });

  test('a wrong password is asked for again, without the email', async () => {
    const run = await signIn(bed, 'login', { keys: `${SEED_EMAIL}\rwrong\rwrong\r${SEED_PASSWORD}\r\r`, columns: 80 });
    expect([run.code, run.calls]).toEqual([0, ['POST /login', 'POST /login', 'POST /login', 'GET /user']]);
    expect(run.stderr.split('Wrong email or password. Try again.')).toHaveLength(3);
  });

  test('three wrong passwords end it', async () => {
    const run = await signIn(bed, 'login', { keys: `${SEED_EMAIL}\rwrong\rwrong\rwrong\r`, columns: 80 });
    expect([run.code, run.stdout, run.calls]).toEqual([4, '', ['POST /login', 'POST /login', 'POST /login']]);
    expect(run.stderr).toContain('Wrong email or password (“These credentials do not match our records”).');
    expect(run.stderr).toContain('create a token in the dashboard and run: dnx login --with-token');
  });

  test('an ability that the API refuses is not a wrong password', async () => {
    const run = await login('', { line: 'login --ability site:fly' });
    expect([run.code, run.calls]).toEqual([7, ['POST /login']]);
    expect(run.stderr).not.toContain('password. Try again');
  });

  test('--email takes only an email address', async () => {
    const run = await signIn(bed, 'login --email notanemail', { keys: '', columns: 80 });
    expect([run.code, run.calls]).toEqual([2, []]);
    expect(run.stderr).toContain("'notanemail' is not an email address.");
  });

  test('Ctrl-C at the abilities revokes the token that signed in', async () => {
    const run = await login(INTERRUPT);
    expect([run.code, run.stdout, run.calls]).toEqual([130, '', ['POST /login', 'GET /user', 'POST /logout']]);
    expect([created(), bed.keychain.size]).toEqual([[], 0]);
  });
});

describe('no token is left behind unsaid', () => {
  const failures: readonly Reply[] = [{ status: 500 }, { status: 403 }, { status: 422 }, { status: 429 }, 'drop', 'drop-after', 'cut'];
  const checks: Match = { method: 'GET', path: '/user' };
  const steps: readonly [string, Match, passed: number][] = [
    ['checking the first token', checks, 0],
    ['creating the narrower one', { method: 'POST', path: '/tokens' }, 0],
    ['checking it', checks, 1],
    ['revoking the first one', { method: 'POST', path: '/logout' }, 0],
    ['revoking any', { method: 'POST', path: '/logout' }, 0],
  ];
  const nameOf = (failure: Reply) => (typeof failure === 'object' ? String(failure.status) : String(failure));

  describe.each(steps)('when the API fails at %s', (step, match, passed) => {
    test.each(failures.map((failure) => [nameOf(failure), failure] as const))('%s', async (_, failure) => {
      if (passed > 0) bed.sandbox.faults.next(match, (answer) => answer, passed);
      bed.sandbox.faults.always(match, failure);
      if (step === 'revoking any') bed.sandbox.faults.always({ method: 'POST', path: '/tokens' }, { status: 500 });
      const run = await login(`${DOWN}\r`);
      const stored = bed.keychain.get(account());
      for (const { id } of created()) {
        const isSaid = run.stderr.includes(`dnx token revoke ${id}\n`) || run.stderr.includes('dnx token list --audit');
        expect(stored?.startsWith(`${id}|`) || isSaid, `token ${id}\n${run.stderr}`).toBe(true);
      }
      if (run.code !== 0) expect([run.stdout, stored]).toEqual(['', undefined]);
    });
  });

  test('both tokens are revoked if the keychain refuses', async () => {
    bed.keychain.set = () => {
      throw new DnxError('failed', 'The keychain is locked.');
    };
    const run = await login(`${DOWN}\r`);
    expect([run.code, created()]).toEqual([1, []]);
    expect(run.stderr).toContain('The new token could not be stored: The keychain is locked. The new token was revoked.');
  });

  test('both tokens are named if the narrower one is interrupted', async () => {
    bed.sandbox.faults.next(checks, (answer) => answer);
    bed.sandbox.faults.next(checks, 'hang');
    const run = await login(`${DOWN}\r`, { line: 'login --debug', interruptOn: '< 201 POST /tokens' });
    expect([run.code, bed.keychain.size]).toEqual([130, 0]);
    expect(created().map(({ id }) => id)).toEqual([7, 8]);
    expect(run.stderr).toContain('The new token (id 7) exists and is stored nowhere. Revoke it with: dnx token revoke 7');
    expect(run.stderr).toContain(`Token dnx on ${hostname()} may have been created, and nobody has it.`);
    expect(run.stderr).toContain('To review your tokens: dnx token list --audit');
  });
});
