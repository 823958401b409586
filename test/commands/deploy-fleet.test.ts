import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openLimitedBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { fleet } from '../support/fleet.ts';
import { withRows } from '../support/platform.ts';

const bed = perTest(openLimitedBed);

const posts = () => bed.sandbox.calls.filter(({ method, status }) => method === 'POST' && status === 202).length;
const outcomes = (run: Run) => run.json<{ outcome: string }[]>().map(({ outcome }) => outcome);
const failing = (...numbers: readonly number[]) =>
  bed.sandbox.faults.always({ method: 'POST', path: /deploy$/ }, (answer) => {
    for (const each of bed.sandbox.state.deployments) each.fails ||= numbers.includes(Number(each.site_id.slice(-4)));
    return answer;
  });

/** Deploys 40 sites on 8 servers with this many runners, each with a home of its own. */
async function deployWith(runners: number, options = '') {
  await bed.clock.sleep(120_000);
  const sites = fleet(bed, 8, 40);
  const before = { at: bed.clock.elapsed(), calls: bed.sandbox.calls.length };
  const runs = await Promise.all(
    Array.from({ length: runners }, (_, runner) => {
      const share = sites.filter((_, index) => Math.floor((index * runners) / sites.length) === runner);
      const home = (name: string) => join(bed.directory, `${runners}-${runner}`, name);
      const env = { CI: 'true', DNX_STATE_DIR: home('state'), DNX_CACHE_DIR: home('cache'), DNX_CONFIG_DIR: home('config') };
      return bed.dnx(`deploy ${share.join(' ')} --json ${options}`, { env });
    }),
  );
  expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
  return { seconds: (bed.clock.elapsed() - before.at) / 1_000, requests: bed.sandbox.calls.length - before.calls };
}

// Measured: 183 s and 160 requests by one process, 200 s and 171 requests with --concurrency 4, and 183 s and 236 requests by ten machines.
test('one process needs no more time than ten machines, which need at most 1.5 times its requests', async () => {
  // Code that is loaded in the meantime would count as time.
  await expect(bed.dnx('deploy shop.example.com blog.example.com')).toExit(0);
  const before = posts();
  const one = await deployWith(1);
  const few = await deployWith(1, '--concurrency 4');
  const ten = await deployWith(10);
  expect(posts() - before).toBe(120);
  expect(one.seconds).toBeLessThanOrEqual(1.05 * ten.seconds);
  expect(few.seconds).toBeLessThanOrEqual(1.25 * ten.seconds);
  expect(ten.requests).toBeLessThanOrEqual(1.5 * one.requests);
}, 60_000);

describe('without --concurrency', () => {
  /** The most deployments at a time, of those that pass. */
  const most = (run: Run, passes: (result: { server: string }) => boolean = () => true) => {
    const results = run.json<{ server: string; started_at: string; finished_at: string }[]>().filter(passes);
    const overlapping = (at: string) => results.filter(({ started_at, finished_at }) => started_at <= at && at < finished_at).length;
    return Math.max(...results.map(({ started_at }) => overlapping(started_at)));
  };

  test('four sites of each server are deployed at a time', async () => {
    fleet(bed, 2, 10);
    const run = await bed.dnx('deploy --all --yes --json');
    expect([most(run), most(run, ({ server }) => server === 'w0'), most(run, ({ server }) => server === 'w1')]).toEqual([8, 4, 4]);
  });

  test('four in all with --max-failures, so that few have started when one fails', async () => {
    fleet(bed, 2, 10);
    failing(...Array.from({ length: 10 }, (_, site) => site));
    await expect(bed.dnx('deploy --all --yes --max-failures 1')).toExit(12, { says: '4 failed, 6 not started' });
    expect(posts()).toBe(4);
  });
});

