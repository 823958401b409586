import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

interface Line {
  readonly check: string;
  readonly verdict: string;
  readonly detail: string;
  readonly mend: string | null;
}

/** Each check by its name, as `verdict: detail`. */
async function examined(line = 'doctor --json', options: RunOptions = {}) {
  const run = await bed.dnx(line, options);
  const lines = JSON.parse(run.stdout) as Line[];
  return { run, lines, by: Object.fromEntries(lines.map(({ check, verdict, detail }) => [check, `${verdict}: ${detail}`])) };
}

describe('doctor', () => {
  test('looks at everything, and what it says names nobody', async () => {
    const { run, by } = await examined('doctor --json', { env: { SHELL: '/bin/bash' } });
    expect(run.code).toBe(0);
    expect(by).toEqual({
      versions: expect.stringMatching(/^ok: dnx .*, Node 20\.19\.0, linux$/),
      'settings directory': 'skipped: ~/config is not there yet',
      settings: 'skipped: ~/config/config.json is not there yet',
      'token file': 'ok: no token lies in the clear',
      'link file': 'skipped: this directory is not linked to a site',
      completion: 'warning: not installed for bash',
      keychain: 'skipped: not looked at, for DNX_TOKEN is set',
      token: 'ok: from DNX_TOKEN, which wins over what is stored',
      host: `ok: ${bed.sandbox.url} (from the environment)`,
      proxy: 'ok: none',
      DNS: 'ok: the name is known',
      TLS: 'skipped: not used: the host is this machine',
      latency: expect.stringMatching(/^ok: \d+ ms for one request$/),
      clock: expect.any(String),
      API: 'ok: signed in as a…@example.com',
      abilities: 'warning: this token can do everything',
    });
    expect(run.stdout).not.toContain(bed.directory);
    expect(run.stdout).not.toContain(bed.sandbox.token);
  });

  test.each([
    ['skipped', { env: {} }],
    ['warning', { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }],
    ['failed', { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', DNX_HOST: 'https://127.0.0.1:9' } }],
  ])('certificates that nobody verifies are told: %s', async (verdict, options) => {
    const { by } = await examined('doctor --json', options);
    expect(by.TLS).toMatch(new RegExp(`^${verdict}: ${verdict === 'skipped' ? 'not used' : 'certificates are not verified'}`));
  });

  test('a clock that is wrong is told from the answer', async () => {
    bed.sandbox.faults.next({ path: '/user' }, (answer) => ({
      ...answer,
      headers: { ...answer.headers, Date: new Date(bed.clock.now() - 600_000).toUTCString() },
    }));
    expect((await examined()).by.clock).toBe("warning: 600 s ahead of the API's");
  });

  test.each([
    [{ env: { DNX_TOKEN: undefined } }, 'token', 'failed: none for'],
    [{ env: { DNX_TOKEN: '1|dead' } }, 'API', 'failed: it does not accept the token'],
    [{ env: { DNX_HOST: 'http://127.0.0.1:9' } }, 'connection', 'failed: Cannot reach http://127.0.0.1:9: the connection was refused.'],
  ])('%j fails at %s, with its mend', async (options, check, words) => {
    const { run, lines } = await examined('doctor --json', options);
    const line = lines.find((each) => each.check === check);
    expect(run.code).toBe(1);
    expect(`${line?.verdict}: ${line?.detail}`).toContain(words);
    expect(line?.mend).toEqual(expect.any(String));
    expect(run.stderr).toContain(`${check}: ${line?.mend}`);
  });

  test.each([
    ['a portal that answers with a page', { status: 200, body: '<html>Sign in to the Wi-Fi</html>' }, 'failed: the answer is not JSON'],
    ['a plan without API access', { status: 403, body: { message: 'Please upgrade your plan.' } }, 'failed: it lets nobody in'],
    ['another server', { status: 404, body: 'nothing here' }, 'failed: there is no API at this host'],
    ['an API that fails', { status: 503, body: '' }, 'failed: it answers 503'],
  ])('%s', async (_, reply, words) => {
    bed.sandbox.faults.always({ path: '/user' }, reply);
    expect((await examined()).by.API).toContain(words);
  });

  test('an answer that breaks off in the middle', async () => {
    bed.sandbox.faults.always({ path: '/user' }, 'cut');
    const { run, by } = await examined();
    expect([run.code, by.connection]).toEqual([1, expect.stringContaining('failed: Cannot reach')]);
  });

  test('files that others can read, and a token in the clear', async () => {
    expect((await bed.dnx('login --with-token --insecure-storage', { stdin: bed.sandbox.token, env: { DNX_TOKEN: undefined } })).code).toBe(
      0,
    );
    chmodSync(join(bed.directory, 'config'), 0o755);
    chmodSync(join(bed.directory, 'config', 'config.json'), 0o644);
    const { by, lines } = await examined('doctor --json', { env: { DNX_TOKEN: undefined } });
    expect(by['settings directory']).toBe('warning: ~/config can be read by others (mode 755)');
    expect(lines.find(({ check }) => check === 'settings')?.mend).toBe('chmod 600 ~/config/config.json');
    expect(by['token file']).toBe('warning: ~/config/tokens.json holds tokens in the clear (mode 600)');
  });

  test('a password in the address of a proxy is not shown', async () => {
    const { run, by } = await examined('doctor --json', { env: { HTTP_PROXY: 'http://me:secret@127.0.0.1:9' } });
    expect(by.proxy).toBe('ok: HTTP_PROXY=http://…@127.0.0.1:9');
    expect(run.stdout + run.stderr).not.toContain('secret');
  });

  test('a long text of the API is redacted at once', async () => {
    bed.sandbox.faults.always({ path: '/user' }, { status: 200, body: { data: { email: `${'a'.repeat(300_000)}@example.com` } } });
    expect((await examined()).by.API).toBe('ok: signed in as a…@example.com');
    bed.sandbox.faults.always({ path: '/user' }, { status: 200, body: { data: { email: 'a.'.repeat(200_000) } } });
    expect((await examined()).run.code).toBe(0);
  });

  test('completion that is installed', async () => {
    const place = join(bed.directory, 'data/bash-completion/completions');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'dnx'), '');
    const { by } = await examined('doctor --json', { env: { SHELL: '/bin/bash', XDG_DATA_HOME: join(bed.directory, 'data') } });
    expect(by.completion).toContain('ok: bash: ~/data');
  });
});
