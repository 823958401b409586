import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leaveLock, startHolder } from '../support/holder.ts';

const LIMIT = 6;
const env = { DNX_RATE_LIMIT: String(LIMIT) };
/** When a full window is free again. */
const FREE_MS = 61_000;

const bed = perTest(() => openBed({ rateLimit: LIMIT }));

const state = () => join(bed.directory, 'state');
const logs = () => readdirSync(join(state(), 'budget'));
const list = (given: Readonly<Record<string, string>> = env, flags = '') => bed.dnx(`server list -o ids ${flags}`, { env: given });
const used = async () => (await bed.dnx('api --rate --json', { env })).json<{ used: number }>().used;

async function use(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await expect(list()).toExit(0, { stderr: '', waited: 0 });
}

afterEach(() => expect(bed.sandbox.calls.filter(({ status }) => status === 429)).toEqual([]));

describe('other processes', () => {
  test('are not waited for: a lock beside the file is none of dnx', async () => {
    mkdirSync(state(), { recursive: true });
    leaveLock(join(state(), 'budget.json'), (await startHolder()).holder);
    await use(LIMIT);
    expect(await used()).toBe(LIMIT);
    await expect(list()).toExit(0, { waited: FREE_MS });
  });

  test('tell when the API refuses requests', async () => {
    mkdirSync(state(), { recursive: true });
    await use(1);
    const [key = ''] = logs()[0]?.split('.') ?? [];
    writeFileSync(join(state(), 'budget.json'), JSON.stringify({ [key]: { blocked_until: bed.clock.now() + 30_000 } }));
    await expect(list()).toExit(0, { waited: 30_000 });
  });

  test('that add a request first have its time', async () => {
    await use(LIMIT - 1);
    const [log = ''] = logs();
    const now = bed.clock.now();
    // Another process adds the last request of the window, and removes it again.
    appendFileSync(join(state(), 'budget', log), `\n${now} other`);
    await expect(list(env, '--max-wait 0')).toExit(9, { calls: [] });
    appendFileSync(join(state(), 'budget', log), `\n-${now}`);
    await expect(list(env, '--max-wait 0')).toExit(0, { calls: ['GET /servers'] });
  });
});

describe('the log of requests', () => {
  test.each([
    ['cut', '\n17763'],
    ['without numbers', '\nrequest\n\n{}\n'],
    ['of binary data', Buffer.from([10, 0, 255, 10, 200, 45])],
    ['with numbers that are no times', '\n-5\n1e300\nInfinity\n-Infinity\nNaN\n0x10'],
  ])('ignores lines that are %s', async (_, lines) => {
    await use(1);
    for (const name of logs()) appendFileSync(join(state(), 'budget', name), lines);
    await use(LIMIT - 1);
    expect(await used()).toBe(LIMIT);
    await expect(list()).toExit(0, { waited: FREE_MS });
  });

  test.each([
    ['a FIFO', (file: string) => void execFileSync('mkfifo', [file])],
    ['a directory', (file: string) => void mkdirSync(file)],
    ['too large', (file: string) => writeFileSync(file, '1\n'.repeat(1_000_000))],
  ])('is replaced by memory if it is %s', async (_, put) => {
    await use(1);
    for (const name of logs()) {
      rmSync(join(state(), 'budget', name));
      put(join(state(), 'budget', name));
    }
    const run = await bed.dnx('site list -o ids', { env: { DNX_RATE_LIMIT: '3' } });
    expect([run.code, run.calls.length, run.waited]).toEqual([0, 4, FREE_MS]);
  });

  test('counts requests across its files, and removes those that no longer matter', async () => {
    for (const count of [1, 2, 3, 3, 3, 3]) {
      await use(1);
      expect(await used()).toBe(count);
      await bed.clock.sleep(25_000);
    }
    writeFileSync(join(state(), 'budget/notes.txt'), '');
    await bed.clock.sleep(3 * FREE_MS);
    await use(1);
    expect(logs()).toEqual([expect.stringMatching(/^[\da-f]{14}\.\d+$/), 'notes.txt']);
  });

  test('counts requests for a window of an hour', async () => {
    const hourly = { DNX_RATE_LIMIT: '2/1h' };
    for (const waited of [0, 0, 3_660_000]) await expect(list(hourly, '--max-wait 2h')).toExit(0, { waited });
  });

  test('of a clock that was ahead by years is forgotten', async () => {
    bed.clock.ahead = 1e12;
    await use(1);
    bed.clock.ahead = 0;
    await use(1);
    expect(logs()).toHaveLength(1);
    // The API counted both.
    expect(await used()).toBe(2);
  });
});