describe('deploy --all', () => {
  test('deploys the sites of every server, and says how many that are', async () => {
    fleet(bed, 2, 4);
    await expect(bed.dnx('deploy --all')).toExit(2, {
      says: '--all would deploy 4 sites on 2 servers: w0/s0.example.com, w0/s2.example.com',
    });
    const run = await bed.dnx('deploy --all --yes --json');
    expect([run.code, outcomes(run).length, posts()]).toEqual([0, 4, 4]);
  });

  test('keeps to the servers of --server, and to that of DNX_SERVER', async () => {
    fleet(bed, 3, 6);
    const two = await bed.dnx('deploy --all --server w0 --server w2 --yes --json');
    expect([...new Set(two.json<{ server: string }[]>().map(({ server }) => server))]).toEqual(['w0', 'w2']);
    const one = await bed.dnx('deploy --all --yes --json', { env: { DNX_SERVER: 'w1' } });
    expect([...new Set(one.json<{ server: string }[]>().map(({ server }) => server))]).toEqual(['w1']);
    await expect(bed.dnx('deploy s0.example.com --server w0 --server w2')).toExit(2, { says: 'Several servers need --all.' });
  });

  test('says what narrows it to one server', async () => {
    fleet(bed, 2, 4);
    const says = '--all would deploy 2 sites of w1 (from DNX_SERVER): s1.example.com, s3.example.com.';
    await expect(bed.dnx('deploy --all', { env: { DNX_SERVER: 'w1' } })).toExit(2, { says });
    await expect(bed.dnx('deploy --all --server w1', { env: { DNX_SERVER: 'w0' } })).toExit(2, { says: 'deploy 2 sites of w1: s1' });
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ server: 'w0' }));
    const linked = await bed.dnx('deploy --all', { columns: 80, keys: 'n\r', cwd: bed.directory });
    expect(linked).toExit(1, { says: ['Every site of w0 (from the link file):', 'Deploy all 2 sites of w0 (from the link file)?'] });
    expect(posts()).toBe(0);
  });

  test.each(['', '--server w0 --server w1'])(
    '%s fails before it deploys anything if the sites of a server cannot be read',
    async (words) => {
      fleet(bed, 2, 4);
      bed.sandbox.faults.always({ path: /SRV01\/sites$/ }, { status: 403, body: { message: 'Invalid ability provided.' } });
      await expect(bed.dnx(`deploy --all ${words} --yes`)).toExit(5, { says: '  server  w1\n' });
      expect(posts()).toBe(0);
    },
  );

  test('has nothing to deploy without servers or sites', async () => {
    fleet(bed, 2, 0);
    await expect(bed.dnx('deploy --all --yes')).toExit(2, { says: 'Nothing to deploy: there are no sites.' });
    bed.sandbox.state.servers = [];
    await expect(bed.dnx('deploy --all --yes')).toExit(2, { says: 'Nothing to deploy: there are no sites.' });
  });

  test('names what to resume after Ctrl-C, and what was not started', async () => {
    fleet(bed, 2, 6);
    const run = await bed.dnx('deploy --all --concurrency 2 --yes --json', { interruptAt: 6_000 });
    expect([run.code, posts()]).toEqual([130, 2]);
    expect(outcomes(run)).toEqual(['started', 'started', ...Array.from({ length: 4 }, () => 'not_started')]);
    for (const name of ['s0', 's2']) expect(run.stderr).toContain(`dnx watch ${name}.example.com --server w0`);
  });

  test('needs what reads the lists of servers and sites', async () => {
    const run = await bed.dnx("token abilities --for 'deploy --all' --json");
    expect(run.json<{ ability: string }[]>().map(({ ability }) => ability)).toEqual(['site:deploy', 'server:read', 'site:read']);
  });
});

