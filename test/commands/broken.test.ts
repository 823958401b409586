import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { deep, sampled } from '../support/volume.ts';

const bed = perTest(openBed);
beforeEach(() => mkdirSync(join(bed.directory, 'config')));

const config = () => join(bed.directory, 'config/config.json');
const link = () => join(bed.directory, '.deploynix.json');
const times = (text: string, words: string) => text.split(words).length - 1;

/** Ways to break a file, and the message for each. */
const broken = [
  ['the settings', "are '{'", config, '{', 'config.json is not valid JSON.'],
  ['the settings', 'are a list', config, '[]', 'config.json does not contain a JSON object.'],
  ['the settings', 'have a null profile', config, '{"profiles":{"default":null}}', 'profiles.default in '],
  ['the settings', 'have an unknown output format', config, '{"profiles":{"default":{"output":"pdf"}}}', "'pdf' is not an output format."],
  ['the settings', 'have a host without TLS', config, '{"profiles":{"default":{"host":"http://far.example"}}}', ''],
  ['the link file', 'has merge conflicts', link, '<<<<<<< HEAD', '.deploynix.json is not valid JSON.'],
  ['the link file', 'is null', link, 'null', '.deploynix.json does not contain a JSON object.'],
  ['the link file', 'has a list as site', link, '{"site":["a"]}', 'site in '],
] as const;

/** Without DNX_HOST, which overrides both files. */
const env = { DNX_HOST: undefined };

describe.each(broken.map((each, row) => [...each, row] as const))('%s that %s', (_, __, file, text, words, row) => {
  beforeEach(() => writeFileSync(file(), text));

  const independent = [
    'completion bash',
    'config list',
    'config get profile',
    'token abilities',
    'token abilities --for "deploy --wait"',
    'server list --help',
    'help config',
    '--version',
  ];
  // It opens a sandbox, with servers and a repository.
  const slow = deep || row === 0 ? ['sandbox run -- true'] : [];
  test.each([...sampled(independent, 3, row), ...slow])('does not stop %s', async (line) => {
    const run = await bed.dnx(line, { env });
    expect(run).toExit(0, { calls: [] });
    const silent = /help|version/.test(line) || words === '';
    expect(times(run.stderr, words || 'far.example')).toBe(silent ? 0 : 1);
  });

  test('is reported by doctor, which runs its other checks', async () => {
    const run = await bed.dnx('doctor --fields check,detail', { env: file === config ? env : {} });
    expect(run).toExit(1, { stdout: expect.stringMatching(/^abilities /m) });
    expect(run.stdout).toContain(words || 'Refusing to send the token unencrypted');
  });
});

