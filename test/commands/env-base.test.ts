import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(() => site.setAll({ APP_NAME: 'the shop', API_KEY: 'a secret value', SAME: 'a secret value' }));

const directory = () => site.path('state/env');
const records = () => readdirSync(directory()).filter((name) => name.endsWith('.json'));
const record = () => readFileSync(join(directory(), records()[0] ?? ''), 'utf8');

function lockKeychain(): void {
  site.bed.keychain.get = (): never => {
    throw new DnxError('failed', 'The keychain is locked.');
  };
}

/** True if a local change is still told from a change at Deploynix. */
async function hasBase(): Promise<boolean> {
  site.write(`${site.read()}`.replace(/^APP_NAME=.*/m, 'APP_NAME=local'));
  const run = await site.env(['push', '--dry-run', '--json']);
  return run.json<{ about: [{ conflicts: string[] }] }>().about[0].conflicts.length === 0;
}

test('the record of a pull has hashes, no value and no token, and its key is in the keychain', async () => {
  await site.succeed('pull');
  expect([...site.bed.keychain]).toEqual([['env-base@local', expect.stringMatching(/^[\da-f]{64}$/)]]);
  expect(readdirSync(directory())).toEqual(records());
  const { hashes, ...stored } = JSON.parse(record());
  expect(stored).toEqual({ version: 1, host: site.bed.sandbox.url, site: expect.any(String), file: site.path(), store: 'keychain' });
  expect(Object.keys(hashes).sort()).toEqual(['', 'API_KEY', 'APP_NAME', 'SAME']);
  // Equal values have different hashes.
  expect(new Set(Object.values(hashes)).size).toBe(4);
  for (const secret of ['a secret', 'the shop', site.bed.sandbox.token, [...site.bed.keychain.values()][0] ?? ''])
    expect(record()).not.toContain(secret);
  expect((statSync(join(directory(), records()[0] ?? '')).mode & 0o777).toString(8)).toBe('600');
  expect(await hasBase()).toBe(true);
});

test('each file and each site has its own record', async () => {
  await site.succeed('pull');
  await site.succeed('pull', 'other.env');
  await site.succeed('pull', 'shop.env', '--site', 'shop.example.com', '--server', 'web-1');
  expect(records()).toHaveLength(3);
  expect(site.bed.keychain.size).toBe(1);
});

describe.each([
  ['in CI', { CI: 'true' }, (): void => undefined],
  ['if the keychain is locked', {}, (): void => lockKeychain()],
])('%s', (_, env, lock) => {
  test('the key is in a file that only the user can read', async () => {
    lock();
    const run = await site.env(['pull'], { env });
    expect([run.code, run.stderr, site.bed.keychain.size]).toEqual([0, '', 0]);
    const file = join(directory(), 'base.key');
    expect([readFileSync(file, 'utf8'), (statSync(file).mode & 0o777).toString(8)]).toEqual([
      expect.stringMatching(/^[\da-f]{64}\n$/),
      '600',
    ]);
    expect(await hasBase()).toBe(true);
  });
});

test('--debug says why the keychain is not used', async () => {
  lockKeychain();
  await expect(site.env(['pull', '--debug'])).toExit(0, { says: 'is not in the keychain: The keychain is locked.' });
});

describe('there is no base', () => {
  beforeEach(async () => {
    await site.succeed('pull');
  });

  test.each([
    ['the record is gone', () => rmSync(directory(), { recursive: true })],
    ['the record is broken', () => writeFileSync(join(directory(), records()[0] ?? ''), '{"version":1')],
    [
      'the record is a directory',
      () => {
        const file = join(directory(), records()[0] ?? '');
        rmSync(file);
        mkdirSync(file);
      },
    ],
    ['the key is gone', () => site.bed.keychain.clear()],
    ['the key is another one', () => site.bed.keychain.set('env-base@local', 'ab'.repeat(32))],
    ['the key is broken', () => site.bed.keychain.set('env-base@local', 'short')],
    [
      'the record is of another version',
      () => writeFileSync(join(directory(), records()[0] ?? ''), record().replace('"version": 1', '"version": 2')),
    ],
  ])('if %s', async (_, lose) => {
    lose();
    expect(await hasBase()).toBe(false);
    await expect(site.env(['push', '--dry-run'])).toExit(10, { says: 'there is no record of the last pull' });
  });

  test('until the next pull, which makes a new one', async () => {
    site.bed.keychain.clear();
    await site.succeed('pull');
    expect(await hasBase()).toBe(true);
  });
});

test('a variable that is gone on both sides and comes back is new', async () => {
  await site.succeed('pull');
  site.write('APP_NAME=production\nSAME="a secret value"\n');
  site.set('API_KEY', undefined);
  await site.succeed('pull');
  site.set('API_KEY', 'a secret value');
  expect((await site.env(['pull', '--json'])).json()).toMatchObject({ added: ['API_KEY'] });
});

test('a pull whose record cannot be saved says so, and leaves no older one', async () => {
  await site.succeed('pull');
  const [name = ''] = records();
  writeFileSync(join(directory(), `${name}.lock`), 'not a lock');
  site.set('APP_NAME', 'staging');
  const run = await site.env(['pull']);
  expect([run.code, site.read()]).toEqual([0, expect.stringContaining('APP_NAME="staging"')]);
  expect(run.stderr).toContain('Could not record this state');
  expect(records()).toEqual([]);
});

test('records that were not used for 90 days are removed, and the oldest of more than 200', async () => {
  mkdirSync(directory(), { recursive: true });
  const now = site.bed.clock.now() / 1000;
  for (let index = 0; index < 210; index++) {
    const file = join(directory(), `${index}.json`);
    writeFileSync(file, '{}');
    const used = index === 0 ? now - 91 * 86_400 : now - 1_000 - index;
    utimesSync(file, used, used);
  }
  chmodSync(directory(), 0o700);
  await site.succeed('pull');
  expect(records()).toHaveLength(200);
  expect(records()).not.toContain('0.json');
  expect(records()).toContain('1.json');
  expect(records()).not.toContain('209.json');
  expect((await site.env(['push', '--yes'])).stdout).toContain('Nothing to push');
});
