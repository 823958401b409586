import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

test('a port that another program has is a usage error, not a bug', async () => {
  const taken = new URL(bed.sandbox.url).port;
  const run = await bed.dnx(`sandbox start --port ${taken}`);
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain(`Port ${taken} is taken by another program.`);
});

test('a number that is no port is refused', async () => {
  const run = await bed.dnx('sandbox start --port 70000');
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain('Port 70000 is not a port.');
});

describe('sandbox run', () => {
  const childEnv = async (env: Record<string, string>, platform: NodeJS.Platform = 'linux') => {
    expect((await bed.dnx('sandbox run -- true', { env, platform })).code).toBe(0);
    return bed.children.at(-1)?.env ?? {};
  };

  test('puts this dnx first on the PATH', async () => {
    expect((await childEnv({ PATH: '/bin' })).PATH).toMatch(/dnx-sandbox-\w+:\/bin$/);
    expect((await childEnv({})).PATH).toMatch(/dnx-sandbox-\w+$/);
  });

  test('puts it first on the Path of Windows, whatever its case', async () => {
    const env = await childEnv({ Path: 'C:\\Windows' }, 'win32');
    expect(env.Path).toMatch(/dnx-sandbox-\w+;C:\\Windows$/);
    expect(env).not.toHaveProperty('PATH');
  });

  test.each([
    [{}, '127.0.0.1,localhost'],
    [{ NO_PROXY: '.example.com' }, '.example.com,127.0.0.1,localhost'],
    [{ no_proxy: '.a', NO_PROXY: '.b' }, '.a,.b,127.0.0.1,localhost'],
    [{ NO_PROXY: 'localhost', no_proxy: 'localhost' }, 'localhost,127.0.0.1'],
  ])('keeps the sandbox off every proxy: %o', async (given, expected) => {
    const { NO_PROXY, no_proxy } = await childEnv({ HTTP_PROXY: 'http://proxy.example.com:3128', ...given });
    expect([NO_PROXY, no_proxy]).toEqual([expected, expected]);
  });
});

test('sandbox start says how to keep it off a proxy', async () => {
  const run = await bed.dnx('sandbox start', {
    env: { HTTP_PROXY: 'http://proxy.example.com:3128', NO_PROXY: '.a' },
    interruptOn: 'dnx login',
  });
  expect([run.code, run.stderr]).toEqual([0, expect.stringMatching(/ DNX_TOKEN='\S+' NO_PROXY='\.a,127\.0\.0\.1,localhost'\n/)]);
});