describe('a broken settings file', () => {
  beforeEach(() => writeFileSync(config(), '{'));

  test('does not stop a command whose host comes from the environment', async () => {
    const run = await bed.dnx('server list -o ids');
    expect(run).toExit(0, { stdout: expect.stringContaining(seeded.servers['web-1']) });
    expect(times(run.stderr, 'is not valid JSON')).toBe(1);
  });

  test.each(['server list', 'whoami', 'login --with-token', 'deploy shop.example.com'])(
    'stops %s, because it may name the host',
    async (line) => {
      await expect(bed.dnx(line, { env, stdin: bed.sandbox.token })).toExit(2, { stdout: '', calls: [], says: 'The host is unknown' });
    },
  );

  test.each([
    ['site show', 'site'],
    ['deploy', 'site'],
    ['site watch', 'site'],
    ['daemon list', 'server'],
  ])('stops %s, because it may name the %s', async (line, name) => {
    const run = await bed.dnx(line);
    expect(run).toExit(2, { stdout: '', calls: [] });
    expect(run.stderr).toContain(`Error: The ${name} is unknown because ${config()} is broken.\n  Fix or remove it, or use --${name}.\n`);
  });

  test('is repaired by config set, which keeps a copy', async () => {
    const run = await bed.dnx('config set server web-1');
    expect(run).toExit(0);
    expect(run.stderr).toContain(
      `Repaired the settings and dropped what could not be read. The broken file was kept as ${config()}.broken.`,
    );
    expect(readFileSync(`${config()}.broken`, 'utf8')).toBe('{');
    await expect(bed.dnx('config get server')).toExit(0, { stdout: 'web-1\n', stderr: '' });
  });

  test('does not overwrite the copy of an earlier one', async () => {
    await expect(bed.dnx('config set server web-1')).toExit(0);
    writeFileSync(config(), '[');
    expect((await bed.dnx('config set server web-2')).stderr).toContain(`${config()}.broken-2.`);
    expect([readFileSync(`${config()}.broken`, 'utf8'), readFileSync(`${config()}.broken-2`, 'utf8')]).toEqual(['{', '[']);
  });

  test('keeps keys that this version of dnx does not know', async () => {
    const other = { color: 'x', profiles: { default: { color: 'y' } } };
    writeFileSync(config(), JSON.stringify(other));
    await expect(bed.dnx('config set server web-1')).toExit(0, { stderr: '' });
    expect(JSON.parse(readFileSync(config(), 'utf8'))).toEqual({ color: 'x', profiles: { default: { color: 'y', server: 'web-1' } } });
  });

  test('keeps its usable settings when it is repaired', async () => {
    writeFileSync(config(), JSON.stringify({ profile: 'work', profiles: { work: { site: 'a.test' }, old: null }, accounts: 7 }));
    await expect(bed.dnx('config set server web-1')).toExit(0);
    expect(JSON.parse(readFileSync(config(), 'utf8'))).toEqual({
      profile: 'work',
      profiles: { work: { site: 'a.test', server: 'web-1' } },
      accounts: {},
      directories: {},
    });
  });

  test('is not changed by a command that only reads it', async () => {
    await expect(bed.dnx('config list')).toExit(0);
    expect([readFileSync(config(), 'utf8'), existsSync(`${config()}.broken`)]).toEqual(['{', false]);
  });
});

describe('a broken link file', () => {
  beforeEach(() => writeFileSync(link(), '{'));

  test('does not stop a command whose site is given', async () => {
    const run = await bed.dnx('site show shop.example.com -o ids');
    expect(run).toExit(0, { stdout: `${seeded.sites['shop.example.com']}\n` });
    expect(times(run.stderr, 'is not valid JSON')).toBe(1);
  });

  test.each(['deploy', 'site watch', 'env list', 'certificate list', 'backup create'])(
    'stops %s, because it may name the site',
    async (line) => {
      await expect(bed.dnx('deploy blog.example.com --no-wait')).toExit(0);
      const run = await bed.dnx(line, { env: { DNX_SERVER: 'web-1' } });
      expect(run).toExit(2, { stdout: '', calls: [], says: `The site is unknown because ${link()} is broken.` });
    },
  );

  test('stops a command even if the profile names a site, because the link file would override it', async () => {
    await expect(bed.dnx('config set site blog.example.com')).toExit(0);
    await expect(bed.dnx('deploy')).toExit(2, { stdout: '', calls: [] });
  });
});

