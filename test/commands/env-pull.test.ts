import { chmodSync, mkdirSync, readlinkSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { execa } from 'execa';
import { beforeEach, describe, expect, test } from 'vitest';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(() => site.setAll({ APP_NAME: 'production', API_KEY: 'a secret' }));

const pull = (...words: readonly string[]) => site.env(['pull', ...words]);
const modeOf = (name?: string) => (statSync(site.path(name)).mode & 0o777).toString(8);

test('env pull writes a new file that only the user can read, and says which variables', async () => {
  await expect(pull()).toExit(0, {
    stdout: '✓ Pulled 2 variables from blog.example.com into .env.production\n  added  APP_NAME, API_KEY\n',
    stderr: '',
  });
  expect(site.read()).toBe('APP_NAME=production\nAPI_KEY="a secret"\n');
  expect(modeOf()).toBe('600');
  expect((await pull()).stdout).toBe('Nothing to pull from blog.example.com into .env.production.\n');
});

test('env pull --json lists keys, never values', async () => {
  site.write('LOCAL=1\n');
  const run = await pull('--json');
  expect(run.json()).toEqual({
    site: 'blog.example.com',
    file: '.env.production',
    added: ['APP_NAME', 'API_KEY'],
    changed: [],
    removed: [],
    kept: ['LOCAL'],
    conflicts: [],
  });
  expect(run.stdout).not.toContain('a secret');
});

test('env pull keeps the mode, comments, order and local variables of a file', async () => {
  await site.succeed('pull');
  site.write('# Mine\nLOCAL=1\n\nAPI_KEY="a secret" # from 1Password\nAPP_NAME=production\n');
  chmodSync(site.path(), 0o640);
  site.setAll({ APP_NAME: 'staging', API_KEY: 'another', NEW: '1' });
  expect((await pull()).stdout).toBe(
    '✓ Pulled 3 variables from blog.example.com into .env.production\n  added    NEW\n  changed  API_KEY, APP_NAME\n  kept     LOCAL (only here)\n',
  );
  expect(site.read()).toBe('# Mine\nLOCAL=1\n\nAPI_KEY="another" # from 1Password\nAPP_NAME=staging\nNEW=1\n');
  expect(modeOf()).toBe('640');
});

test('env pull removes a variable that was removed at Deploynix', async () => {
  await site.succeed('pull');
  site.set('API_KEY', undefined);
  expect((await pull('--json')).json()).toMatchObject({ removed: ['API_KEY'] });
  expect(site.read()).toBe('APP_NAME=production\n');
});

describe('a local change', () => {
  beforeEach(async () => {
    await site.succeed('pull');
    site.write('APP_NAME=local\nAPI_KEY="a secret"\n');
  });

  test('is kept, and said', async () => {
    await expect(pull()).toExit(0, {
      stdout: 'Nothing to pull from blog.example.com into .env.production.\n',
      stderr: '  kept  APP_NAME (changed here)\n',
    });
  });

  test('is overwritten with --force or by name', async () => {
    await expect(pull('--theirs', 'APP_NAME')).toExit(0);
    expect(site.read()).toContain('APP_NAME=production\n');
    site.write('APP_NAME=local\nONLY_HERE=1\n');
    expect((await pull('--force', '--json')).json()).toMatchObject({ added: ['API_KEY'], changed: ['APP_NAME'], kept: ['ONLY_HERE'] });
    expect(site.read()).toBe('APP_NAME=production\nONLY_HERE=1\nAPI_KEY="a secret"\n');
  });

  test('is a conflict if the variable changed at Deploynix, too', async () => {
    site.set('APP_NAME', 'staging');
    await expect(pull()).toExit(10, {
      stdout: '',
      stderr: [
        'Error: 1 variable changed here and at Deploynix. Nothing was written.',
        '  conflict  APP_NAME (changed on both sides)',
        '  Use --ours KEY for the value of the file, --theirs KEY for the value at Deploynix, or --force for all values at Deploynix.',
        '',
      ].join('\n'),
    });
    expect(site.read()).toContain('APP_NAME=local\n');
    const json = await pull('--json');
    expect([json.code, json.json()]).toEqual([10, expect.objectContaining({ conflicts: ['APP_NAME'], changed: [] })]);
  });

  test('wins a conflict with --ours, and is then pushed', async () => {
    site.set('APP_NAME', 'staging');
    await expect(pull('--ours', 'APP_NAME')).toExit(0);
    expect(site.read()).toContain('APP_NAME=local\n');
    expect((await site.env(['push', '--yes', '--json'])).json()).toMatchObject({ changed: ['APP_NAME'] });
    expect(site.values().APP_NAME).toBe('local');
  });
});

test('without a record of the last pull, different values are a conflict', async () => {
  site.write('APP_NAME=local\n');
  await expect(pull()).toExit(10, { says: ['1 variable differs, and there is no record of the last pull.', '\n  conflict  APP_NAME\n'] });
});

test('without a record of the last pull, a user on a terminal is asked', async () => {
  site.write('APP_NAME=local\n');
  const terminal = { columns: 100, env: { NO_COLOR: '1' } };
  const cancelled = await site.env(['pull'], { ...terminal, keys: '\u001b[B\u001b[B\r' });
  expect([cancelled.code, site.read()]).toEqual([1, 'APP_NAME=local\n']);
  expect(cancelled.stderr).toContain('1 variable differs, and there is no record of the last pull. Use:');
  const run = await site.env(['pull'], { ...terminal, keys: '\u001b[B\r' });
  expect([run.code, site.read()]).toEqual([0, 'APP_NAME=production\nAPI_KEY="a secret"\n']);
});

test('env pull --dry-run shows the plan and writes nothing', async () => {
  const run = await pull('--dry-run');
  expect(run).toExit(0, { stdout: 'Would pull 2 variables from blog.example.com into .env.production\n  +  APP_NAME, API_KEY\n' });
  expect(site.read()).toBeUndefined();
});

test('env pull - prints the variables and keeps no record', async () => {
  await expect(pull('-')).toExit(0, { stdout: 'APP_NAME=production\nAPI_KEY="a secret"\n' });
  expect((await pull('-', '--json')).json()).toEqual({ APP_NAME: 'production', API_KEY: 'a secret' });
  expect(site.read('state/env')).toBeUndefined();
  await expect(pull('-', '--force')).toExit(2);
});

test('values that the API hides are never written', async () => {
  site.write('LONG=real\nAPP_NAME=production\n');
  site.setAll({ APP_NAME: 'production', LONG: '••••••••', STARS: '********', WORD: '[hidden]', MARKED: 'x' });
  site.bed.sandbox.faults.always({ method: 'GET', path: /environment-variables$/ }, (response) => {
    const body = response.body as { readonly data: { readonly key: string }[] };
    const data = body.data.map((each) => (each.key === 'MARKED' ? { ...each, is_secret: true } : each));
    return { ...response, body: { ...body, data: [...data, { id: '1', key: 'NOTHING', value: null }] } };
  });
  const run = await pull('--force', '--json');
  expect(run.json()).toMatchObject({ added: [], changed: [], kept: ['LONG', 'STARS', 'WORD', 'MARKED', 'NOTHING'] });
  expect(site.read()).toBe('LONG=real\nAPP_NAME=production\n');
  const printed = await pull('-');
  expect([printed.stdout, printed.stderr]).toEqual([
    'APP_NAME=production\n',
    'Left out, because Deploynix hides them: LONG, STARS, WORD, MARKED, NOTHING\n',
  ]);
});

test('a reference stays, unless it is to be overwritten', async () => {
  site.write('APP_NAME=production\nAPI_KEY=op://vault/app/key\n');
  expect((await pull('--json')).json()).toMatchObject({ changed: [], kept: ['API_KEY'], conflicts: [] });
  expect((await pull()).stderr).toContain('kept  API_KEY (a reference)\n');
  expect(site.read()).toContain('API_KEY=op://vault/app/key\n');
  await site.succeed('pull', '--theirs', 'API_KEY');
  expect(site.read()).toContain('API_KEY="a secret"\n');
});

describe('the file', () => {
  test('is written through a link, which stays', async () => {
    site.write('# Shared\n', 'shared/env');
    symlinkSync('shared/env', site.path());
    await expect(pull()).toExit(0);
    expect(readlinkSync(site.path())).toBe('shared/env');
    expect(site.read('shared/env')).toBe('# Shared\nAPP_NAME=production\nAPI_KEY="a secret"\n');
  });

  test.each([
    ['a directory', () => mkdirSync(site.path()), '.env.production is not a regular file'],
    ['a FIFO', () => execa('mkfifo', [site.path()]), '.env.production is not a regular file'],
    ['a broken link', () => symlinkSync('nowhere', site.path()), '.env.production is a link to a file that does not exist'],
    ['a circular link', () => symlinkSync('.env.production', site.path()), 'Could not read .env.production (ELOOP)'],
    ['not valid', () => site.write('A="\n'), '.env.production'],
  ])('is refused before any request if it is %s', async (_, make, message) => {
    await make();
    await expect(pull()).toExit(2, { stdout: '', calls: [], says: message });
  });

  test('needs an existing directory', async () => {
    await expect(pull('missing/.env')).toExit(2, { stdout: '', calls: [], stderr: 'Error: Directory missing does not exist.\n' });
  });
});

test.each([
  [['--ours', 'APP_KYE'], "Variable 'APP_KYE' not found in the file or at Deploynix. Did you mean 'API_KEY'?"],
  [['--ours', 'API_KEY', '--theirs', 'API_KEY'], 'API_KEY is given with --ours and with --theirs.'],
])('env pull %j is a usage error', async (words, message) => {
  const run = await pull(...words);
  expect([run.code, run.stderr, site.read()]).toEqual([2, expect.stringContaining(message), undefined]);
});

test('what a killed pull left beside the file is removed by the next one', async () => {
  const digits = '0123456789abcdef0123456789abcdef0123';
  const names = [
    `.env.production.${digits}.tmp`,
    `.env.production.${digits.replace('0', '1')}.tmp`,
    `.env.example.${digits}`,
    `.env.production.${digits}`,
  ];
  for (const name of names) site.write('A=1\n', name);
  const [old = '', recent = '', ...others] = names;
  const now = site.bed.clock.now() / 1_000;
  for (const name of [old, ...others]) utimesSync(site.path(name), now - 90, now - 90);
  utimesSync(site.path(recent), now - 30, now - 30);
  await site.succeed('pull');
  expect(names.filter((name) => site.read(name) !== undefined)).toEqual([recent, ...others]);
});
