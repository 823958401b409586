import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD, SEED_TOKEN } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

test('sandbox start exits 2 if the port is in use', async () => {
  const taken = new URL(bed.sandbox.url).port;
  await expect(bed.dnx(`sandbox start --port ${taken}`)).toExit(2, { stdout: '', says: `Port ${taken} is already in use.` });
});

test('sandbox start exits 2 if the port is not valid', async () => {
  await expect(bed.dnx('sandbox start --port 70000')).toExit(2, { stdout: '', says: 'Port 70000 is not a valid port.' });
});

test.each([
  ['{"version"', 'is not valid JSON.'],
  ['{"version":0}', 'is from another version of dnx.'],
])('sandbox start exits 2 for the state %s', async (state, says) => {
  const file = join(bed.directory, 'state.json');
  writeFileSync(file, state);
  await expect(bed.dnx('sandbox start --state state.json')).toExit(2, { stdout: '', says: `${file} ${says}` });
});

test.each([
  ['{', 'shapes.json is not valid JSON.'],
  ['{"version":1,"script":"rm"}', "shapes.json does not contain shapes at 'dnx'."],
  [undefined, 'shapes.json does not exist.'],
])('sandbox start exits 2 for the shapes %s', async (shapes, says) => {
  if (shapes !== undefined) writeFileSync(join(bed.directory, 'shapes.json'), shapes);
  await expect(bed.dnx('sandbox start --shapes shapes.json')).toExit(2, { stdout: '', says });
});

describe('sandbox run', () => {
  test('answers its command in the shapes of a file', async () => {
    const responses: unknown[] = [];
    const child: RunOptions['child'] = async ({ env }) => {
      const response = await fetch(`${env?.DNX_HOST}/api/v1/servers`, { headers: { authorization: `Bearer ${env?.DNX_TOKEN}` } });
      responses.push(await response.json());
      return 0;
    };
    await expect(bed.dnx(['sandbox', 'run', '--shapes', resolve('test/shapes/wild.json'), '--', 'true'], { child })).toExit(0);
    expect(responses).toMatchObject([[{ id: expect.any(Number), status: 'running' }, {}, {}]]);
  });

  const childEnv = async (env: Record<string, string>, flags = '', platform: NodeJS.Platform = 'linux') => {
    await expect(bed.dnx(`sandbox run ${flags} -- true`, { env, platform })).toExit(0);
    return bed.children.at(-1)?.env ?? {};
  };

  test("gives its command the sandbox's host, token, directories and rate limit instead of yours, and this dnx first", async () => {
    const yours = {
      DNX_TOKEN: '1|yours',
      DNX_HOST: 'https://deploynix.io',
      DNX_PROFILE: 'yours',
      DNX_CONFIG_DIR: '/yours',
    };
    const env = await childEnv({
      ...yours,
      DNX_RATE_LIMIT: '7',
      PATH: '/bin',
      HTTP_PROXY: 'http://proxy.example.com:3128',
      NO_PROXY: '.a',
    });
    expect(env).toMatchObject({ DNX_TOKEN: SEED_TOKEN, DNX_HOST: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
    expect(JSON.stringify(env)).not.toContain('yours');
    expect(env.PATH).toMatch(/dnx-sandbox-\w+\/bin:\/bin$/);
    expect([env.NO_PROXY, env.no_proxy, env.DNX_RATE_LIMIT]).toEqual(['.a,127.0.0.1,localhost', '.a,127.0.0.1,localhost', undefined]);
  });

  test('gives it the --rate-limit, and a PATH if there is none', async () => {
    const env = await childEnv({}, '--rate-limit 60/5s');
    expect([env.PATH, env.DNX_RATE_LIMIT]).toEqual([expect.stringMatching(/dnx-sandbox-\w+\/bin$/), '60/5s']);
  });

  test('puts this dnx first on the Path of Windows', async () => {
    const env = await childEnv({ Path: 'C:\\Windows' }, '', 'win32');
    expect(env.PATH).toMatch(/dnx-sandbox-\w+[/\\]bin;C:\\Windows$/);
    expect(env).not.toHaveProperty('Path');
  });
});

describe('sandbox start', () => {
  const started = (env = {}) => bed.dnx('sandbox start', { env, interruptOn: 'Ctrl-C' });

  test('prints instructions to paste, within 80 columns', async () => {
    const run = await started();
    expect(run).toExit(0, { stdout: '' });
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

  test.each([
    [{}, '127.0.0.1,localhost'],
    [{ NO_PROXY: '.example.com' }, '.example.com,127.0.0.1,localhost'],
    [{ no_proxy: '.a', NO_PROXY: '.b' }, '.a,.b,127.0.0.1,localhost'],
    [{ NO_PROXY: 'localhost', no_proxy: 'localhost' }, 'localhost,127.0.0.1'],
  ])('says how to bypass the proxy: %o', async (given, expected) => {
    await expect(started({ HTTP_PROXY: 'http://proxy.example.com:3128', ...given })).toExit(0, {
      says: `\nIn another terminal, bypass your proxy:\n  export NO_PROXY=${expected}\n`,
    });
  });
});

describe('--rate-limit', () => {
  test.each([
    ['--rate-limit 60/5s', '  export DNX_RATE_LIMIT=60/5s\n'],
    ['--rate-limit 5000', '  export DNX_RATE_LIMIT=5000\n'],
    ['--rate-limit 0', '  export DNX_RATE_LIMIT=0\n'],
  ])('of sandbox start is printed as a variable: %s', async (flags, line) => {
    expect((await bed.dnx(`sandbox start ${flags}`, { interruptOn: 'Ctrl-C stops it.' })).stderr).toContain(line);
  });

  test.each(['fast', '60/', '-1'])('rejects %s', async (limit) => {
    const run = await bed.dnx(['sandbox', 'start', `--rate-limit=${limit}`]);
    expect(run).toExit(2, { stdout: '', says: `--rate-limit must be requests per minute, such as 60, or 60/5s, not '${limit}'.` });
  });
});
