import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { signedOut, signIn } from '../support/sign-in.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];
const SITE = `GET /servers/${web1}/sites/${shop}`;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Account {
  readonly lists: Readonly<Record<string, { readonly items?: readonly object[] }>>;
}

const bed = perTest(openBed);

const file = () => join(bed.directory, 'cache/names.json');
const text = () => readFileSync(file(), 'utf8');
const accounts = () => (JSON.parse(text()) as { accounts: Record<string, Account> }).accounts;
const listed = () => Object.keys(Object.values(accounts())[0]?.lists ?? {}).toSorted();
const callsOf = async (line: string, options: RunOptions = {}) => {
  const run = await bed.dnx(line, options);
  expect(run).toExit(0);
  return run.calls;
};
const show = (options: RunOptions = {}) => callsOf('site show shop.example.com --json', options);

describe('names are never shared', () => {
  test('between two tokens in DNX_TOKEN, and neither is in the file', async () => {
    const other = bed.sandbox.mint(['server:read', 'site:read']);
    await show();
    expect(await show()).toEqual([SITE]);
    expect((await show({ env: { DNX_TOKEN: other } })).length).toBeGreaterThan(1);
    expect(await show({ env: { DNX_TOKEN: other } })).toEqual([SITE]);
    expect(Object.keys(accounts())).toHaveLength(2);
    for (const token of [other, bed.sandbox.token]) expect(text()).not.toContain(token.slice(-12));
  });

  test('between two profiles with one token', async () => {
    await show();
    expect((await show({ env: { DNX_PROFILE: 'work' } })).length).toBeGreaterThan(1);
  });

  test('between two hosts with one token', async () => {
    await show();
    const other = await openBed();
    const { calls, code } = await other.dnx('site show shop.example.com', { env: { DNX_CACHE_DIR: join(bed.directory, 'cache') } });
    await other.close();
    expect([code, calls.length > 1, Object.keys(accounts()).length]).toEqual([0, true, 2]);
  });

  test('with who signs in next in the same profile', async () => {
    await expect(signIn(bed, 'login --with-token', { stdin: bed.sandbox.mint(['server:read', 'site:read']) })).toExit(0);
    expect(existsSync(file())).toBe(false);
    await show(signedOut);
    expect(await show(signedOut)).toEqual([SITE]);
    await expect(signIn(bed, 'login --with-token', { stdin: bed.sandbox.mint(['server:read', 'site:read']) })).toExit(0);
    expect((await show(signedOut)).length).toBeGreaterThan(1);
  });
});

