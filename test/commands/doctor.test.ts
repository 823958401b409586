import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keychainFailure } from '../../src/machine/credentials/keychain-failure.ts';
import { openLimitedBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openLimitedBed);

interface Line {
  readonly check: string;
  readonly verdict: string;
  readonly detail: string;
  readonly fix: string | null;
}

/** Each check by its name, as `verdict: detail`. */
async function runDoctor(line = 'doctor --json', options: RunOptions = {}) {
  const run = await bed.dnx(line, options);
  const lines = JSON.parse(run.stdout) as Line[];
  return { run, lines, by: Object.fromEntries(lines.map(({ check, verdict, detail }) => [check, `${verdict}: ${detail}`])) };
}

describe('doctor', () => {
  test('runs every check and prints no secrets, paths or email addresses', async () => {
    const { run, by } = await runDoctor('doctor --json', { env: { SHELL: '/bin/bash' } });
    expect(run).toExit(0);
    expect(by).toEqual({
      versions: expect.stringMatching(/^ok: dnx .*, Node 20\.19\.0, linux$/),
      'settings directory': 'skipped: ~/config does not exist yet',
      settings: 'skipped: ~/config/config.json does not exist yet',
      'token file': 'ok: no unencrypted tokens',
      profile: 'ok: default: because no other was chosen',
      'link file': 'skipped: none in this directory',
      completion: 'warning: not installed for bash',
      keychain: 'skipped: not used: DNX_TOKEN is set',
      token: 'ok: from DNX_TOKEN',
      host: `ok: ${bed.sandbox.url} (from the environment)`,
      proxy: 'ok: none',
      DNS: 'ok: resolved',
      TLS: 'skipped: not used on loopback',
      latency: expect.stringMatching(/^ok: \d+ ms$/),
      clock: expect.any(String),
      API: 'ok: signed in as a…@example.com',
      abilities: 'warning: DNX_TOKEN can do everything',
    });
    expect(run.stderr).toMatch(/^[23] of 17 checks need attention\.\n$/);
    expect(run.stdout).not.toContain(bed.directory);
    expect(run.stdout).not.toContain(bed.sandbox.token);
  });

  test('does not take its wait for the rate limit for a slow network', async () => {
    const env = { DNX_RATE_LIMIT: '1' };
    await expect(bed.dnx('whoami', { env })).toExit(0);
    const { run, by } = await runDoctor('doctor --json', { env });
    expect([run.waited > 60_000, by.latency]).toEqual([true, expect.stringMatching(/^ok: \d+ ms$/)]);
  });

  test('gives one advice about a token in a file without a keychain', async () => {
    const env = { DNX_TOKEN: undefined };
    await expect(bed.dnx('login --with-token --insecure-storage', { stdin: bed.sandbox.token, env })).toExit(0);
    const fail = (): never => {
      throw keychainFailure('No keychain available');
    };
    Object.assign(bed.keychain, { get: fail, set: fail });
    const { lines } = await runDoctor('doctor --json', { env });
    const fixes = Object.fromEntries(lines.map(({ check, verdict, fix }) => [check, `${verdict}: ${fix}`]));
    expect(fixes).toMatchObject({
      keychain: 'warning: See dnx help keychain',
      'token file': expect.stringMatching(/^warning: dnx login.*, once the keychain works$/),
    });
    expect(JSON.stringify(lines)).not.toContain('insecure-storage');
  });

  test('says dnx login if nobody is signed in, also without a keychain', async () => {
    const env = { DNX_TOKEN: undefined };
    const fail = (): never => {
      throw keychainFailure('No keychain available');
    };
    expect((await runDoctor('doctor --json', { env })).lines.find(({ check }) => check === 'token')?.fix).toBe('dnx login');
    Object.assign(bed.keychain, { get: fail, set: fail });
    expect((await runDoctor('doctor --json', { env })).lines.find(({ check }) => check === 'token')?.fix).toBe(
      'dnx login, or set DNX_TOKEN',
    );
  });

  test('names the link file, its environment and site, or what is wrong with them', async () => {
    const environments = { production: { site: 'shop.example.com' }, staging: { server: 'web-2' } };
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ default: 'production', environments }));
    expect((await runDoctor()).by['link file']).toBe('ok: ~/.deploynix.json (production: shop.example.com)');
    expect((await runDoctor('doctor -e staging --json')).by['link file']).toBe('ok: ~/.deploynix.json (staging)');
    const { by } = await runDoctor('doctor --json', { env: { DNX_ENV: 'stagin' } });
    expect(by['link file']).toBe("warning: ~/.deploynix.json has no environment 'stagin'. Did you mean 'staging'?");
  });

  test.each([
    ['skipped', { env: {} }],
    ['warning', { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }],
    ['failed', { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', DNX_HOST: 'https://127.0.0.1:9' } }],
  ])('reports unverified certificates: %s', async (verdict, options) => {
    const { by } = await runDoctor('doctor --json', options);
    expect(by.TLS).toMatch(new RegExp(`^${verdict}: ${verdict === 'skipped' ? 'not used' : 'certificates are not verified'}`));
  });

  test('compares the clock with the API', async () => {
    bed.sandbox.faults.next({ path: '/user' }, (answer) => ({
      ...answer,
      headers: { ...answer.headers, Date: new Date(bed.clock.now() - 600_000).toUTCString() },
    }));
    expect((await runDoctor()).by.clock).toBe('warning: 10m ahead of the API');
  });

  test.each([
    [{ env: { DNX_TOKEN: undefined } }, 'token', 'failed: no token for'],
    [{ env: { DNX_TOKEN: '1|dead' } }, 'API', 'failed: the token was rejected'],
    [{ env: { DNX_HOST: 'http://127.0.0.1:9' } }, 'connection', 'failed: Could not reach 127.0.0.1:9: connection refused.'],
  ])('with %j, the check %s fails and has a fix', async (options, check, words) => {
    const { run, lines } = await runDoctor('doctor --json', options);
    const line = lines.find((each) => each.check === check);
    expect(run).toExit(1);
    expect(`${line?.verdict}: ${line?.detail}`).toContain(words);
    expect(line?.fix).toEqual(expect.stringMatching(/\w/));
    const { error } = JSON.parse(run.stderr) as { error: { message: string } };
    expect(error.message).toMatch(/^(1 of \d+ checks needs|[2-9] of \d+ checks need) attention\.$/);
  });

  test.each([
    ['a captive portal', { status: 200, body: '<html>Sign in to the Wi-Fi</html>' }, 'failed: the response is not JSON'],
    ['a plan without API access', { status: 403, body: { message: 'Please upgrade your plan.' } }, 'failed: forbidden: your plan'],
    ['a server that is not Deploynix', { status: 404, body: 'nothing here' }, 'failed: no Deploynix API at this host'],
    ['an API that fails', { status: 503, body: '' }, 'failed: returned 503'],
  ])('reports %s', async (_, reply, words) => {
    bed.sandbox.faults.always({ path: '/user' }, reply);
    expect((await runDoctor()).by.API).toContain(words);
  });

  test('reports a response that ends early', async () => {
    bed.sandbox.faults.always({ path: '/user' }, 'cut');
    const { run, by } = await runDoctor();
    expect([run.code, by.connection]).toEqual([1, expect.stringContaining('failed: Could not reach')]);
  });

  test('reports files that others can read, and unencrypted tokens', async () => {
    await expect(bed.dnx('login --with-token --insecure-storage', { stdin: bed.sandbox.token, env: { DNX_TOKEN: undefined } })).toExit(0);
    chmodSync(join(bed.directory, 'config'), 0o755);
    chmodSync(join(bed.directory, 'config', 'config.json'), 0o644);
    const { by, lines } = await runDoctor('doctor --json', { env: { DNX_TOKEN: undefined } });
    expect(by.abilities).toBe('ok: everything');
    expect(by['settings directory']).toBe('warning: ~/config is accessible to others (mode 755)');
    expect(lines.find(({ check }) => check === 'settings')?.fix).toBe('chmod 600 ~/config/config.json');
    expect(by['token file']).toBe('warning: unencrypted tokens in ~/config/tokens.json (mode 600)');
  });

  test.each([
    ['http://me:secret@127.0.0.1:9', 'http://…@127.0.0.1:9'],
    ['me:secret@127.0.0.1:9', '…@127.0.0.1:9'],
    ['http://me:secret secret@127.0.0.1:9', 'http://…@127.0.0.1:9'],
  ])('does not print the password of the proxy %s', async (url, shown) => {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])
      for (const line of ['doctor', 'doctor --json', 'doctor --debug']) {
        const run = await bed.dnx(line, { env: { [name]: url } });
        expect(run.stdout).toContain(`${name}=${shown}`);
        expect(run.stdout + run.stderr).not.toContain('secret');
      }
  });

  test.each([
    'http://me:secret@secret/secret@proxy.example.com:9',
    'http://me:secret',
    'http://me:secret%40proxy:9',
    'me secret',
    'socks5://secret:9',
  ])('does not print the malformed proxy %s', async (url) => {
    for (const name of ['HTTP_PROXY', 'ALL_PROXY']) {
      const { run, by } = await runDoctor('doctor --json', { env: { [name]: url } });
      expect([run.code, by.proxy]).toEqual([1, expect.stringMatching(`failed: ${name} is `)]);
      expect([by.request, by.API]).toEqual([undefined, 'skipped: not reached']);
      expect(run.stdout + run.stderr).not.toContain('secret');
    }
  });

  test('redacts an email address in a very long text', async () => {
    bed.sandbox.faults.always({ path: '/user' }, { status: 200, body: { data: { email: `${'a'.repeat(300_000)}@example.com` } } });
    expect((await runDoctor()).by.API).toBe('ok: signed in as a…@example.com');
    bed.sandbox.faults.always({ path: '/user' }, { status: 200, body: { data: { email: 'a.'.repeat(200_000) } } });
    expect((await runDoctor()).run.code).toBe(0);
  });

  test('finds installed completion', async () => {
    const place = join(bed.directory, 'data/bash-completion/completions');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'dnx'), '');
    const { by } = await runDoctor('doctor --json', { env: { SHELL: '/bin/bash', XDG_DATA_HOME: join(bed.directory, 'data') } });
    expect(by.completion).toContain('ok: bash: ~/data');
  });
});
