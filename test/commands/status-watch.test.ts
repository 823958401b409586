import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed, openLimitedBed, type Run, type RunOptions } from '../support/dnx.ts';
import { leading } from '../support/volume.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];
const MINUTE = 60_000;

let bed: Bed;
beforeEach(async () => {
  bed = await openLimitedBed();
});
afterEach(() => bed.close());

const watch = (words: string, interruptAt: number, options: RunOptions = {}) =>
  bed.dnx(`status ${shop} --server ${web1} --watch ${words}`, { interruptAt, ...options });
const events = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const site = () => {
  const found = bed.sandbox.state.sites.find(({ id }) => id === shop);
  if (!found) throw new Error('the seed has the shop');
  return found;
};

describe('elsewhere than on a terminal', () => {
  test('prints the state once, until Ctrl-C exits 130', async () => {
    const run = await watch('', 2 * MINUTE);
    expect(run).toExit(130, { stderr: '' });
    expect(run.stdout.match(/^Site /gm)).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing moves the cursor
    expect(run.stdout).not.toMatch(/\u001b/);
  });

  test('prints a block for each change', async () => {
    bed.clock.at(30_000, () => bed.sandbox.deployElsewhere(shop));
    const run = await watch('', 2 * MINUTE);
    const blocks = run.stdout.split('\n\n');
    expect(blocks.length).toBeGreaterThanOrEqual(3);
    expect(blocks[0]).toContain('643deaf');
    expect(blocks.slice(1, -1).some((block) => /^Deploying +[\da-f]{7} /m.test(block))).toBe(true);
    expect(blocks.at(-1)).toMatch(/^Release +(?!643deaf)[\da-f]{7} /m);
    expect(blocks.at(-1)).not.toContain('Deploying');
  });

  test('-o ndjson prints one object per change', async () => {
    bed.clock.at(30_000, () => bed.sandbox.deployElsewhere(shop));
    const run = await watch('-o ndjson', 2 * MINUTE);
    const found = events(run.stdout);
    expect(found.map((each) => each.site.status)).toEqual(expect.arrayContaining(['active', 'deploying']));
    expect(new Set(found.map(({ checked_at: _, ...each }) => JSON.stringify(each))).size).toBe(found.length);
    expect(found.at(-1).release.id).not.toBe(found[0].release.id);
  });

  test.each(['--json', '-o yaml', '-o csv'])('%s is refused', async (words) => {
    await expect(bed.dnx(`status ${shop} --server ${web1} --watch ${words}`)).toExit(2, { calls: [], stdout: '', says: '-o ndjson' });
  });
});

describe('within the rate limit', () => {
  /** The requests per minute after the first reading. */
  const perMinute = (run: Run, minutes: number) => (run.calls.length - 5) / minutes;

  test('an idle site costs at most 14 requests a minute, and what hardly changes is read once a minute', async () => {
    const run = await watch('', 3 * MINUTE);
    expect(run).toExit(130);
    expect(perMinute(run, 3)).toBeLessThanOrEqual(14);
    for (const path of ['certificates', 'queues']) expect(run.calls.filter((call) => call.endsWith(path)).length).toBeLessThanOrEqual(4);
  });

  test('a deployment costs at most 24 requests a minute', async () => {
    site().status = 'deploying';
    const run = await watch('', 3 * MINUTE);
    expect(run).toExit(130);
    const rate = perMinute(run, 3);
    expect([rate <= 24, rate > 15]).toEqual([true, true]);
  });

  test.each(leading([12, 20], 1))('of %i requests a minute, it waits instead of being refused', async (rateLimit) => {
    await bed.close();
    bed = await openBed({ rateLimit });
    const run = await watch('', 5 * MINUTE, { env: { DNX_RATE_LIMIT: String(rateLimit) } });
    expect(run).toExit(130);
    expect(bed.sandbox.calls.filter(({ status }) => status === 429)).toEqual([]);
    expect(run.stdout).not.toContain('reconnecting');
  });
});