describe('the file', () => {
  test('has every list that was read, with ids and names only, for its owner alone', async () => {
    for (const line of ['server list', 'site list', 'daemon list --server web-1', 'database list --server db-1']) await callsOf(line);
    expect(listed()).toEqual(
      [
        '/servers',
        ...Object.values(seeded.servers).map((id) => `/servers/${id}/sites`),
        `/servers/${web1}/daemons`,
        `/servers/${seeded.servers['db-1']}/databases`,
      ].toSorted(),
    );
    const [{ lists } = { lists: {} }] = Object.values(accounts());
    expect(lists['/servers']?.items?.[0]).toEqual({ id: web1, name: 'web-1', ip_address: '203.0.113.10' });
    expect(lists[`/servers/${web1}/sites`]?.items?.[0]).toEqual({ id: shop, domain: 'shop.example.com' });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test('has what a picker has read', async () => {
    await expect(bed.dnx('site show', { columns: 80, keys: '\r' })).toExit(0);
    expect(await show()).toEqual([SITE]);
  });

  test('has no values of variables, and no filtered list', async () => {
    for (const line of ['env list --site shop.example.com --reveal', 'api GET servers -F status=active --paginate']) await callsOf(line);
    expect(listed()).not.toContain('status');
    const [{ lists } = { lists: {} }] = Object.values(accounts());
    const variables = lists[`/servers/${web1}/sites/${shop}/environment-variables`]?.items ?? [];
    expect([variables.length > 1, variables.filter((each) => `${Object.keys(each)}` !== 'id,key')]).toEqual([true, []]);
  });

  test('has names of variables and tokens for completion alone: a look-up reads their lists', async () => {
    for (const line of ['env list --site shop.example.com', 'token list']) await callsOf(line);
    const list = `${SITE}/environment-variables`;
    expect(await callsOf('env get APP_DEBUG --site shop.example.com')).toEqual([list, expect.stringContaining(`${list}/`)]);
    expect(await callsOf('token revoke Grafana --yes')).toEqual(['GET /tokens', 'DELETE /tokens/4']);
  });

  test.each([
    '',
    '{',
    '[]',
    '7',
    '{"version":2}',
    '{"version":2,"accounts":[]}',
    '{"version":3,"accounts":{"a":{"lists":{"/servers":7}}}}',
  ])('is rebuilt in silence if it contains %s', async (content) => {
    mkdirSync(join(bed.directory, 'cache'));
    writeFileSync(file(), content);
    await expect(bed.dnx('site show shop.example.com --json')).toExit(0, { stderr: '' });
    expect(await show()).toEqual([SITE]);
  });

  test.each([
    ['a list of text', { read: '2026-04-16T11:59:00Z', items: 'x' }],
    ['items without ids', { read: '2026-04-16T11:59:00Z', items: [{ name: 'web-9' }] }],
    ['no time', { items: [{ id: '9', name: 'web-9' }] }],
    ['a time to come', { read: '2027-04-16T11:59:00Z', items: [{ id: '9', name: 'web-9' }] }],
    ['a list of last year', { read: '2025-04-16T11:59:00Z', items: [{ id: '9', name: 'web-9' }] }],
  ])('is not believed where it has %s', async (_, list) => {
    await show();
    const [name = ''] = Object.keys(accounts());
    writeFileSync(file(), JSON.stringify({ version: 2, accounts: { [name]: { lists: { '/servers': list } } } }));
    expect((await show()).length).toBeGreaterThan(2);
    expect(text()).not.toContain('web-9');
  });

  test('keeps ten accounts, and drops what nobody has read for 90 days', async () => {
    for (let count = 0; count < 12; count++) {
      await callsOf('server list', { env: { DNX_PROFILE: `p${count}` } });
      await bed.clock.sleep(1_000);
    }
    expect(Object.keys(accounts()).map((name) => name.split('@')[0])).toEqual(
      expect.arrayContaining(Array.from({ length: 10 }, (_, index) => `p${index + 2}`)),
    );
    expect(Object.keys(accounts())).toHaveLength(10);
    await bed.clock.sleep(91 * 24 * HOUR);
    await callsOf('server list');
    expect(Object.values(accounts()).map(({ lists }) => Object.keys(lists))).toEqual([['/servers']]);
  });

  test('is not written again for what it says already, until an hour has passed', async () => {
    await callsOf('server list');
    const { ino } = statSync(file());
    await bed.clock.sleep(59 * MINUTE);
    await callsOf('server list');
    expect(statSync(file()).ino).toBe(ino);
    await bed.clock.sleep(2 * MINUTE);
    await callsOf('server list');
    expect(statSync(file()).ino).not.toBe(ino);
  });

  test.each(['server list', 'site list', 'site show shop.example.com', 'env list --site shop.example.com'])(
    'is not even locked by dnx %s, if no name changed',
    async (line) => {
      await expect(signIn(bed)).toExit(0);
      await callsOf(line, signedOut);
      const state = () => [file(), join(bed.directory, 'cache')].map((path) => [statSync(path).ino, statSync(path).mtimeMs]);
      const before = state();
      await bed.clock.sleep(2 * MINUTE);
      await callsOf(line, signedOut);
      // A lock is a file beside it for a moment, which the time of the directory shows.
      expect(state()).toEqual(before);
    },
  );

  test('is written by a command that fails, too', async () => {
    bed.sandbox.faults.always({ method: 'POST' }, { status: 422, body: { message: 'Not now.' } });
    await expect(bed.dnx('deploy shop.example.com --no-wait')).toExit(7);
    expect(await show()).toEqual([SITE]);
  });

  test('that cannot be written costs requests only', async () => {
    mkdirSync(join(bed.directory, 'cache'));
    chmodSync(join(bed.directory, 'cache'), 0o500);
    const env = process.getuid?.() === 0 ? { DNX_CACHE_DIR: '/proc/nowhere' } : {};
    for (let time = 0; time < 2; time++) {
      const run = await bed.dnx('site show shop.example.com --json', { env });
      expect([run.code, run.stderr, run.calls.length]).toEqual([0, '', 5]);
    }
    chmodSync(join(bed.directory, 'cache'), 0o700);
  });
});
