import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { signedOut, signIn } from '../support/sign-in.ts';

const bed = perTest(openBed);

const host = () => new URL(bed.sandbox.url).host;
const config = () => join(bed.directory, 'config');
const settings = () => JSON.parse(readFileSync(join(config(), 'config.json'), 'utf8'));
const login = (line?: string, options?: RunOptions) => signIn(bed, line, options);

describe('login --with-token', () => {
  test('checks the token and stores it in the keychain', async () => {
    const run = await login();
    expect(run.stdout).toBe(`✓ Signed in to ${host()} as ada@example.com\n`);
    expect(run.calls).toEqual(['GET /user']);
    expect([...bed.keychain]).toEqual([[`default@${bed.sandbox.url}`, bed.sandbox.token]]);
    await expect(bed.dnx('whoami', signedOut)).toExit(0);
  });

  test.each([
    ['', 2, 'No token on standard input.'],
    ['two words', 2, 'whitespace'],
    ['1|dead', 4, 'The token may be revoked or incomplete'],
  ])('refuses %j and stores nothing', async (stdin, code, words) => {
    const run = await login('login --with-token', { stdin });
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toContain(words);
    expect(bed.keychain.size).toBe(0);
    expect(existsSync(config())).toBe(false);
  });

  test('explains a plan without API access', async () => {
    bed.sandbox.state.plan.api_access = false;
    await expect(login()).toExit(5, { says: ['Your plan does not allow this', 'Professional or Enterprise'] });
    expect(bed.keychain.size).toBe(0);
  });

  test('explains a host that cannot be reached', async () => {
    const run = await login('login --with-token --host http://127.0.0.1:9');
    expect(run).toExit(13, { says: 'Could not reach 127.0.0.1:9: connection refused.' });
    expect(run.stderr).toContain('The sandbox is not running. Start it with dnx sandbox start, or go back to Deploynix: dnx login --host');
  });

  test('says that the previous token was replaced, not revoked', async () => {
    await expect(login('login --with-token', { stdin: bed.sandbox.mint([], { name: 'gone' }) })).toExit(0);
    bed.sandbox.state.tokens = bed.sandbox.state.tokens.filter(({ name }) => name !== 'gone');
    const run = await login();
    expect(run.stderr).toContain('The previous token was replaced but not revoked. To review your tokens: dnx token list --audit\n');
  });

  test('names the host before it prompts for the password', async () => {
    const run = await login('login --email ada@example.com --preset ci-deploy', { keys: `${SEED_PASSWORD}\r`, columns: 100 });
    expect(run).toExit(0);
    expect(run.stderr.indexOf(`Signing in to ${host()}.`)).toBeLessThan(run.stderr.indexOf('Password'));
  });

  test('warns that DNX_TOKEN overrides the stored token', async () => {
    const run = await login('login --with-token', { env: { DNX_TOKEN: bed.sandbox.token } });
    expect(run).toExit(0, { says: 'DNX_TOKEN is set and overrides stored tokens. Unset it to use this sign-in.' });
  });

  test('refuses abilities with --with-token', async () => {
    await expect(login('login --with-token --preset full')).toExit(2);
  });

  test('suggests --with-token if there is no terminal to prompt for the password', async () => {
    await expect(login('login')).toExit(2, { says: '--with-token' });
  });
});

describe('logout', () => {
  test('revokes the token and removes it from the keychain', async () => {
    await expect(login()).toExit(0);
    const run = await bed.dnx('logout', signedOut);
    expect(run.calls).toEqual(['POST /logout']);
    expect(run.stdout).toBe(`✓ Signed out of ${host()}; token revoked\n`);
    expect(bed.keychain.size).toBe(0);
    await expect(bed.dnx('whoami', signedOut)).toExit(4);
  });

  test('--keep removes the token without revoking it', async () => {
    await expect(login()).toExit(0);
    expect((await bed.dnx('logout --keep', signedOut)).calls).toEqual([]);
    expect(bed.keychain.size).toBe(0);
    await expect(bed.dnx('whoami')).toExit(0);
  });

  test('removes a token that was already revoked', async () => {
    await expect(login()).toExit(0);
    bed.sandbox.state.tokens = [];
    expect((await bed.dnx('logout --json', signedOut)).json()).toMatchObject({ revoked: false, forgotten: true });
    expect(bed.keychain.size).toBe(0);
  });

  test('keeps the token if the API cannot be reached', async () => {
    await expect(login()).toExit(0);
    bed.sandbox.faults.always({ path: '/logout' }, 'drop');
    await expect(bed.dnx('logout', signedOut)).toExit(13, { says: 'dnx logout --keep' });
    expect(bed.keychain.size).toBe(1);
  });

  test('succeeds if nobody is signed in', async () => {
    await expect(bed.dnx('logout', signedOut)).toExit(0, { calls: [] });
  });

  test('revokes DNX_TOKEN and keeps the stored token', async () => {
    await expect(login()).toExit(0);
    const run = await bed.dnx('logout', { env: { DNX_TOKEN: bed.sandbox.mint([]) } });
    expect(run.stderr).toContain('The token came from DNX_TOKEN. Unset it. The stored token was kept.');
    await expect(bed.dnx('whoami', signedOut)).toExit(0);
  });
});