describe('another broken file', () => {
  test('is reported by doctor if it is the token file', async () => {
    const path = 'config/tokens.json';
    const signIn = { env: { DNX_TOKEN: undefined }, stdin: bed.sandbox.token };
    await expect(bed.dnx('login --with-token --insecure-storage', signIn)).toExit(0);
    writeFileSync(join(bed.directory, path), '{');
    const run = await bed.dnx('doctor --json', { env: { DNX_TOKEN: undefined } });
    const token = (JSON.parse(run.stdout) as { check: string; verdict: string; detail: string }[]).find(({ check }) => check === 'token');
    expect([run.code, `${token?.verdict}: ${token?.detail}`]).toEqual([1, `failed: ~/${path} is not valid JSON.`]);
    await expect(bed.dnx('server list -o ids')).toExit(0);
  });

  test('does not stop a deployment if it is the names file or a run file', async () => {
    for (const text of sampled(['{', 'null', '[]', '7', '"x"', '{"__proto__":{"a":1}}', '{"a":{"b":{"site":7}}}'], 2, 3)) {
      mkdirSync(join(bed.directory, 'state/runs'), { recursive: true });
      mkdirSync(join(bed.directory, 'cache'), { recursive: true });
      writeFileSync(join(bed.directory, 'state/runs/20260416T120000000Z-x.json'), text);
      writeFileSync(join(bed.directory, 'cache/names.json'), text);
      const run = await bed.dnx('deploy shop.example.com --no-wait');
      expect([run.code, text]).toEqual([0, text]);
      await expect(bed.dnx('site watch shop.example.com')).toExit(0, { stderr: expect.not.stringContaining('bug') });
    }
  });

  test('an invalid DNX_TOKEN fails a check and does not stop doctor', async () => {
    const run = await bed.dnx('doctor --json', { env: { DNX_TOKEN: 'to ken' } });
    expect(run).toExit(1, { stdout: expect.stringContaining('"check": "abilities"') });
  });

  test('a run file that cannot be removed does not stop a deployment', async () => {
    mkdirSync(join(bed.directory, 'state/runs/20200101T000000000Z-x.json'), { recursive: true });
    await expect(bed.dnx('deploy shop.example.com')).toExit(0);
  });

  test('a state directory that cannot be written is reported once, also if the request is rejected', async () => {
    const env = { DNX_STATE_DIR: '/dev/null/state' };
    const run = await bed.dnx('deploy shop.example.com', { env });
    expect([run.code, times(run.stderr, 'Could not save this run')]).toEqual([0, 1]);
    bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'Not now.' } });
    await expect(bed.dnx('deploy shop.example.com', { env })).toExit(7, { says: 'Not now.' });
  });
});

describe('settings of an odd shape', () => {
  const odd = ['null', '7', '12345678901234567890', 'true', '"x"', '[]', '{}'];
  const shapes = [
    ...odd.map((value) => `{"profile":${value}}`),
    ...['profiles', 'accounts', 'directories'].flatMap((key) => odd.map((value) => `{"${key}":${value}}`)),
    ...['profiles', 'accounts', 'directories'].flatMap((key) => odd.map((value) => `{"${key}":{"other":${value}}}`)),
    ...['default', 'other'].flatMap((name) => odd.map((value) => `{"profiles":{"${name}":{"server":${value},"color":${value}}}}`)),
    ...odd,
  ];

  test.each(sampled(shapes, 8, 7))('can be written, or are refused and repaired: %s', async (text) => {
    writeFileSync(config(), text);
    const read = await bed.dnx('config list');
    expect([read.code, read.stderr.split('\n').length <= 2]).toEqual([0, true]);
    const isSound = read.stderr === '';
    // Others than `config` write only what they could read whole.
    const login = await bed.dnx('login --with-token --profile default', { stdin: bed.sandbox.token, env: { DNX_TOKEN: undefined } });
    expect([login.code, login.stderr.includes('config.json')]).toEqual(isSound ? [0, false] : [2, true]);
    const set = await bed.dnx('config set site shop.example.com --profile default');
    expect([set.code, set.stderr.includes('The broken file was kept')]).toEqual([0, !isSound]);
    expect(existsSync(`${config()}.broken`)).toBe(!isSound);
    await expect(bed.dnx('config get site --profile default')).toExit(0, { stdout: 'shop.example.com\n', stderr: '' });
    await expect(bed.dnx('config unset site --profile default')).toExit(0);
  });

  test('keep an id without quotes, with all its digits', async () => {
    writeFileSync(config(), '{"profile":7,"profiles":{"7":{"server":12345678901234567890},"other":{"site":5}}}');
    expect(await bed.dnx('config get server')).toMatchObject({ stdout: '12345678901234567890\n', stderr: '' });
    await expect(bed.dnx('config set output json')).toExit(0, { stderr: '' });
    expect(JSON.parse(readFileSync(config(), 'utf8'))).toEqual({
      profile: '7',
      profiles: { 7: { server: '12345678901234567890', output: 'json' }, other: { site: '5' } },
    });
  });
});