describe('--canary', () => {
  test('is deployed first, and if it fails, no other is started', async () => {
    fleet(bed, 1, 4);
    failing(2);
    const run = await bed.dnx('deploy --all --canary s2.example.com --yes --json');
    expect(run).toExit(12, { says: '1 failed, 3 not started' });
    expect([outcomes(run), posts()]).toEqual([['not_started', 'not_started', 'failed', 'not_started'], 1]);
  });

  test('is followed by the others', async () => {
    fleet(bed, 1, 3);
    const run = await bed.dnx('deploy --all --canary s2.example.com --yes --json');
    const first = bed.sandbox.calls.find(({ method }) => method === 'POST');
    expect([run.code, posts(), first?.path]).toEqual([0, 3, expect.stringMatching(/0002\/deploy$/)]);
  });

  test.each([
    [6_000, ['not_started', 'not_started', 'started', 'not_started']],
    [22_000, ['started', 'not_started', 'succeeded', 'not_started']],
  ])('Ctrl-C after %i ms starts nothing else', async (interruptAt, expected) => {
    fleet(bed, 1, 4);
    const run = await bed.dnx('deploy --all --canary s2.example.com --concurrency 1 --yes --json', { interruptAt });
    expect([run.code, outcomes(run), posts()]).toEqual([130, expected, expected.length - run.stdout.split('not_started').length + 1]);
    expect(run.stderr).toContain(`dnx watch s${expected.indexOf('started')}.example.com --server w0`);
  });

  test.each([80, 40])('is first in a dry run, %i columns wide', async (columns) => {
    fleet(bed, 2, 4);
    const run = await bed.dnx('deploy --all --canary w1/s3.example.com --dry-run', { columns });
    const lines = run.stdout.split('\n');
    expect([lines[0], lines[1]]).toEqual(['* deploy s3.example.com (w1)', expect.stringContaining('  canary   if it fails, no other is')]);
    expect(lines.filter((line) => line.startsWith('* deploy')).map((line) => line.slice(9, 11))).toEqual(['s3', 's0', 's2', 's1']);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
  });

  test('is marked in the plan', async () => {
    fleet(bed, 1, 3);
    const run = await bed.dnx('deploy --all --canary s2.example.com --dry-run --json');
    const { changes } = run.json<{ changes: { about: { canary?: boolean }[] }[] }>();
    expect(changes.map(({ about }) => about.some(({ canary }) => canary))).toEqual([true, false, false]);
  });

  test('of a name on several servers needs the server', async () => {
    fleet(bed, 2, 2);
    for (const site of bed.sandbox.state.sites) site.domain = 'app.example.com';
    await expect(bed.dnx('deploy --all --canary app.example.com --yes')).toExit(2, { says: ['means 2 sites', 'Use w0/app.example.com.'] });
    const run = await bed.dnx('deploy --all --canary w1/app.example.com --yes');
    expect([run.code, bed.sandbox.calls.find(({ method }) => method === 'POST')?.path]).toEqual([0, expect.stringContaining('SRV01')]);
  });

  test.each([
    ['deploy s0.example.com --canary s0.example.com', '--canary needs several sites.'],
    ['deploy --all --yes --canary other.example.com', "--canary must be one of the sites, not 'other.example.com'."],
  ])('%s is refused', async (line, words) => {
    fleet(bed, 1, 3);
    await expect(bed.dnx(line)).toExit(2, { says: words });
    expect(posts()).toBe(0);
  });
});

test('--max-failures says how many were not started', async () => {
  fleet(bed, 1, 10);
  failing(0, 1);
  const run = await bed.dnx('deploy --all --yes --concurrency 1 --max-failures 2 --json');
  expect(run).toExit(12, { says: '2 failed, 8 not started' });
  expect(outcomes(run).filter((outcome) => outcome === 'not_started')).toHaveLength(8);
});

test('in CI a command waits for the rate limit as long as it may take', async () => {
  bed.sandbox.faults.always({ path: '/servers' }, { status: 429, headers: { 'Retry-After': '300' } });
  await expect(bed.dnx('server list')).toExit(9, { waited: 0 });
  await expect(bed.dnx('server list', { env: { CI: 'true' } })).toExit(9, { waited: 900_000 });
});

describe('a deployment that another dnx on this machine requested a second ago', () => {
  const twice = async (words: string) => {
    await expect(bed.dnx('deploy shop.example.com --no-wait')).toExit(0);
    await bed.clock.sleep(1_000);
    return bed.dnx(`deploy shop.example.com --json ${words}`);
  };

  test('stops --if-running fail', async () => {
    await expect(twice('--if-running fail')).toExit(10, { says: 'shop.example.com is already queued.' });
    expect(posts()).toBe(1);
  });

  test('is waited for, or followed', async () => {
    const waited = await twice('--if-running wait');
    expect([waited.code, waited.json().outcome, posts(), waited.stderr.match(/is busy/g)]).toEqual([0, 'succeeded', 2, ['is busy']]);
    const attached = await twice('--if-running attach');
    expect([attached.code, attached.json().outcome, posts()]).toEqual([0, 'succeeded', 3]);
  });
});