describe('profiles', () => {
  test('never sends the token of one host to another', async () => {
    const other = await openBed();
    try {
      const third = await openElsewhere((_, response) => response.writeHead(404).end('{}'));
      onTestFinished(() => third.close());
      await expect(login('login --with-token --profile work', { stdin: bed.sandbox.mint(['server:read'], { name: 'work' }) })).toExit(0);
      await expect(login('login --with-token --profile play', { stdin: other.sandbox.token, env: { DNX_HOST: other.sandbox.url } })).toExit(
        0,
      );
      const free = { env: { DNX_TOKEN: undefined, DNX_HOST: undefined } };
      expect(settings().profiles).toEqual({ work: { host: bed.sandbox.url }, play: { host: other.sandbox.url } });
      const before = [bed.sandbox.calls.length, other.sandbox.calls.length];
      await expect(bed.dnx('whoami --profile work', free)).toExit(0);
      await expect(bed.dnx('whoami', { env: { ...free.env, DNX_PROFILE: 'play' } })).toExit(0);
      expect([bed.sandbox.calls.length, other.sandbox.calls.length]).toEqual([(before[0] ?? 0) + 1, (before[1] ?? 0) + 1]);
      expect(bed.sandbox.calls.at(-1)?.token).toBe('work');
      await expect(bed.dnx(`whoami --profile work --host ${third.url}`, free)).toExit(4);
      await expect(bed.dnx('auth status --json', free)).toExit(4);
      expect(third.requests).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test('auth switch sets the profile for the next commands', async () => {
    await expect(login('login --with-token --profile work')).toExit(0);
    expect((await bed.dnx('auth switch work')).stdout).toBe('✓ Switched to profile work\n');
    expect((await bed.dnx('config get profile')).stdout).toBe('work\n');
    await expect(bed.dnx('whoami', { env: { DNX_TOKEN: undefined, DNX_HOST: undefined } })).toExit(0);
    await expect(bed.dnx('auth switch typo')).toExit(6);
    await expect(bed.dnx('auth switch')).toExit(2);
    const warned = await bed.dnx('auth switch default', { env: { DNX_PROFILE: 'work' } });
    expect(warned.stderr).toContain('DNX_PROFILE is set and overrides this.');
  });
});

describe('auth status', () => {
  test('shows user, source, abilities, age and last use', async () => {
    await expect(login('login --with-token', { stdin: bed.sandbox.mint(['site:read'], { name: 'laptop' }) })).toExit(0);
    const run = await bed.dnx('auth status --json', signedOut);
    expect(run).toExit(0);
    expect(JSON.parse(run.stdout)).toEqual([
      {
        profile: 'default',
        host: bed.sandbox.url,
        current: true,
        origin: 'default',
        user: 'ada@example.com',
        source: 'keychain',
        token: 'laptop',
        abilities: ['site:read'],
        created_at: expect.stringMatching(/^2026-04-16T12/),
        last_used_at: expect.stringMatching(/^2026-04-16T12/),
        problem: null,
        fix: null,
      },
    ]);
  });

  test('shows every profile, its problem and the fix', async () => {
    await expect(login()).toExit(0);
    await expect(login('login --with-token --profile dead', { stdin: bed.sandbox.mint([], { name: 'gone' }) })).toExit(0);
    bed.sandbox.state.tokens = bed.sandbox.state.tokens.filter(({ name }) => name !== 'gone');
    const run = await bed.dnx('auth status', signedOut);
    expect(run).toExit(4, { stdout: expect.stringContaining('default *') });
    expect(run.stdout).toContain('ada@example.com');
    expect(run.stderr).toContain(`Profile dead at ${host()}: The token was rejected by ${host()}.`);
    expect(run.stderr).toContain('  dnx login --profile dead\n');
  });

  test('prints null for what the API sends in another type', async () => {
    const token = { id: 17, name: 1, abilities: [2], created_at: {}, last_used_at: false };
    const api = await openElsewhere(({ url }, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data: url?.includes('/tokens') ? [token] : { id: 1, email: 'ada@example.com' } }));
    });
    onTestFinished(() => api.close());
    const run = await bed.dnx('auth status --json', { env: { DNX_HOST: api.url, DNX_TOKEN: '17|secret' } });
    expect(run).toExit(0);
    expect(JSON.parse(run.stdout)).toMatchObject([
      { user: 'ada@example.com', token: null, abilities: null, created_at: null, last_used_at: null },
    ]);
  });

  test('does not open the keychain if DNX_TOKEN is set', async () => {
    await expect(login('login --with-token --profile work')).toExit(0);
    bed.keychain.get = () => {
      throw new Error('touched');
    };
    const run = await bed.dnx('auth status --json');
    expect(run).toExit(0);
    expect(JSON.parse(run.stdout)).toMatchObject([
      { profile: 'default', source: 'variable', user: 'ada@example.com', abilities: ['*'] },
      { profile: 'work', source: 'keychain' },
    ]);
  });

  test('suggests another token instead of a login if DNX_TOKEN is rejected', async () => {
    for (const line of ['auth status', 'whoami', 'server list', 'deploy shop.example.com']) {
      const run = await bed.dnx(line, { env: { DNX_TOKEN: '1|dead' } });
      expect([line, run.code]).toEqual([line, 4]);
      expect(run.stderr).toContain(`DNX_TOKEN was rejected by ${host()}.`);
      expect(run.stderr).toContain('Set another token, or unset it to use your stored sign-in');
      expect(run.stderr).not.toContain('dnx login');
    }
    expect((await bed.dnx('whoami', signedOut)).stderr).toContain('dnx login');
  });

  test('a stored token that is gone from the keychain is not offered', async () => {
    await expect(login()).toExit(0);
    bed.keychain.clear();
    await expect(bed.dnx('server list', signedOut)).toExit(4, {
      stderr: expect.stringMatching(/^Error: Not signed in to 127\.0\.0\.1:\d+\.\n {2}The stored token is gone\. Run: dnx login .*\n$/),
    });
  });

  test('exits 4 if nobody is signed in', async () => {
    await expect(bed.dnx('auth status', signedOut)).toExit(4, { says: ['Not signed in', 'dnx login'] });
  });
});
