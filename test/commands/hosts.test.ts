import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { signedOut, signIn } from '../support/sign-in.ts';
import { leading } from '../support/volume.ts';

const bed = perTest(openBed);

const config = () => join(bed.directory, 'config');
const login = (line?: string, options?: RunOptions) => signIn(bed, line, options);

describe('a link file', () => {
  /** Writes a link file that names a new server, and returns the server. */
  async function linked(content: (url: string) => object) {
    const elsewhere = await openElsewhere((_, response) =>
      response.writeHead(200).end('{"data":{"email":"eve@example.com"},"token":"1|x"}'),
    );
    onTestFinished(() => elsewhere.close());
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify(content(elsewhere.url)));
    return elsewhere;
  }
  const lines = leading(
    ['whoami', 'token rotate 1 --yes', 'deploy 5', 'auth status', 'server list', 'token list', 'api GET /user', 'logout'],
    3,
  );
  const password = { keys: `ada@example.com\r${SEED_PASSWORD}\r\r\r`, columns: 100 };

  describe('that names a host', () => {
    test('fails a check of dnx doctor, which sends nothing', async () => {
      const { requests, url } = await linked((host) => ({ host }));
      const run = await bed.dnx('doctor --json', { env: { DNX_HOST: undefined } });
      expect([run.code, run.calls, requests]).toEqual([1, [], []]);
      expect(run.stdout).toContain(`names the host ${url}, but a link file cannot choose the host. Nothing was sent.`);
    });

    test.each(lines)('receives nothing from dnx %s', async (line) => {
      const { requests, url } = await linked((host) => ({ host }));
      const run = await bed.dnx(line, { env: { DNX_HOST: undefined } });
      expect([run.code, run.stdout, run.calls, requests]).toEqual([2, '', [], []]);
      expect(run.stderr).toContain(`names the host ${url}, but a link file cannot choose the host. Nothing was sent.`);
      expect(run.stderr).toContain(`DNX_HOST=${url}`);
    });

    test.each(['login', 'login --with-token', 'login --insecure-storage'])(
      'receives no email, password or token from dnx %s',
      async (line) => {
        const { requests, url } = await linked((host) => ({ host }));
        const run = await login(line, { env: { DNX_HOST: undefined }, ...(line.includes('token') ? {} : password) });
        expect([run.code, run.stdout, requests]).toEqual([2, '', []]);
        expect(run.stderr).toContain(`--host ${url} or DNX_HOST=${url}`);
        expect(run.stderr).not.toContain('Email');
      },
    );

    test('is used if --host, DNX_HOST or a profile names it too', async () => {
      writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ host: bed.sandbox.url }));
      await expect(login('login --with-token --profile work')).toExit(0);
      const free = { DNX_TOKEN: undefined, DNX_HOST: undefined };
      await expect(bed.dnx('whoami', { env: free })).toExit(2, { calls: [], says: '--profile work' });
      await expect(bed.dnx('whoami --profile work', { env: free })).toExit(0);
      await expect(bed.dnx(`whoami --host ${bed.sandbox.url}`, { env: { DNX_HOST: undefined } })).toExit(0);
      await expect(bed.dnx('whoami')).toExit(0);
    });

    test('is ignored if another host is given', async () => {
      const { requests } = await linked((host) => ({ host }));
      const run = await bed.dnx('whoami');
      expect([run.code, run.stderr, requests]).toEqual([0, '', []]);
    });
  });

  describe('that names a profile', () => {
    test.each(lines)('sends DNX_TOKEN nowhere: dnx %s', async (line) => {
      const { requests, url } = await linked(() => ({ profile: 'other' }));
      await expect(bed.dnx(`config set host ${url} --profile other`)).toExit(0);
      const run = await bed.dnx(line, { env: { DNX_HOST: undefined } });
      expect([run.code, run.stdout, run.calls, requests]).toEqual([2, '', [], []]);
      expect(run.stderr).toContain(`names the profile other of ${url}`);
      expect(run.stderr).toContain('--profile other');
    });

    test.each([...lines, 'login --with-token'])('does not choose the stored token: dnx %s', async (line) => {
      await expect(login('login --with-token --profile other')).toExit(0);
      writeFileSync(join(bed.directory, '.deploynix.json'), '{"profile":"other"}');
      const run = await bed.dnx(line, { ...signedOut, stdin: bed.sandbox.token });
      expect(run).toExit(2, { stdout: '', calls: [], says: 'a link file cannot choose whose token is used' });
      await expect(bed.dnx('whoami --profile other', signedOut)).toExit(0);
    });

    test("does not prevent DNX_TOKEN from being sent to the user's host", async () => {
      writeFileSync(join(bed.directory, '.deploynix.json'), '{"profile":"ci"}');
      await expect(bed.dnx('whoami')).toExit(0);
    });
  });

  test('that is broken, like broken settings, stops no command that does not need it', async () => {
    mkdirSync(config());
    writeFileSync(join(config(), 'config.json'), '{"profiles":{"default":null}}');
    writeFileSync(join(bed.directory, '.deploynix.json'), '{');
    for (const line of ['completion bash', 'config list', 'whoami', 'server show web-1']) {
      const run = await bed.dnx(line);
      expect([line, run.code]).toEqual([line, 0]);
      expect(run.stderr.split('\n').filter((each) => each.startsWith('! '))).toEqual([
        `! profiles.default in ${join(config(), 'config.json')} must be an object. Fix or remove it.`,
        `! ${join(bed.directory, '.deploynix.json')} is not valid JSON. Fix or remove it.`,
      ]);
    }
    for (const env of [{ DNX_HOST: undefined }, { DNX_TOKEN: undefined }])
      expect(await bed.dnx('whoami', { env })).toMatchObject({ code: env && 'DNX_HOST' in env ? 2 : 4, calls: [] });
    await expect(login()).toExit(2, { calls: [] });
  });
});

