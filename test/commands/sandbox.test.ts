import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD, SEED_TOKEN } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

test('sandbox start exits 2 if the port is in use', async () => {
  const taken = new URL(bed.sandbox.url).port;
  const run = await bed.dnx(`sandbox start --port ${taken}`);
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain(`Port ${taken} is already in use.`);
});

test('sandbox start exits 2 if the port is not valid', async () => {
  const run = await bed.dnx('sandbox start --port 70000');
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain('Port 70000 is not a valid port.');
});

describe('sandbox run', () => {
  const childEnv = async (env: Record<string, string>, platform: NodeJS.Platform = 'linux') => {
    expect((await bed.dnx('sandbox run -- true', { env, platform })).code).toBe(0);
    return bed.children.at(-1)?.env ?? {};
  };

  test("gives its command the sandbox's host, token and directories instead of yours", async () => {
    const yours = { DNX_TOKEN: '1|yours', DNX_HOST: 'https://deploynix.io', DNX_PROFILE: 'yours', DNX_CONFIG_DIR: '/yours' };
    const env = await childEnv(yours);
    expect(env).toMatchObject({ DNX_TOKEN: SEED_TOKEN, DNX_HOST: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
    expect(JSON.stringify(env)).not.toContain('yours');
  });

  test('puts this dnx first on the PATH', async () => {
    expect((await childEnv({ PATH: '/bin' })).PATH).toMatch(/dnx-sandbox-\w+\/bin:\/bin$/);
    expect((await childEnv({})).PATH).toMatch(/dnx-sandbox-\w+\/bin$/);
  });

  test('puts this dnx first on the Path of Windows', async () => {
    const env = await childEnv({ Path: 'C:\\Windows' }, 'win32');
    expect(env.PATH).toMatch(/dnx-sandbox-\w+[/\\]bin;C:\\Windows$/);
    expect(env).not.toHaveProperty('Path');
  });

  test.each([
    [{}, '127.0.0.1,localhost'],
    [{ NO_PROXY: '.example.com' }, '.example.com,127.0.0.1,localhost'],
    [{ no_proxy: '.a', NO_PROXY: '.b' }, '.a,.b,127.0.0.1,localhost'],
    [{ NO_PROXY: 'localhost', no_proxy: 'localhost' }, 'localhost,127.0.0.1'],
  ])('bypasses the proxy for the sandbox: %o', async (given, expected) => {
    const { NO_PROXY, no_proxy } = await childEnv({ HTTP_PROXY: 'http://proxy.example.com:3128', ...given });
    expect([NO_PROXY, no_proxy]).toEqual([expected, expected]);
  });
});

describe('sandbox start', () => {
  const started = (env = {}) => bed.dnx('sandbox start', { env, interruptOn: 'Ctrl-C' });

  test('prints instructions to paste, within 80 columns', async () => {
    const run = await started();
    expect([run.code, run.stdout]).toEqual([0, '']);
    expect(run.stderr.replaceAll(/:\d+$/gm, ':PORT')).toBe(`Running a local Deploynix API with sample data, for testing.
  URL       http://127.0.0.1:PORT
  Email     ${SEED_EMAIL}
  Password  ${SEED_PASSWORD}

In another terminal, sign in with a profile of its own:
  export DNX_PROFILE=sandbox
  dnx login --host http://127.0.0.1:PORT

Or use a token instead:
  export DNX_HOST=http://127.0.0.1:PORT
  export DNX_TOKEN='${SEED_TOKEN}'

Ctrl-C stops it.
`);
    expect(Math.max(...run.stderr.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test('says how to bypass the proxy', async () => {
    const run = await started({ HTTP_PROXY: 'http://proxy.example.com:3128', NO_PROXY: '.a' });
    expect([run.code, run.stderr]).toEqual([
      0,
      expect.stringContaining('\nIn another terminal, bypass your proxy:\n  export NO_PROXY=.a,127.0.0.1,localhost\n'),
    ]);
  });
});

describe('--rate-limit', () => {
  test.each([
    ['0', '0'],
    ['60/5s', '60/5s'],
    ['5000', '5000'],
    [undefined, undefined],
  ])('of sandbox run is that of dnx, too: %s', async (limit, variable) => {
    const flags = limit === undefined ? '' : `--rate-limit ${limit}`;
    const run = await bed.dnx(`sandbox run ${flags} -- true`, { env: { DNX_RATE_LIMIT: '7' } });
    expect([run.code, bed.children.at(-1)?.env.DNX_RATE_LIMIT]).toEqual([0, variable]);
  });

  test.each([
    ['--rate-limit 60/5s', '  export DNX_RATE_LIMIT=60/5s\n'],
    ['--rate-limit 0', '  export DNX_RATE_LIMIT=0\n'],
  ])('of sandbox start is printed as a variable: %s', async (flags, line) => {
    const run = await bed.dnx(`sandbox start ${flags}`, { interruptOn: 'Ctrl-C stops it.' });
    expect(run.stderr).toContain(line);
  });

  test.each(['fast', '60/', '-1'])('rejects %s', async (limit) => {
    const run = await bed.dnx(['sandbox', 'start', `--rate-limit=${limit}`]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(`--rate-limit must be requests per minute, such as 60, or 60/5s, not '${limit}'.`);
  });
});
