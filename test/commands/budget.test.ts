import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD, seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { signIn } from '../support/sign-in.ts';

const LIMIT = 5;
const shop = `${seeded.sites['shop.example.com']} --server ${seeded.servers['web-1']}`;

const bed = perTest(() => openBed({ rateLimit: LIMIT }));

const file = () => join(bed.directory, 'state/budget.json');
const list = (options?: RunOptions, flags = '') => bed.dnx(`server list -o ids ${flags}`, options);
const refusals = (of = bed) => of.sandbox.calls.filter(({ status }) => status === 429);

async function use(count: number, options?: RunOptions, of = bed): Promise<void> {
  for (let index = 0; index < count; index++) await expect(of.dnx('server list -o ids', options)).toExit(0, { waited: 0 });
}

/** Requests that another machine sends with the same token. */
async function useElsewhere(count: number, { sandbox } = bed): Promise<void> {
  const headers = { authorization: `Bearer ${sandbox.token}`, accept: 'application/json' };
  for (let index = 0; index < count; index++) expect((await fetch(`${sandbox.url}/api/v1/user`, { headers })).status).toBe(200);
}

describe('a 429', () => {
  const refuse = (headers: Record<string, string>, method = 'GET') => bed.sandbox.faults.next({ method }, { status: 429, headers });

  test.each([
    ['Retry-After', () => ({ 'Retry-After': '31' })],
    [
      'X-RateLimit-Reset',
      () => ({ 'X-RateLimit-Reset': String(bed.clock.right() / 1_000 + 31), Date: new Date(bed.clock.right()).toUTCString() }),
    ],
  ])('makes other commands wait until %s', async (_, headers) => {
    refuse(headers());
    await expect(list({}, '--max-wait 1s')).toExit(9, { waited: 0 });
    await expect(list()).toExit(0, { stderr: 'Waiting for the rate limit: 31s\n', waited: 31_000 });
    expect(bed.sandbox.calls).toHaveLength(2);
  });

  test.each([
    ['a long one', '100000', 0],
    ['many short ones', '5', 10_000],
  ])('never holds a command longer than --max-wait: %s', async (_, seconds, waited) => {
    bed.sandbox.faults.always({ method: 'GET' }, { status: 429, headers: { 'Retry-After': seconds } });
    await expect(list({}, '--max-wait 12s')).toExit(9, { stdout: '', waited });
  });

  test('reaches a command that waits already', async () => {
    await use(LIMIT);
    bed.clock.at(bed.clock.elapsed() + 30_000, () => {
      const all = JSON.parse(readFileSync(file(), 'utf8'));
      const [key = ''] = Object.keys(all);
      writeFileSync(file(), JSON.stringify({ [key]: { ...all[key], blocked_until: bed.clock.now() + 50_000 } }));
    });
    await expect(list()).toExit(0, { waited: 80_000 });
    expect(refusals()).toEqual([]);
  });

  test('without a time is repeated after longer and longer pauses', async () => {
    for (let index = 0; index < 3; index++) refuse({});
    await expect(list()).toExit(0, { waited: 14_000 });
  });

  test.each([
    ['that is longer than a window', `deploy ${shop} --no-wait`, { method: 'POST' }, '600', 9],
    ['of an endpoint with a limit of its own', 'token create ci --ability site:read', { method: 'POST', path: '/tokens' }, '30', 9],
  ])('%s concerns that request alone', async (_, line, match, seconds, code) => {
    bed.sandbox.faults.next(match, { status: 429, headers: { 'Retry-After': seconds, 'X-RateLimit-Limit': '2' } });
    await expect(bed.dnx(`${line} --max-wait 10s`)).toExit(code, { waited: 0 });
    await expect(list()).toExit(0, { waited: 0 });
    expect((await bed.dnx('api --rate --json')).json()).toMatchObject({ limit: LIMIT, blocked_until: null });
  });
});

describe('the use of the token elsewhere', () => {
  test('slows dnx down before it is refused', async () => {
    await use(1);
    await useElsewhere(2);
    await use(2);
    await expect(list()).toExit(0, { waited: 61_000 });
    expect(refusals()).toEqual([]);
  });
});