describe('settings inside the project', () => {
  const project = () => join(bed.directory, 'project');
  const env = () => ({ DNX_HOST: undefined, DNX_CONFIG_DIR: join(project(), '.config/dnx') });

  /** Settings that name a new server, and the server. */
  async function settingsInProject() {
    const elsewhere = await openElsewhere((_, response) => response.writeHead(200).end('{"data":[]}'));
    onTestFinished(() => elsewhere.close());
    mkdirSync(join(project(), '.config/dnx'), { recursive: true });
    for (const name of ['.git', 'deep/down']) mkdirSync(join(project(), name), { recursive: true });
    writeFileSync(join(env().DNX_CONFIG_DIR, 'config.json'), JSON.stringify({ profiles: { default: { host: elsewhere.url } } }));
    return elsewhere;
  }

  test.each(['.', 'deep/down'])('do not choose who gets DNX_TOKEN, in %s of it', async (cwd) => {
    const { requests, url } = await settingsInProject();
    for (const line of ['whoami', 'server list', 'deploy 5', 'api GET /user']) {
      const run = await bed.dnx(line, { cwd: join(project(), cwd), env: env() });
      expect([line, run.code, run.stdout, requests.length]).toEqual([line, 2, '', 0]);
      expect(run.stderr).toContain(
        `DNX_TOKEN is not sent to ${url}, because only ${join(env().DNX_CONFIG_DIR, 'config.json')} names it, which is inside the project. Nothing was sent.\n`,
      );
      expect(run.stderr).toContain(`--host ${url} or DNX_HOST=${url}`);
    }
  });

  test('are used if --host or DNX_HOST names the host too, and without DNX_TOKEN', async () => {
    const { requests, url } = await settingsInProject();
    await expect(bed.dnx(`server list --host ${url}`, { cwd: project(), env: env() })).toExit(0);
    await expect(bed.dnx('server list', { cwd: project(), env: { ...env(), DNX_HOST: url } })).toExit(0);
    expect(requests).not.toEqual([]);
    await expect(bed.dnx('server list', { cwd: project(), env: { ...env(), DNX_TOKEN: undefined } })).toExit(4);
  });

  test.each(['.', 'project'])('may be those of the home directory, in ~/%s', async (cwd) => {
    mkdirSync(join(bed.directory, '.config/dnx'), { recursive: true });
    mkdirSync(project());
    const settings = JSON.stringify({ profiles: { default: { host: bed.sandbox.url } } });
    writeFileSync(join(bed.directory, '.config/dnx/config.json'), settings);
    const run = await bed.dnx('whoami', { cwd: join(bed.directory, cwd), env: { DNX_HOST: undefined, DNX_CONFIG_DIR: undefined } });
    expect(run).toExit(0, { stderr: '' });
  });
});