describe('goes on', () => {
  const failing = (reply: Parameters<typeof bed.sandbox.faults.always>[1]) =>
    bed.sandbox.faults.always({ method: 'GET', path: '/servers/{server}/sites/{site}' }, reply);

  test.each(
    leading(
      [
        ['a dropped connection', 'drop', 3],
        ['HTML', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }, 3],
        ['a 500', { status: 500 }, 3],
        ['a 503', { status: 503 }, 3],
        ['a 429 of ten minutes', { status: 429, headers: { 'retry-after': '600' } }, 12],
      ] as const,
      2,
    ),
  )('after %s, and says that it is reconnecting', async (_, reply, minutes) => {
    bed.clock.at(20_000, () => void failing(reply));
    bed.clock.at(MINUTE, () => {
      bed.sandbox.faults.clear();
      site().branch = 'next';
    });
    const run = await watch('', minutes * MINUTE);
    expect(run).toExit(130, { stdout: expect.stringMatching(/^Checked +2026-04-16T12:00:\d\dZ, reconnecting: /m) });
    expect(run.stdout.split('\n\n').at(-1)).toMatch(/^Branch +next\n/m);
    expect(run.stdout.split('\n\n').at(-1)).not.toContain('reconnecting');
  });

  test.each(leading([{ data: null }, { data: 7 }, { data: [] }], 1))('with the last known site if the response is %j', async (body) => {
    bed.clock.at(20_000, () => void failing({ status: 200, body }));
    const run = await watch('-o ndjson', MINUTE);
    expect([run.code, events(run.stdout).length]).toEqual([130, 1]);
  });

  test('more and more slowly while nothing can be read', async () => {
    bed.clock.at(20_000, () => void failing({ status: 503 }));
    const run = await watch('', 5 * MINUTE);
    const readings = run.calls.filter((call) => call.endsWith(`/sites/${shop}`)).length;
    // About 50 without a pause.
    expect([run.code, readings >= 8 && readings <= 14], `${readings}`).toEqual([130, true]);
  });

  test('with the last known workers if they cannot be read', async () => {
    bed.clock.at(20_000, () => bed.sandbox.faults.always({ method: 'GET', path: /queues$/ }, { status: 500 }));
    const run = await watch('-o ndjson', 2 * MINUTE);
    expect([run.code, events(run.stdout).length]).toEqual([130, 1]);
  });
});

describe('ends', () => {
  test.each([
    [401, 4, { message: 'Unauthenticated.' }, /DNX_TOKEN was rejected/],
    [403, 5, { message: 'Invalid ability provided.' }, /dnx token create NAME --ability site:read/],
    [404, 6, { message: 'Not found.' }, /not found/i],
  ])('after a %d of the site with %d', async (status, code, body, says) => {
    bed.clock.at(20_000, () => bed.sandbox.faults.always({ method: 'GET', path: '/servers/{server}/sites/{site}' }, { status, body }));
    const run = await watch('', 15 * MINUTE);
    expect(run).toExit(code, { waited: 24_000 });
    expect(run.stderr).toMatch(says);
    expect(run.stdout.match(/^Site /gm)).toHaveLength(1);
  });

  test('if the first reading fails', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: '/servers/{server}/sites/{site}' }, 'drop');
    await expect(watch('', 15 * MINUTE)).toExit(13, { stdout: '' });
  });
});

describe('on a terminal', () => {
  const terminal: RunOptions = { columns: 80, env: { NO_COLOR: '1' } };

  test('replaces the state in a single write, without clearing the screen, and only if it differs', async () => {
    for (const [at, branch] of ['one', 'two', 'three', 'four'].entries()) bed.clock.at(at * 12_000 + 3_000, () => (site().branch = branch));
    const run = await watch('', MINUTE, { ...terminal, columns: 64 });
    expect(run).toExit(130);
    // At the end, the ^C of the terminal is removed.
    const frames = run.stdout.split('\u001b[J').slice(0, -1);
    expect([frames.length >= 6, frames.length <= 8], `${frames.length}`).toEqual([true, true]);
    // The first frame has 11 rows: the message takes two.
    for (const frame of frames.slice(1, -1)) expect(frame.startsWith('\r\u001b[11A')).toBe(true);
    expect(run.stdout).not.toContain('\u001b[2J');
    expect(run.stdout).toContain('Checked        just now');
  });

  test('--debug, whose lines would be drawn over, moves no cursor', async () => {
    const run = await watch('--debug', MINUTE, terminal);
    expect([run.code, run.stdout.includes('\u001b')]).toEqual([130, false]);
    expect(run.stdout.match(/^Site /gm)).toHaveLength(1);
  });

  test('TERM=dumb moves no cursor', async () => {
    const run = await watch('', MINUTE, { columns: 80, env: { NO_COLOR: '1', TERM: 'dumb' } });
    expect([run.code, run.stdout.includes('\u001b')]).toEqual([130, false]);
    expect(run.stdout.match(/^Site /gm)).toHaveLength(1);
  });
});
