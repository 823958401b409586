import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import 'ora';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const LIMIT = 5;
/** When a full window is free again: after a minute and a second. */
const FREE_S = 61;

const bed = perTest(() => openBed({ rateLimit: LIMIT }));

const list = (options?: RunOptions, flags = '') => bed.dnx(`server list -o ids ${flags}`, options);
const refusals = () => bed.sandbox.calls.filter(({ status }) => status === 429);

/** Sends requests without waiting, by default as many as a minute allows. */
async function fill(options?: RunOptions, count = LIMIT): Promise<void> {
  for (let index = 0; index < count; index++) await expect(list(options)).toExit(0, { stderr: '', waited: 0 });
}

describe('when the window is full, a command', () => {
  test('waits before it sends anything', async () => {
    await fill();
    const run = await list();
    expect(run).toExit(0, { stderr: 'Waiting for the rate limit: 1m 1s\n', waited: FREE_S * 1_000 });
    expect(refusals()).toEqual([]);
  });

  test('prints nothing with --quiet', async () => {
    await fill();
    await expect(list({}, '-q')).toExit(0, { stderr: '', waited: FREE_S * 1_000 });
  });

  test('counts down in one line of a terminal', async () => {
    await fill();
    const run = await list({ columns: 80, env: { NO_COLOR: '1' } });
    expect(run).toExit(0, { waited: FREE_S * 1_000, says: 'Waiting for the rate limit: ' });
    expect(run.stderr).not.toContain('\n');
  });

  test('prints one line for several requests', async () => {
    await fill();
    const run = await bed.dnx('site list -o ids');
    expect([run.code, run.stderr, run.calls.length]).toEqual([0, 'Waiting for the rate limit: 1m 1s\n', 4]);
    expect(refusals()).toEqual([]);
  });

  test('stops at once on Ctrl-C', async () => {
    await fill();
    await expect(list({ interruptAt: 5_000 })).toExit(130, { stdout: '', waited: 5_000, calls: [] });
  });

  test('waits its turn behind a command that was killed', async () => {
    await fill();
    await expect(list({ interruptAt: 5_000 })).toExit(130);
    await expect(list()).toExit(0, { calls: ['GET /servers'] });
    expect(refusals()).toEqual([]);
  });
});

describe('Retry-After', () => {
  test.each([
    ['31', 'in 31s, or use a longer --max-wait'],
    ['Fri, 31 Dec 2999 23:59:59 GMT', 'after 2999-12-31 23:59 UTC'],
    ['2999-12-31T23:59:59Z', 'after 2999-12-31 23:59 UTC'],
    ['-5', 'in a moment, or use a longer --max-wait'],
    ['1.5', 'in a moment, or use a longer --max-wait'],
    ['5, 10', 'in a moment, or use a longer --max-wait'],
    ['soon', 'in a moment, or use a longer --max-wait'],
    ['', 'in a moment, or use a longer --max-wait'],
  ])('of %j is %s', async (value, words) => {
    bed.sandbox.faults.always({ path: '/servers' }, { status: 429, headers: { 'Retry-After': value } });
    await expect(list({}, '--max-wait 0')).toExit(9, { waited: 0, stderr: `Error: Rate limited.\n  Try again ${words}.\n` });
  });
});

describe('a wait that is too long', () => {
  const hint = (seconds: string, option: string, sent = '') =>
    `Error: Rate limited.${sent}\n  Try again in ${seconds}, or use a longer ${option}.\n`;

  test.each([
    ['--max-wait 30s', {}],
    ['--max-wait 0', {}],
    ['', { DNX_MAX_WAIT: '1m' }],
    ['--max-wait 60', { DNX_MAX_WAIT: '5m' }],
  ])('fails at once: %s %o', async (flags, env) => {
    await fill();
    await expect(list({ env }, flags)).toExit(9, { stdout: '', waited: 0, calls: [], stderr: hint('1m 1s', '--max-wait') });
  });

  test('is part of a JSON error', async () => {
    await fill();
    const run = await list({}, '--max-wait 1s --json');
    expect(JSON.parse(run.stderr).error).toMatchObject({
      code: 'rate_limited',
      hint: 'Try again in 1m 1s, or use a longer --max-wait.',
    });
  });

  test('names --timeout if that ends first', async () => {
    await fill();
    const run = await bed.dnx(`deploy ${seeded.sites['shop.example.com']} --server ${seeded.servers['web-1']} --timeout 20s`);
    expect(run).toExit(9, { stdout: '', waited: 0, calls: [], stderr: hint('1m 1s', '--timeout', ' Nothing was changed.') });
  });

  test.each([
    ['--max-wait soon', {}, "--max-wait must be a duration such as 90s, 15m or 2h, not 'soon'."],
    ['', { DNX_MAX_WAIT: '1 day' }, "DNX_MAX_WAIT must be a duration such as 90s, 15m or 2h, not '1 day'."],
    ['', { DNX_RATE_LIMIT: '60/' }, "DNX_RATE_LIMIT is not a valid limit: '60/'."],
    ['', { DNX_RATE_LIMIT: '-1' }, "DNX_RATE_LIMIT is not a valid limit: '-1'."],
    ['', { DNX_RATE_LIMIT: '60/2h' }, "DNX_RATE_LIMIT is not a valid limit: '60/2h'."],
    ['', { DNX_RATE_LIMIT: 'fast' }, "DNX_RATE_LIMIT is not a valid limit: 'fast'."],
  ])('invalid values exit 2: %s %o', async (flags, env, words) => {
    await expect(list({ env }, flags)).toExit(2, { stdout: '', calls: [], says: words });
  });
});

