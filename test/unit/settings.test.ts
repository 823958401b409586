import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostOf } from '../../src/machine/settings/host.ts';
import { type GivenGlobals, readSettings } from '../../src/machine/settings/settings.ts';

let home: string;
let cwd: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dnx-settings-'));
  cwd = join(home, 'project/deep/down');
  mkdirSync(cwd, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

const read = (env: Record<string, string> = {}, given: GivenGlobals = {}) => readSettings({ env, cwd, home, platform: 'linux' }, given);

function write(file: string, value: unknown): void {
  mkdirSync(join(home, file, '..'), { recursive: true });
  writeFileSync(join(home, file), typeof value === 'string' ? value : JSON.stringify(value));
}

test('the precedence is option, environment, link file, profile, default', () => {
  expect(read()).toMatchObject({ profile: 'default', host: 'https://deploynix.io', server: undefined, format: 'table' });
  write('.config/dnx/config.json', {
    profiles: { default: { host: 'https://profile.test', server: 'from-profile', site: 'profile.test', output: 'csv' } },
  });
  expect(read()).toMatchObject({ host: 'https://profile.test', server: 'from-profile', format: 'csv' });
  write('project/.deploynix.json', { server: 'from-link', host: 'https://link.test' });
  expect(read()).toMatchObject({ host: 'https://profile.test', server: 'from-link', site: 'profile.test' });
  expect(read({ DNX_SERVER: 'from-env', DNX_HOST: 'https://env.test', DNX_OUTPUT: 'yaml' })).toMatchObject({
    host: 'https://env.test',
    server: 'from-env',
    format: 'yaml',
  });
  expect(read({ DNX_HOST: 'https://env.test', DNX_OUTPUT: 'yaml' }, { host: 'https://option.test', output: 'tsv' })).toMatchObject({
    host: 'https://option.test',
    format: 'tsv',
  });
});

test('directories follow XDG unless DNX_*_DIR is set', () => {
  expect(read().directories).toEqual({
    config: join(home, '.config/dnx'),
    cache: join(home, '.cache/dnx'),
    state: join(home, '.local/state/dnx'),
  });
  expect(read({ XDG_CONFIG_HOME: '/x', DNX_STATE_DIR: '/s' }).directories).toMatchObject({ config: '/x/dnx', state: '/s' });
});

test('prompts are off with --json, --no-input, DNX_NO_INPUT and CI', () => {
  expect(read().input).toBe(true);
  expect(read({ CI: 'true' }).input).toBe(false);
  expect(read({ CI: 'false' }).input).toBe(true);
  expect(read({ DNX_NO_INPUT: '1' }).input).toBe(false);
  expect(read({}, { json: true }).input).toBe(false);
  expect(read({}, { output: 'json' })).toMatchObject({ input: false, format: 'json' });
  expect(read({}, { input: false }).input).toBe(false);
});

describe('the host and the token', () => {
  const config = {
    profiles: { default: { host: 'https://own.test' }, work: { host: 'https://work.test' }, twin: { host: 'https://own.test' } },
  };
  const own = 'https://own.test';

  test.each<
    [string, link: object, env: Record<string, string>, given: GivenGlobals, host: string, requests: string | null, stored: string | null]
  >([
    ['no link file', {}, {}, {}, own, null, null],
    ["the profile's host", { host: own }, {}, {}, own, null, null],
    ['the same host in another spelling', { host: 'own.test/' }, {}, {}, own, null, null],
    ['another host', { host: 'https://link.test' }, {}, {}, own, 'the host https://link.test', null],
    ['the default host, unlike the profile', { host: 'https://deploynix.io' }, {}, {}, own, 'https://deploynix.io', null],
    ['an invalid host', { host: 'ftp://link.test' }, {}, {}, own, 'ftp://link.test', null],
    ['a host, and --host names another', { host: 'https://link.test' }, {}, { host: 'https://o.test' }, 'https://o.test', null, null],
    ['a host, and DNX_HOST names it too', { host: 'https://l.test' }, { DNX_HOST: 'https://l.test' }, {}, 'https://l.test', null, null],
    ['the host of another profile', { host: 'https://work.test' }, {}, {}, own, '--profile work', null],
    ['a host, and --profile has it', { host: 'https://work.test' }, {}, { profile: 'work' }, 'https://work.test', null, null],
    ['a host, and DNX_PROFILE has another', { host: own }, { DNX_PROFILE: 'work' }, {}, 'https://work.test', own, null],
    ['the profile in use', { profile: 'default' }, {}, {}, own, null, null],
    ['a profile of another host', { profile: 'work' }, {}, {}, own, 'the profile work of https://work.test', 'the profile work'],
    ['a profile of the same host', { profile: 'twin' }, {}, {}, own, null, 'the profile twin'],
    ['a profile that does not exist', { profile: 'nobody' }, {}, {}, own, 'the profile nobody of https://deploynix.io', 'nobody'],
    ['a profile and its host', { profile: 'work', host: 'https://work.test' }, {}, {}, own, '--profile work', 'the profile work'],
    ['a profile, and --profile names it too', { profile: 'work' }, {}, { profile: 'work' }, 'https://work.test', null, null],
    ['a profile, and DNX_PROFILE names another', { profile: 'work' }, { DNX_PROFILE: 'default' }, {}, own, null, null],
    ['a profile, and --host', { profile: 'work' }, {}, { host: 'https://o.test' }, 'https://o.test', null, 'the profile work'],
  ])('are safe if the link file names %s', (_, link, env, given, host, requests, stored) => {
    write('.config/dnx/config.json', config);
    write('project/.deploynix.json', link);
    const { blocked, ...settings } = read(env, given);
    const said = (error?: { message: string; hint: string | undefined }) => error && `${error.message} ${error.hint}`;
    expect(settings.host).toBe(host);
    expect(said(blocked.requests) ?? null).toEqual(requests === null ? null : expect.stringContaining(requests));
    expect(said(blocked.storedToken) ?? null).toEqual(stored === null ? null : expect.stringContaining(stored));
  });

  test('do not depend on the link file', () => {
    const hosts = [undefined, 'https://link.test', own, 'https://work.test', 'nonsense://', ''];
    const profiles = [undefined, 'default', 'work', 'nobody', ''];
    const choices: readonly [Record<string, string>, GivenGlobals][] = [
      [{}, {}],
      [{ DNX_HOST: 'https://env.test' }, {}],
      [{ DNX_PROFILE: 'work' }, {}],
      [{}, { host: 'https://option.test' }],
      [{}, { profile: 'twin' }],
      [{ DNX_HOST: 'https://env.test' }, { profile: 'work' }],
    ];
    let compared = 0;
    for (const settings of [{}, config, { ...config, profile: 'work' }])
      for (const [env, given] of choices) {
        write('.config/dnx/config.json', settings);
        write('project/.deploynix.json', {});
        const { host } = read(env, given);
        for (const linked of hosts)
          for (const profile of profiles) {
            write('project/.deploynix.json', { host: linked, profile });
            expect(read(env, given).host).toBe(host);
            compared++;
          }
      }
    expect(compared).toBe(540);
  });
});

describe('broken files', () => {
  const file = () => join(home, '.config/dnx/config.json');

  test.each([
    ['{ nonsense', 'is not valid JSON.'],
    ['[]', 'does not contain a JSON object.'],
    ['{"profiles":null}', 'profiles'],
    ['{"profiles":{"default":null}}', 'profiles.default'],
    ['{"profiles":{"work":"web-1"}}', 'profiles.work'],
    ['{"accounts":[]}', 'accounts'],
    ['{"accounts":{"a@b":5}}', 'accounts.a@b'],
  ])('are reported if settings have an unexpected shape: %s', (content, key) => {
    write('.config/dnx/config.json', content);
    const message = key.endsWith('.') ? `${file()} ${key}` : `${key} in ${file()} must be an object.`;
    expect(read().problems).toEqual([expect.objectContaining({ code: 'usage', message })]);
  });

  test.each(['{ nonsense', '{"profiles":null}', '{"profiles":{"default":{"host":["x"]}}}', '{"profile":{}}'])(
    'block requests if the settings may name the host, unless it is given: %s',
    (content) => {
      write('.config/dnx/config.json', content);
      const message = `The host is unknown because ${file()} is broken. Nothing was sent.`;
      expect(read().blocked.requests).toMatchObject({ code: 'usage', message });
      expect(read({ DNX_HOST: 'https://env.test' }).blocked.requests).toBeUndefined();
      expect(read({}, { host: 'https://option.test' }).blocked.requests).toBeUndefined();
    },
  );

  test('do not fall back from the link file to the profile', () => {
    write('.config/dnx/config.json', { profiles: { default: { server: 'from-profile', site: 'profile.test' } } });
    write('project/.deploynix.json', '{"server":"from-link","site":["a.test"]}');
    expect(read()).toMatchObject({ server: 'from-link', site: undefined });
    expect(read({ DNX_SITE: 'env.test' })).toMatchObject({ site: 'env.test' });
    expect(read().problems).toMatchObject([{ message: `site in ${join(home, 'project/.deploynix.json')} must be a string.` }]);
  });

  test('do not include numeric ids or a profile named constructor', () => {
    write('.config/dnx/config.json', { profiles: { default: { server: 12 } } });
    expect(read()).toMatchObject({ server: '12', problems: [] });
    expect(read({}, { profile: 'constructor' })).toMatchObject({ server: undefined, host: 'https://deploynix.io', problems: [] });
  });
});

test('an unknown format lists the known ones', () => {
  expect(() => read({}, { output: 'xml' })).toThrow(expect.objectContaining({ code: 'usage', hint: expect.stringContaining('ndjson') }));
});

describe('a host', () => {
  test.each([
    ['https://deploynix.io', 'https://deploynix.io'],
    ['deploynix.io', 'https://deploynix.io'],
    ['https://deploynix.io/api/v1/', 'https://deploynix.io'],
    ['http://127.0.0.1:8787', 'http://127.0.0.1:8787'],
    ['http://localhost:80/', 'http://localhost'],
    ['http://[::1]:9', 'http://[::1]:9'],
  ])('%s becomes %s', (value, origin) => {
    expect(hostOf(value)).toBe(origin);
  });

  test.each(['http://deploynix.io', 'http://127.0.0.1.evil.test', 'ftp://deploynix.io', 'https://user:pass@deploynix.io', 'https://', ''])(
    '%j is a usage error',
    (value) => {
      expect(() => hostOf(value)).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );
});
