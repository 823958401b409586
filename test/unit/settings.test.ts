import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Given, hostOf, readSettings } from '../../src/machine/settings/settings.ts';

let home: string;
let cwd: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dnx-settings-'));
  cwd = join(home, 'project/deep/down');
  mkdirSync(cwd, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

const read = (env: Record<string, string> = {}, given: Given = {}) => readSettings({ env, cwd, home }, given);

function write(file: string, value: unknown): void {
  mkdirSync(join(home, file, '..'), { recursive: true });
  writeFileSync(join(home, file), typeof value === 'string' ? value : JSON.stringify(value));
}

test('option > environment > link file > profile > default', () => {
  expect(read()).toMatchObject({ profile: 'default', host: 'https://deploynix.io', server: undefined, format: 'table' });
  write('.config/dnx/config.json', {
    profiles: { default: { host: 'https://profile.test', server: 'from-profile', site: 'profile.test', output: 'csv' } },
  });
  expect(read()).toMatchObject({ host: 'https://profile.test', server: 'from-profile', format: 'csv' });
  write('project/.deploynix.json', { server: 'from-link', host: 'https://link.test' });
  expect(read()).toMatchObject({ host: 'https://link.test', server: 'from-link', site: 'profile.test' });
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

test('directories follow XDG, and DNX_*_DIR wins', () => {
  expect(read().directories).toEqual({
    config: join(home, '.config/dnx'),
    cache: join(home, '.cache/dnx'),
    state: join(home, '.local/state/dnx'),
  });
  expect(read({ XDG_CONFIG_HOME: '/x', DNX_STATE_DIR: '/s' }).directories).toMatchObject({ config: '/x/dnx', state: '/s' });
});

test('nobody is asked under --json, --no-input, DNX_NO_INPUT and CI', () => {
  expect(read().input).toBe(true);
  expect(read({ CI: 'true' }).input).toBe(false);
  expect(read({ CI: 'false' }).input).toBe(true);
  expect(read({ DNX_NO_INPUT: '1' }).input).toBe(false);
  expect(read({}, { json: true }).input).toBe(false);
  expect(read({}, { output: 'json' })).toMatchObject({ input: false, format: 'json' });
  expect(read({}, { input: false }).input).toBe(false);
});

test('a broken file is named, not ignored', () => {
  write('.config/dnx/config.json', '{ nonsense');
  expect(() => read()).toThrow(
    expect.objectContaining({ code: 'usage', message: expect.stringContaining('config.json is not valid JSON') }),
  );
});

test.each([
  ['{"profiles":null}', 'profiles'],
  ['{"profiles":{"default":null}}', 'profiles.default'],
  ['{"profiles":{"work":"web-1"}}', 'profiles.work'],
  ['{"accounts":[]}', 'accounts'],
  ['{"accounts":{"a@b":5}}', 'accounts.a@b'],
])('a settings file of another shape is named: %s', (content, key) => {
  write('.config/dnx/config.json', content);
  const message = `${key} in ${join(home, '.config/dnx/config.json')} is not an object.`;
  expect(() => read()).toThrow(expect.objectContaining({ code: 'usage', message }));
});

test('the settings file of 0.1.0 is read', () => {
  write('.config/dnx/config.json', {
    profile: 'work',
    profiles: { work: { host: 'https://work.test', server: 'web-1' } },
    accounts: { 'work@https://work.test': { store: 'file', stored_at: '2026-04-01T00:00:00.000Z', user: 'ada@example.com' } },
  });
  expect(read()).toMatchObject({ profile: 'work', host: 'https://work.test', server: 'web-1' });
});

test('an unknown format names those that there are', () => {
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
  ])('%s is %s', (value, origin) => {
    expect(hostOf(value)).toBe(origin);
  });

  test.each(['http://deploynix.io', 'http://127.0.0.1.evil.test', 'ftp://deploynix.io', 'https://user:pass@deploynix.io', 'https://', ''])(
    '%j is refused',
    (value) => {
      expect(() => hostOf(value)).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );
});
