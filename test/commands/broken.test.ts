import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
  mkdirSync(join(bed.directory, 'config'));
});
afterEach(() => bed.close());

const config = () => join(bed.directory, 'config/config.json');
const link = () => join(bed.directory, '.deploynix.json');
const times = (text: string, words: string) => text.split(words).length - 1;

/** Each way to break a file, and the words for it. */
const broken = [
  ['the settings', config, '{', 'config.json is not valid JSON.'],
  ['the settings', config, '[]', 'config.json does not contain a JSON object.'],
  ['the settings', config, '{"profiles":{"default":null}}', 'profiles.default in '],
  ['the settings', config, '{"profiles":{"default":{"output":"pdf"}}}', "'pdf' is not an output format."],
  ['the settings', config, '{"profiles":{"default":{"host":"http://far.example"}}}', ''],
  ['the link file', link, '<<<<<<< HEAD', '.deploynix.json is not valid JSON.'],
  ['the link file', link, 'null', '.deploynix.json does not contain a JSON object.'],
  ['the link file', link, '{"site":["a"]}', 'site in '],
] as const;

/** Without DNX_HOST, which wins over both files. */
const env = { DNX_HOST: undefined };

describe.each(broken)('%s, as %2$s', (_, file, text, words) => {
  beforeEach(() => writeFileSync(file(), text));

  test.each([
    'completion bash',
    'config list',
    'config get profile',
    'sandbox run -- true',
    'token abilities',
    'token abilities --for "deploy --wait"',
    'server list --help',
    'help config',
    '--version',
  ])('does not stop %s', async (line) => {
    const run = await bed.dnx(line, { env });
    expect([run.code, run.calls]).toEqual([0, []]);
    const silent = /help|version/.test(line) || words === '';
    expect(times(run.stderr, words || 'far.example')).toBe(silent ? 0 : 1);
  });

  test('is what doctor reports, and doctor goes on', async () => {
    const run = await bed.dnx('doctor --fields check,detail', { env: file === config ? env : {} });
    expect([run.code, run.stdout]).toEqual([1, expect.stringMatching(/^abilities /m)]);
    expect(run.stdout).toContain(words || 'Refusing to send the token unencrypted');
  });
});

describe('a settings file that is broken', () => {
  beforeEach(() => writeFileSync(config(), '{'));

  test('does not stop a command that is told where to go', async () => {
    const run = await bed.dnx('server list -o ids');
    expect([run.code, run.stdout]).toEqual([0, expect.stringContaining(seeded.servers['web-1'])]);
    expect(times(run.stderr, 'is not valid JSON')).toBe(1);
  });

  test.each(['server list', 'whoami', 'login --with-token', 'deploy shop.example.com'])(
    'stops %s, whose host it may name',
    async (line) => {
      const run = await bed.dnx(line, { env, stdin: bed.sandbox.token });
      expect(run).toMatchObject({ code: 2, stdout: '', calls: [] });
      expect(run.stderr).toContain('The host is unknown');
    },
  );

  test.each([
    ['site show', 'site'],
    ['deploy', 'site'],
    ['site watch', 'site'],
    ['daemon list', 'server'],
  ])('stops %s, whose %s it may name', async (line, name) => {
    const run = await bed.dnx(line);
    expect(run).toMatchObject({ code: 2, stdout: '', calls: [] });
    expect(run.stderr).toContain(`Error: The ${name} is unknown because ${config()} is broken.\n  Fix or remove it, or use --${name}.\n`);
  });

  test('is repaired by config set, and kept beside', async () => {
    const run = await bed.dnx('config set server web-1');
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(
      `Repaired the settings and dropped what could not be read. The broken file was kept as ${config()}.broken.`,
    );
    expect(readFileSync(`${config()}.broken`, 'utf8')).toBe('{');
    expect(await bed.dnx('config get server')).toMatchObject({ code: 0, stdout: 'web-1\n', stderr: '' });
  });

  test('is kept beside every earlier one', async () => {
    expect((await bed.dnx('config set server web-1')).code).toBe(0);
    writeFileSync(config(), '[');
    expect((await bed.dnx('config set server web-2')).stderr).toContain(`${config()}.broken-2.`);
    expect([readFileSync(`${config()}.broken`, 'utf8'), readFileSync(`${config()}.broken-2`, 'utf8')]).toEqual(['{', '[']);
  });

  test('may hold more than this dnx knows', async () => {
    const other = { color: 'x', profiles: { default: { color: 'y' } } };
    writeFileSync(config(), JSON.stringify(other));
    expect(await bed.dnx('config set server web-1')).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(readFileSync(config(), 'utf8'))).toEqual({ color: 'x', profiles: { default: { color: 'y', server: 'web-1' } } });
  });

  test('keeps what can be used of it when it is repaired', async () => {
    writeFileSync(config(), JSON.stringify({ profile: 'work', profiles: { work: { site: 'a.test' }, old: null }, accounts: 7 }));
    expect((await bed.dnx('config set server web-1')).code).toBe(0);
    expect(JSON.parse(readFileSync(config(), 'utf8'))).toEqual({
      profile: 'work',
      profiles: { work: { site: 'a.test', server: 'web-1' } },
      accounts: {},
    });
  });

  test('is left alone by whatever only reads it', async () => {
    expect((await bed.dnx('config list')).code).toBe(0);
    expect([readFileSync(config(), 'utf8'), existsSync(`${config()}.broken`)]).toEqual(['{', false]);
  });
});