describe('the host of a sign-in', () => {
  const free = { DNX_TOKEN: undefined, DNX_HOST: undefined };
  const host = () => new URL(bed.sandbox.url).host;

  test('is saved in the default profile, so that later commands need no --host', async () => {
    const run = await login(`login --with-token --host ${bed.sandbox.url}`, { env: { DNX_HOST: undefined } });
    expect(run).toExit(0, { stderr: 'Next: dnx site list\nLink a project with: dnx link\n' });
    await expect(bed.dnx('whoami', { env: free })).toExit(0);
    expect((await bed.dnx('config get host', { env: free })).stdout).toBe(`${bed.sandbox.url}\n`);
  });

  test('is saved in a named profile, which the suggested command names', async () => {
    const run = await login(`login --with-token --host ${bed.sandbox.url} --profile work`, { env: { DNX_HOST: undefined } });
    expect(run).toExit(0, { stderr: 'Next: dnx site list --profile work\nLink a project with: dnx link --profile work\n' });
    await expect(bed.dnx('whoami --profile work', { env: free })).toExit(0);
  });

  test('replaces the saved host, and says so', async () => {
    await expect(bed.dnx('config set host deploynix.example.com')).toExit(0);
    expect((await login()).stderr).toContain(`Profile default now uses ${host()} instead of deploynix.example.com.\n`);
    expect((await login()).stderr).not.toContain('now uses');
    await expect(bed.dnx('whoami', { env: free })).toExit(0);
  });

  test('replaces the default host of an older sign-in, and says so', async () => {
    mkdirSync(config());
    const accounts = { 'default@https://deploynix.io': { store: 'keychain', stored_at: '2026-04-01T00:00:00.000Z' } };
    writeFileSync(join(config(), 'config.json'), JSON.stringify({ accounts }));
    expect((await login()).stderr).toContain(`Profile default now uses ${host()} instead of deploynix.io.\n`);
  });

  test('suggests a deployment if a site is linked', async () => {
    writeFileSync(join(bed.directory, '.deploynix.json'), '{"site":"shop.example.com"}');
    expect((await login()).stderr).toBe('Next: dnx site list\nDeploy with: dnx deploy\n');
  });
});

describe('an unknown key of a link file', () => {
  test.each([
    ['servr', "! 'servr' in .deploynix.json is not a setting. Did you mean 'server'?\n"],
    ['comment', "! 'comment' in .deploynix.json is not a setting.\n"],
    ['$schema', ''],
  ])('%s is reported once and does not stop the command', async (key, warning) => {
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ [key]: 'web-1' }));
    await expect(bed.dnx('server show web-1 --quiet')).toExit(0, { stderr: warning });
  });
});

test.each([
  'http://',
  'https://',
  'foo bar',
  '.',
  '...',
  'a..b',
  '-rf',
  '"deploynix.io"',
  'deploynix,io',
  'http:/far.example',
  'ftp://x',
  'http://far.example',
  'a@b',
])('the question for the host does not take %s', async (typed) => {
  const run = await login('login', { env: { DNX_HOST: undefined }, keys: `${typed}\r\u0003`, columns: 100 });
  expect(run).toExit(130, { calls: [], stderr: expect.stringMatching(/is not a host|A host cannot contain|Refusing to send/) });
  expect(run.stderr).not.toContain('Email');
  await expect(bed.dnx(['config', 'set', 'host', '--', typed])).toExit(2);
});