describe('DNX_RATE_LIMIT', () => {
  test.each([
    ['2', 61_000],
    ['2/1m', 61_000],
    ['2/6s', 6_100],
    ['2/600ms', 610],
  ])('%s waits %i ms before the third request', async (limit, ms) => {
    const env = { DNX_RATE_LIMIT: limit };
    for (const wait of [0, 0, ms]) await expect(list({ env })).toExit(0, { waited: wait });
  });

  test.each(['off', '0', '5000'])('%s counts nothing', async (limit) => {
    await fill({ env: { DNX_RATE_LIMIT: limit } });
    await expect(list({ env: { DNX_RATE_LIMIT: limit } })).toExit(0, { stderr: 'Rate limited; retrying in 1m\n', waited: 60_000 });
  });
});

describe('dnx api --rate', () => {
  const rate = async (options?: RunOptions) => (await bed.dnx('api --rate --json', options)).json();

  test('prints what is left, without a request', async () => {
    expect(await rate()).toEqual({
      limit: 60,
      window_s: 60,
      used: 0,
      remaining: 60,
      next_at: null,
      blocked_until: null,
      source: 'assumed',
    });
    await fill({}, 1);
    expect(await rate()).toMatchObject({ limit: LIMIT, used: 1, remaining: 4, source: 'reported' });
    expect(await rate({ env: { DNX_RATE_LIMIT: '3/5s' } })).toMatchObject({ limit: 3, window_s: 5, used: 1, source: 'configured' });
    expect(await rate({ env: { DNX_RATE_LIMIT: 'off' } })).toMatchObject({ limit: null, used: null, remaining: null });
    expect(bed.sandbox.calls).toHaveLength(1);
  });

  test('prints when the next request is possible', async () => {
    await fill();
    const next_at = new Date(bed.clock.now() + FREE_S * 1_000).toISOString();
    expect(await rate()).toMatchObject({ used: LIMIT, remaining: 0, next_at });
  });

  test('prints a record for people', async () => {
    await fill({}, 1);
    const run = await bed.dnx('api --rate', { columns: 80, env: { NO_COLOR: '1' } });
    expect(run).toExit(0, { calls: [], stdout: expect.stringMatching(/Limit +5 in 1m \(reported\)/) });
    expect(run.stdout).toMatch(/Used +1\n/);
    expect(run.stdout).toMatch(/Remaining +4\n/);
    expect(run.stdout).toMatch(/Next request +–\n/);
  });

  test('prints until when the API refuses requests', async () => {
    bed.sandbox.faults.next({ method: 'GET' }, { status: 429, headers: { 'Retry-After': '30' } });
    await expect(list({}, '--max-wait 1s')).toExit(9);
    const { stdout } = await bed.dnx('api --rate');
    const at = `${new Date(bed.clock.now() + 30_000).toISOString().slice(0, 16)}:\\d\\dZ`;
    expect(stdout).toMatch(new RegExp(`Next request +${at}\nBlocked until +${at}\n`));
  });

  test.each([
    ['api --rate GET /user', '--rate sends no request, so it takes no method and path.'],
    ['api', 'Missing <path>.'],
    ['api GET', 'Missing <path>.'],
  ])('%s is a usage error', async (line, words) => {
    await expect(bed.dnx(line)).toExit(2, { stdout: '', calls: [], says: words });
  });
});

test('the state file contains no token', async () => {
  await fill({}, 1);
  const text = readFileSync(join(bed.directory, 'state/budget.json'), 'utf8');
  expect(Object.keys(JSON.parse(text))).toEqual([expect.stringMatching(/^[\da-f]{14}$/)]);
  expect(text).not.toContain(bed.sandbox.token.slice(3));
});