describe('polls', () => {
  test('leave requests to commands', async () => {
    const busy = await openBed({ rateLimit: 12 });
    const deploying = busy.dnx('deploy shop.example.com --json');
    const others: ReturnType<Bed['dnx']>[] = [];
    for (const ms of [20_000, 21_000]) busy.clock.at(ms, () => void others.push(busy.dnx('server list -o ids')));
    await expect(deploying).toExit(0);
    expect(await Promise.all(others)).toMatchObject([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
    expect(refusals(busy)).toEqual([]);
    await busy.close();
  });

  test('wait no longer than --timeout', async () => {
    const env = { DNX_RATE_LIMIT: '4' };
    await expect(bed.dnx(`deploy ${shop} --timeout 30s`, { env })).toExit(124, { stdout: '', waited: 30_000 });
    expect(refusals()).toEqual([]);
  });

  test('come to an end even if other commands use all requests', async () => {
    const busy = await openBed();
    const env = { DNX_RATE_LIMIT: '6' };
    const others: ReturnType<Bed['dnx']>[] = [];
    for (let ms = 5_000; ms < 150_000; ms += 9_000) busy.clock.at(ms, () => void others.push(busy.dnx('server list -o ids', { env })));
    await expect(busy.dnx(`deploy ${shop} --json`, { env })).toExit(0);
    expect((await Promise.all(others)).map(({ code }) => code)).toEqual(others.map(() => 0));
    await busy.close();
  });

  test('of optional data are left out instead of waited for', async () => {
    const env = { DNX_RATE_LIMIT: '6' };
    await use(4, { env });
    const run = await bed.dnx('server show web-1', { env });
    expect(run).toExit(0, { stderr: '', waited: 0 });
    expect(run.calls.filter((call) => call.endsWith('/sites'))).toEqual([]);
  });
});

describe('every token at every host has a limit of its own', () => {
  test('another token', async () => {
    await use(LIMIT);
    await use(LIMIT, { env: { DNX_TOKEN: bed.sandbox.mint(['*']) } });
  });

  test('another host', async () => {
    const other = await openBed({ rateLimit: LIMIT });
    await use(LIMIT);
    await use(LIMIT, { env: { DNX_HOST: other.sandbox.url } });
    expect(other.sandbox.calls).toHaveLength(LIMIT);
    await other.close();
  });

  test('a login counts for no token', async () => {
    const run = await signIn(bed, 'login', { keys: `${SEED_EMAIL}\r${SEED_PASSWORD}\r\r`, columns: 80 });
    expect(run.calls).toEqual(['POST /login', 'GET /user']);
    expect((await bed.dnx('api --rate --json', { env: { DNX_TOKEN: undefined } })).json()).toMatchObject({ used: 1 });
  });
});

describe('a state file', () => {
  const put = (content: string | Buffer) => {
    mkdirSync(dirname(file()), { recursive: true });
    writeFileSync(file(), content);
  };

  test.each([
    ['cut', '{"a":{"log":[1'],
    ['empty', ''],
    ['of another program', '[{"name":"x"}]'],
    ['with other types', '{"log":"x"}'],
    ['of binary data', Buffer.from([0, 255, 10, 200])],
  ])('that is %s is rebuilt in silence', async (_, content) => {
    put(content);
    await use(LIMIT);
    await expect(list()).toExit(0, { stderr: 'Waiting for the rate limit: 1m 1s\n' });
    expect(Object.keys(JSON.parse(readFileSync(file(), 'utf8')))).toHaveLength(1);
  });

  test('with other types in the entry of a token is rebuilt in silence', async () => {
    await use(1);
    const [key = ''] = Object.keys(JSON.parse(readFileSync(file(), 'utf8')));
    put(JSON.stringify({ [key]: { log: ['x', null, 1e300, -5], limit: -3, blocked_until: '2099' }, other: null }));
    await use(LIMIT - 1);
    expect(JSON.parse(readFileSync(file(), 'utf8'))[key]).toMatchObject({ limit: LIMIT, blocked_until: 0 });
  });

  test('that is a directory is left alone', async () => {
    mkdirSync(file(), { recursive: true });
    await expect(list()).toExit(0, { stderr: '', waited: 0 });
    expect(readdirSync(file())).toEqual([]);
  });

  test.each(['/proc/nowhere', '/proc/version/state', '/dev/null'])(
    'that cannot be written is replaced by memory: %s',
    async (directory) => {
      const run = await bed.dnx('site list -o ids', { env: { DNX_STATE_DIR: directory, DNX_RATE_LIMIT: '3' } });
      expect([run.code, run.calls.length, run.waited, refusals().length]).toEqual([0, 4, 61_000, 0]);
      expect(run.stderr).toBe('Waiting for the rate limit: 1m 1s\n');
    },
  );

  test('forgets tokens that were not used for a day', async () => {
    await use(1, { env: { DNX_TOKEN: bed.sandbox.mint(['*']) } });
    await bed.clock.sleep(86_400_001);
    await use(1);
    expect(Object.keys(JSON.parse(readFileSync(file(), 'utf8')))).toHaveLength(1);
  });
});

describe('a clock that jumps', () => {
  test.each([-3_600_000, -70_000, 3_600_000])('by %i ms delays a command by a window at most', async (ms) => {
    await use(LIMIT);
    bed.clock.ahead = ms;
    const run = await list();
    expect([run.code, run.waited <= 62_000]).toEqual([0, true]);
  });

  test.each([-3_600_000, 3_600_000])('by %i ms during a wait does not prolong it', async (ms) => {
    await use(LIMIT);
    bed.clock.at(bed.clock.elapsed() + 10_000, () => {
      bed.clock.ahead = ms;
    });
    const run = await list();
    expect([run.code, run.waited <= 122_000]).toEqual([0, true]);
  });
});
