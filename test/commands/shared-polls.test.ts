import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import type { ApiResponse } from '../../src/sandbox/index.ts';
import { type Bed, openBed, openLimitedBed, type Run } from '../support/dnx.ts';
import { fleet, recorder } from '../support/fleet.ts';
import { withRows } from '../support/platform.ts';
import { leading } from '../support/volume.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openLimitedBed();
});
afterEach(() => bed.close());

const LIST = 'GET /servers/#/sites';
const SITE = 'GET /servers/#/sites/#';
const RELEASES = 'GET /servers/#/sites/#/releases';
const lists = { method: 'GET', path: /^\/servers\/\w+\/sites$/ };

const outcomes = (run: Run) => run.json<{ outcome: string | null }[]>().map(({ outcome }) => outcome);
const all = (count: number, outcome: string) => Array.from({ length: count }, () => outcome);
const posts = () => bed.sandbox.calls.filter(({ method, status }) => method === 'POST' && status !== 429);

/** The response of the API with other items. */
const items = (change: Parameters<typeof withRows>[1]) => (answer: ApiResponse) => withRows(answer, change);

describe('many sites', () => {
  const env = { DNX_RATE_LIMIT: '20' };
  const limitTo20 = async () => {
    await bed.close();
    bed = await openBed({ rateLimit: 20 });
  };

  test.each(leading(['', '--concurrency 8', '--concurrency 20'], 1))(
    '24 on 4 servers with --wait %s need at most 60 requests a minute',
    async (words) => {
      const sites = fleet(bed, 4, 24);
      const { through, calls, most } = recorder(bed);
      const run = await bed.dnx(`deploy ${sites.join(' ')} --wait ${words} --json`, { through });
      expect(run).toExit(0);
      expect(outcomes(run)).toEqual(all(24, 'succeeded'));
      expect(posts()).toHaveLength(24);
      expect(calls.filter(({ status }) => status === 429)).toEqual([]);
      expect(most()).toBeLessThanOrEqual(60);
      expect(run.waited).toBeLessThan(180_000);
      const soon = run.json<{ duration_s: number }[]>().filter(({ duration_s }) => duration_s < 30);
      expect(soon.length).toBeGreaterThan(15);
    },
  );

  test('by name, after as many requests that look them up', async () => {
    fleet(bed, 4, 20);
    const { through, calls, most } = recorder(bed);
    const names = bed.sandbox.state.sites.map(({ domain }) => domain);
    const run = await bed.dnx(`deploy ${names.join(' ')} --wait --concurrency 20 --json`, { through });
    expect([run.code, calls.filter(({ status }) => status === 429), most() <= 60]).toEqual([0, [], true]);
  });

  test('while another command has used up most of the limit', async () => {
    await limitTo20();
    const sites = fleet(bed, 1, 2);
    for (let used = 0; used < 10; used++) await bed.dnx('server list', { env }).then(({ code }) => expect(code).toBe(0));
    const { through, calls } = recorder(bed);
    const run = await bed.dnx(`deploy ${sites.join(' ')} --wait --concurrency 2 --json`, { through, env });
    expect([run.code, calls.filter(({ status }) => status === 429)]).toEqual([0, []]);
    expect(run.stderr.match(/^.*rate limit.*$/gim)).toEqual([expect.stringMatching(/^Waiting for the rate limit: \d.*s$/)]);
  });

  test('start when their requests fit, which is not limited by --timeout', async () => {
    await limitTo20();
    const sites = fleet(bed, 1, 2);
    for (let used = 0; used < 16; used++) await bed.dnx('server list', { env }).then(({ code }) => expect(code).toBe(0));
    const run = await bed.dnx(`deploy ${sites.join(' ')} --concurrency 2 --timeout 30s --json`, { env });
    expect([run.code, run.waited > 60_000, outcomes(run)]).toEqual([0, true, all(2, 'succeeded')]);
  });

  test('are read right before their requests, even with a low limit', async () => {
    const { through, calls } = recorder(bed);
    const run = await bed.dnx(`deploy ${fleet(bed, 2, 4).join(' ')} --json`, { through, env: { DNX_RATE_LIMIT: '6' } });
    expect(outcomes(run)).toEqual(all(4, 'succeeded'));
    for (const { path, at } of calls.filter(({ method }) => method === 'POST')) {
      const releases = calls.filter((call) => call.path === path.replace('deploy', 'releases') && call.at <= at);
      expect(at - (releases.at(-1)?.at ?? 0)).toBeLessThan(1_000);
    }
  });

  test('are deployed even if their first requests are more than the limit', async () => {
    const run = await bed.dnx(`deploy ${fleet(bed, 1, 3).join(' ')} --json`, { env: { DNX_RATE_LIMIT: '2' } });
    expect(outcomes(run)).toEqual(all(3, 'succeeded'));
  });

  test('without the right to list sites', async () => {
    const sites = fleet(bed, 4, 20);
    bed.sandbox.faults.always(lists, { status: 403, body: { message: 'Invalid ability provided.' } });
    const { through, calls, most, count } = recorder(bed);
    const run = await bed.dnx(`deploy ${sites.join(' ')} --wait --json`, { through });
    expect(outcomes(run)).toEqual(all(20, 'succeeded'));
    expect([calls.filter(({ status }) => status === 429), most() <= 60, count(LIST)]).toEqual([[], true, 4]);
  });

  test('with a higher limit, in less time', async () => {
    const wide = await openBed({ rateLimit: 600 });
    const run = await wide.dnx(`deploy ${fleet(wide, 4, 20).join(' ')} --wait --concurrency 20 --json`);
    await wide.close();
    expect([outcomes(run), run.waited < 60_000]).toEqual([all(20, 'succeeded'), true]);
  });

  test('causes no warning of Node about listeners', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error) => warnings.push(name);
    process.on('warning', note);
    await expect(bed.dnx(`deploy ${fleet(bed, 1, 20).join(' ')} --concurrency 20 --json`)).toExit(0);
    await new Promise(setImmediate);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('sites of one server', () => {
  test('share the reads of its list, also before the request', async () => {
    const { through, count } = recorder(bed);
    const run = await bed.dnx(`deploy ${fleet(bed, 1, 5).join(' ')} --concurrency 5 --json`, { through });
    expect(outcomes(run)).toEqual(all(5, 'succeeded'));
    // One comparison with the list, and for each site the releases before the request and at the end.
    expect([count(SITE), count(RELEASES)]).toEqual([1, 10]);
    expect(count(LIST)).toBeLessThan(8);
  });

  test('of which only one is deployed, is read alone', async () => {
    const { through, count } = recorder(bed);
    const [first, second] = fleet(bed, 2, 4);
    await expect(bed.dnx(`deploy ${first} ${second} --json`, { through })).toExit(0);
    expect(count(LIST)).toBe(0);
  });

  test('one is missing from the list: it is read alone', async () => {
    const sites = fleet(bed, 1, 3);
    bed.sandbox.faults.always(
      lists,
      items((rows) => rows.filter(({ domain }) => domain !== 's1.example.com')),
    );
    const { through, calls, count } = recorder(bed);
    expect(outcomes(await bed.dnx(`deploy ${sites.join(' ')} --json`, { through }))).toEqual(all(3, 'succeeded'));
    const alone = calls.filter(({ path }) => path.endsWith('/sites/01J00000000000000000000001'));
    expect(alone.length).toBeGreaterThan(1);
    expect(count(SITE)).toBe(alone.length + 1);
  });

  test.each([
    ['without their status', ({ status: _, ...rest }: Record<string, unknown>) => rest],
    ['with another status', (row: Record<string, unknown>) => ({ ...row, status: 'enabled' })],
  ])('listed %s, are read alone', async (_, change) => {
    const sites = fleet(bed, 1, 3);
    bed.sandbox.faults.always(
      lists,
      items((rows) => rows.map(change)),
    );
    const { through, count } = recorder(bed);
    expect(outcomes(await bed.dnx(`deploy ${sites.join(' ')} --json`, { through }))).toEqual(all(3, 'succeeded'));
    expect(count(SITE)).toBeGreaterThan(8);
  });

  test('one fails, and another is deployed by someone else', async () => {
    const sites = fleet(bed, 1, 6);
    const { state } = bed.sandbox;
    bed.sandbox.faults.always({ method: 'POST', path: /0002\/deploy$/ }, (answer) => {
      for (const each of state.deployments) if (each.site_id.endsWith('0002')) each.fails = true;
      return answer;
    });
    bed.clock.at(5_000, () => bed.sandbox.deployElsewhere('01J00000000000000000000004'));
    const run = await bed.dnx(`deploy ${sites.join(' ')} --concurrency 6 --json`);
    expect(run).toExit(12);
    expect(outcomes(run)).toEqual(['succeeded', 'succeeded', 'failed', 'succeeded', 'superseded', 'succeeded']);
  });

  test('whose status shows no work are known by their releases', async () => {
    const sites = fleet(bed, 1, 6);
    const idle = (row: Record<string, unknown>) => ({ ...row, status: 'active', updated_at: null, last_deployed_at: null });
    bed.sandbox.faults.always(
      lists,
      items((rows) => rows.map(idle)),
    );
    bed.sandbox.faults.always({ method: 'GET', path: /\/sites\/\w+$/ }, (answer) => {
      const body = structuredClone(answer.body) as { data: Record<string, unknown> };
      return { ...answer, body: { data: idle(body.data) } } as ApiResponse;
    });
    const { through, most } = recorder(bed);
    const run = await bed.dnx(`deploy ${sites.join(' ')} --concurrency 6 --json`, { through });
    expect(outcomes(run)).toEqual(all(6, 'succeeded'));
    expect([run.waited < 60_000, most() <= 60]).toEqual([true, true]);
  });
});

describe('a shared read', () => {
  test('that fails is one fault for each, and the fifth in a row ends every wait', async () => {
    const sites = fleet(bed, 1, 3);
    const polls = (request: { method: string; url: string }) => /sites\?/.test(request.url) && posts().length === 3;
    const { through, count } = recorder(bed, async (request) => {
      if (polls(request)) bed.sandbox.faults.next(lists, 'drop');
    });
    const run = await bed.dnx(`deploy ${sites.join(' ')} --json`, { through });
    expect(run).toExit(12);
    expect(run.json<{ error: { message: string } }[]>().map(({ error }) => error.message)).toEqual(
      ['s0', 's1', 's2'].map((name) => expect.stringContaining(`Lost contact with ${name}.example.com`)),
    );
    expect(run.waited).toBeGreaterThan(20_000);
    expect(count(LIST)).toBe(1);
    expect(bed.sandbox.calls.filter(({ path, status }) => path.endsWith('/sites') && status === 0)).toHaveLength(5);
  });

  test('ends at Ctrl-C for all', async () => {
    const sites = fleet(bed, 1, 3);
    const stop = new AbortController();
    bed.sandbox.faults.always(lists, (answer) => {
      if (posts().length === 3) stop.abort(new DnxError('interrupted', 'Interrupted.'));
      return answer;
    });
    const run = await bed.dnx(`deploy ${sites.join(' ')}`, { signal: stop.signal });
    expect([run.code, run.stdout.match(/ started /g)]).toEqual([130, all(3, ' started ')]);
    expect(run.stderr.match(/Resume with: dnx watch/g)).toHaveLength(3);
  });

  test('ends at --timeout for all', async () => {
    const run = await bed.dnx(`deploy ${fleet(bed, 1, 3).join(' ')} --timeout 8s --json`);
    expect([run.code, run.waited, outcomes(run)]).toEqual([12, 8_000, all(3, 'timed_out')]);
  });

  test('is followed by the releases again after a fault', async () => {
    const sites = fleet(bed, 1, 10);
    bed.clock.at(11_500, () => bed.sandbox.faults.next({ method: 'GET', path: /\/releases$/ }, 'drop', 10));
    const run = await bed.dnx(`deploy ${sites.join(' ')} --concurrency 10 --json`);
    expect([outcomes(run), run.waited < 30_000]).toEqual([all(10, 'succeeded'), true]);
  });

  test('serves those who wait for another deployment', async () => {
    const sites = fleet(bed, 1, 4);
    for (const { id } of bed.sandbox.state.sites) bed.sandbox.deployElsewhere(id);
    const { through, count } = recorder(bed);
    const run = await bed.dnx(`deploy ${sites.join(' ')} --if-running wait --json`, { through });
    expect([outcomes(run), posts().length]).toEqual([all(4, 'succeeded'), 4]);
    // Alone: the comparison, and each site once more before its request.
    expect(count(SITE)).toBe(5);
  });

  test('serves attached sites, too, and the events of each', async () => {
    const sites = fleet(bed, 1, 4);
    for (const { id } of bed.sandbox.state.sites) bed.sandbox.deployElsewhere(id);
    const { through, count } = recorder(bed);
    const run = await bed.dnx(`deploy ${sites.join(' ')} --if-running attach -o ndjson`, { through });
    expect([run.code, posts().length, count(SITE)]).toEqual([0, 0, 1]);
    const lines = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; target: string; status: string });
    for (const { domain } of bed.sandbox.state.sites) {
      const events = lines.filter(({ target }) => target === domain).map(({ status }) => status);
      expect(events).toEqual(['deploying', 'active']);
    }
  });
});