describe('a link file that is broken', () => {
  beforeEach(() => writeFileSync(link(), '{'));

  test('does not stop a command whose site is given', async () => {
    const run = await bed.dnx('site show shop.example.com -o ids');
    expect([run.code, run.stdout]).toEqual([0, `${seeded.sites['shop.example.com']}\n`]);
    expect(times(run.stderr, 'is not valid JSON')).toBe(1);
  });

  test.each(['deploy', 'site watch', 'env list', 'certificate list', 'backup create'])('stops %s, whose site it may name', async (line) => {
    expect((await bed.dnx('deploy blog.example.com --no-wait')).code).toBe(0);
    const run = await bed.dnx(line, { env: { DNX_SERVER: 'web-1' } });
    expect(run).toMatchObject({ code: 2, stdout: '', calls: [] });
    expect(run.stderr).toContain(`The site is unknown because ${link()} is broken.`);
  });

  test('stops a command even where the profile names a site, which the link file would have won over', async () => {
    expect((await bed.dnx('config set site blog.example.com')).code).toBe(0);
    const run = await bed.dnx('deploy');
    expect(run).toMatchObject({ code: 2, stdout: '', calls: [] });
  });
});

describe('other files that are broken', () => {
  test.each([['the token file', 'config/tokens.json', 'failed: ']])('%s is what doctor reports', async (_, path, verdict) => {
    const signIn = { env: { DNX_TOKEN: undefined }, stdin: bed.sandbox.token };
    expect((await bed.dnx('login --with-token --insecure-storage', signIn)).code).toBe(0);
    writeFileSync(join(bed.directory, path), '{');
    const run = await bed.dnx('doctor --json', { env: { DNX_TOKEN: undefined } });
    const token = (JSON.parse(run.stdout) as { check: string; verdict: string; detail: string }[]).find(({ check }) => check === 'token');
    expect([run.code, `${token?.verdict}: ${token?.detail}`]).toEqual([1, `${verdict}~/${path} is not valid JSON.`]);
    expect((await bed.dnx('server list -o ids')).code).toBe(0);
  });

  test('an index of another shape, and runs, stop nothing', async () => {
    for (const text of ['{', 'null', '[]', '7', '"x"', '{"__proto__":{"a":1}}', '{"a":{"b":{"site":7}}}']) {
      mkdirSync(join(bed.directory, 'state/runs'), { recursive: true });
      mkdirSync(join(bed.directory, 'cache'), { recursive: true });
      writeFileSync(join(bed.directory, 'state/runs/20260416T120000000Z-x.json'), text);
      writeFileSync(join(bed.directory, 'cache/sites.json'), text);
      const run = await bed.dnx('deploy shop.example.com --no-wait');
      expect([run.code, text]).toEqual([0, text]);
      const watch = await bed.dnx('site watch shop.example.com');
      expect([watch.code, watch.stderr]).toEqual([0, expect.not.stringContaining('bug')]);
    }
  });

  test('a DNX_TOKEN that is no token is a check that failed, not the end of doctor', async () => {
    const run = await bed.dnx('doctor --json', { env: { DNX_TOKEN: 'to ken' } });
    expect([run.code, run.stdout]).toEqual([1, expect.stringContaining('"check": "abilities"')]);
  });

  test('a run that cannot be removed stops nothing', async () => {
    mkdirSync(join(bed.directory, 'state/runs/20200101T000000000Z-x.json'), { recursive: true });
    expect((await bed.dnx('deploy shop.example.com')).code).toBe(0);
  });

  test('a state that cannot be written is told once, also where the request is refused', async () => {
    const env = { DNX_STATE_DIR: '/dev/null/state' };
    const run = await bed.dnx('deploy shop.example.com', { env });
    expect([run.code, times(run.stderr, 'Could not save this run')]).toEqual([0, 1]);
    bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'Not now.' } });
    const refused = await bed.dnx('deploy shop.example.com', { env });
    expect([refused.code, refused.stderr]).toEqual([7, expect.stringContaining('Not now.')]);
  });
});