describe('if the rate limit delays the request, and another deployment begins meanwhile', () => {
  const POST = { method: 'POST', path: /deploy$/ };
  const shop = seeded.sites['shop.example.com'];

  const delayed = async (words: string, seconds: string) => {
    bed.sandbox.faults.next(POST, { status: 429, headers: { 'Retry-After': seconds } });
    bed.clock.at(bed.clock.elapsed() + 500, () => bed.sandbox.deployElsewhere(shop));
    return bed.dnx(`deploy shop.example.com --json ${words}`);
  };

  test('--if-running fail deploys nothing', async () => {
    await expect(delayed('--if-running fail', '6')).toExit(10, { says: 'shop.example.com is already deploying. Nothing was deployed.' });
    expect(posts()).toBe(0);
  });

  test('one that has ended by then does not supersede it', async () => {
    const run = await delayed('--if-running fail', '30');
    expect([run.code, run.json(), posts()]).toEqual([0, expect.objectContaining({ outcome: 'succeeded' }), 1]);
  });

  test('--if-running wait deploys after it, and attach follows it', async () => {
    const waited = await delayed('--if-running wait', '4');
    expect([waited.code, waited.json().outcome, posts(), waited.stderr.match(/is busy/g)]).toEqual([0, 'succeeded', 1, ['is busy']]);
    const attached = await delayed('--if-running attach', '4');
    expect([attached.code, attached.json().outcome, posts()]).toEqual([0, 'succeeded', 1]);
  });

  test('a short delay, and a site that stays idle, change nothing', async () => {
    await expect(delayed('--if-running fail --no-wait', '1')).toExit(0);
    bed.sandbox.faults.next(POST, { status: 429, headers: { 'Retry-After': '30' } });
    await expect(bed.dnx('deploy blog.example.com --if-running fail')).toExit(0);
    expect(posts()).toBe(2);
  });

  test('a delay longer than --max-wait exits with 9', async () => {
    await expect(delayed('--if-running fail --max-wait 10s', '30')).toExit(9, { says: 'Nothing was changed.' });
    expect(posts()).toBe(0);
  });
});

test('a request that the rate limit never let go is not to be watched', async () => {
  const line = `deploy ${seeded.sites['shop.example.com']} --server ${seeded.servers['web-1']} --max-wait 1s`;
  const run = await bed.dnx(line, { env: { DNX_RATE_LIMIT: '2' } });
  expect(run).toExit(9, { says: 'Nothing was changed.' });
  expect([posts(), run.stderr]).toEqual([0, expect.not.stringContaining('dnx watch')]);
});

test('of two deployments of one commit at once, the newer one being live is a success', async () => {
  bed.sandbox.faults.always({ path: /releases$/ }, (answer) =>
    withRows(answer, (rows) => rows.map((row) => ({ ...row, commit_hash: '0123456789abcdef0123456789abcdef01234567' }))),
  );
  bed.clock.at(1_000, () => bed.sandbox.deployElsewhere(seeded.sites['shop.example.com']));
  const run = await bed.dnx('deploy shop.example.com --json');
  const live = bed.sandbox.state.releases.find(({ site_id, active }) => site_id === seeded.sites['shop.example.com'] && active);
  expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ outcome: 'succeeded', release: live?.name, live: live?.name })]);
});

describe('the times of the API do not keep several sites waiting', () => {
  const words = 'deploy --all --server web-1 --canary shop.example.com --verify-cmd check --yes --json';

  test('after a rollback', async () => {
    await expect(bed.dnx(`${words} --rollback-on-fail`, { child: () => 1 })).toExit(12);
    const run = await bed.dnx(words, { child: () => 0 });
    expect([run.code, run.waited < 120_000]).toEqual([0, true]);
  });

  test('if they mean something else', async () => {
    for (const site of bed.sandbox.state.sites) site.last_deployed_at = '2026-04-16T11:59:59Z';
    await expect(bed.dnx(words, { child: () => 0 })).toExit(0);
  });
});
