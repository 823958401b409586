import { describe, expect, test } from 'vitest';
import { seeded, timings } from '../../src/sandbox/index.ts';
import { openLimitedBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const shop = seeded.sites['shop.example.com'];
const ONE = timings.deployRuns;

const bed = perTest(openLimitedBed);

const installing = () => {
  const site = bed.sandbox.state.sites.find(({ id }) => id === shop);
  if (site) site.status = 'installing';
  bed.clock.at(4_000, () => {
    if (site) site.status = 'active';
  });
};

const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST').length;

describe('a deployment is already in progress', () => {
  test('and is followed without sending anything', async () => {
    bed.sandbox.deployElsewhere(shop);
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.stderr).toContain('A deployment of shop.example.com is already in progress; following it.');
    expect(run.json()).toMatchObject({ outcome: 'succeeded', release: '20260416_120000' });
    expect(posts()).toBe(0);
  });

  test('and its failure is the outcome', async () => {
    bed.sandbox.deployElsewhere(shop, { fails: true });
    await expect(bed.dnx('deploy shop.example.com')).toExit(1, { stdout: '' });
    expect(posts()).toBe(0);
  });

  test('and its success is reported as started elsewhere', async () => {
    bed.sandbox.deployElsewhere(shop);
    const run = await bed.dnx('deploy shop.example.com');
    expect(run.stdout).toMatch(/^✓ Deployment of shop\.example\.com succeeded in \d+s \(started elsewhere\)\n/);
  });

  test('--if-running wait deploys after it', async () => {
    bed.sandbox.deployElsewhere(shop, { fails: true });
    const run = await bed.dnx('deploy shop.example.com --if-running wait --json');
    expect(run.json()).toMatchObject({ outcome: 'succeeded' });
    expect(run.stderr).toContain('shop.example.com is busy; waiting for it to finish.');
    expect(posts()).toBe(1);
    expect(bed.sandbox.state.releases.filter(({ name }) => name.startsWith('20260416_1200')).map(({ status }) => status)).toEqual([
      'failed',
      'active',
    ]);
  });

  test('--if-running wait stops at --timeout', async () => {
    bed.sandbox.deployElsewhere(shop);
    const run = await bed.dnx('deploy shop.example.com --if-running wait --timeout 5s');
    expect(run).toExit(124, { stdout: '', says: 'Timed out while shop.example.com was busy. Nothing was deployed.' });
    expect(posts()).toBe(0);
  });

  test('--if-running fail exits 10', async () => {
    bed.sandbox.deployElsewhere(shop);
    const run = await bed.dnx('deploy shop.example.com --if-running fail');
    expect(run).toExit(10, { stdout: '', says: 'shop.example.com is already deploying. Nothing was deployed.' });
    expect(posts()).toBe(0);
  });

  test('and dnx asks what to do on a terminal', async () => {
    bed.sandbox.deployElsewhere(shop);
    const run = await bed.dnx('deploy shop.example.com', { columns: 100, keys: '\r' });
    expect(run.stderr).toContain('shop.example.com is already deploying. What would you like to do?');
    expect(run).toExit(0);
    expect(posts()).toBe(0);
  });

  test.each(['', ' --if-running attach'])('but it is a rollback: following it%s sends nothing and does not succeed', async (option) => {
    await expect(bed.dnx('rollback shop.example.com --yes --no-wait')).toExit(0);
    await bed.clock.sleep(timings.rollbackBegins);
    const run = await bed.dnx(`deploy shop.example.com${option} --json`);
    expect(run.json()).toMatchObject({ outcome: 'unknown', release: null });
    expect(run.stderr).toContain("the site's status is “active” again, but there is no new release");
    expect(posts()).toBe(1);
  });

  test('but it is a rollback: --if-running wait deploys after it', async () => {
    await expect(bed.dnx('rollback shop.example.com --yes --no-wait')).toExit(0);
    await bed.clock.sleep(timings.rollbackBegins);
    expect((await bed.dnx('deploy shop.example.com --if-running wait --json')).json()).toMatchObject({ outcome: 'succeeded' });
    expect(posts()).toBe(2);
  });

  test('but it is an installation: following it sends nothing and does not succeed', async () => {
    installing();
    const run = await bed.dnx('deploy shop.example.com --if-running attach --json');
    expect(run.json()).toMatchObject({ outcome: 'unknown', release: null });
    expect(run.stderr).toContain('shop.example.com is already installing; following it.');
    expect(posts()).toBe(0);
  });

  test('but it is an installation: dnx deploys after it', async () => {
    installing();
    expect((await bed.dnx('deploy shop.example.com --json')).json()).toMatchObject({ outcome: 'succeeded' });
    expect(posts()).toBe(1);
  });
});

describe('--no-wait with --if-running', () => {
  test('fail checks before the request', async () => {
    bed.sandbox.deployElsewhere(shop);
    await expect(bed.dnx('deploy shop.example.com --no-wait --if-running fail')).toExit(10, { stdout: '' });
    expect(posts()).toBe(0);
  });

  test('wait deploys afterwards without following', async () => {
    bed.sandbox.deployElsewhere(shop);
    const run = await bed.dnx('deploy shop.example.com --no-wait --if-running wait --json');
    expect(run.json()).toMatchObject({ outcome: 'started' });
    expect(run.stderr).toContain('shop.example.com is busy; waiting for it to finish.');
    expect(posts()).toBe(1);
    expect((await bed.dnx('site watch --json')).json()).toMatchObject({ outcome: 'succeeded' });
  });

  test('attach sends nothing', async () => {
    bed.sandbox.deployElsewhere(shop);
    const run = await bed.dnx('deploy shop.example.com --no-wait --if-running attach --json');
    expect([run.code, run.json(), posts()]).toEqual([0, expect.objectContaining({ outcome: 'started' }), 0]);
  });

  test('fails and sends nothing if the token cannot read the site', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['site:deploy']) };
    const run = await bed.dnx(`deploy ${shop} --server ${seeded.servers['web-1']} --no-wait --if-running fail`, { env });
    expect(run).toExit(5, { stdout: '' });
    expect(posts()).toBe(0);
  });
});

describe('another deployment starts', () => {
  test('after ours: superseded, although both succeed', async () => {
    bed.clock.at(timings.deployBegins + 1_000, () => bed.sandbox.deployElsewhere(shop));
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run).toExit(1);
    expect(run.json()).toMatchObject({ outcome: 'superseded', release: null });
    expect(run.stderr).toContain('2 deployments ran at the same time');
  });

  test('while ours fails: never a success', async () => {
    bed.sandbox.state.fail_deploys = true;
    bed.clock.at(timings.deployBegins + 1_000, () => bed.sandbox.deployElsewhere(shop, { fails: false }));
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'superseded' });
    expect(run).toExit(1);
  });

  test('before our rate-limited request: superseded', async () => {
    bed.sandbox.state.fail_deploys = true;
    bed.sandbox.faults.next({ method: 'POST', path: /deploy$/ }, { status: 429, headers: { 'Retry-After': '30' } });
    bed.clock.at(1_000, () => bed.sandbox.deployElsewhere(shop, { fails: false }));
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run).toExit(1);
    expect(run.json()).toMatchObject({ outcome: 'superseded' });
    expect(run.waited).toBeGreaterThan(30_000 + ONE);
  });

  test('and is a rollback: superseded, because our release is not live', async () => {
    let rollback: Promise<Run> | undefined;
    bed.clock.at(timings.deployBegins + 1_000, () => {
      rollback = bed.dnx('rollback shop.example.com --yes --no-wait');
    });
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'superseded', release: '20260416_120003' });
    expect(run.stderr).toContain('is live instead of 20260416_120003');
    await expect(rollback).toExit(0);
  });
});

test('contradictory evidence is unknown and described', async () => {
  bed.sandbox.faults.always({ method: 'GET', path: /\/releases$/ }, (answer) => ({
    ...answer,
    body: JSON.parse(
      JSON.stringify(answer.body).replace(/("name":"20260416_120003".*?"status":)"\w+","active":\w+/, '$1"active","active":false'),
    ),
  }));
  const run = await bed.dnx('deploy shop.example.com --json');
  expect(run).toExit(1);
  expect(run.json()).toMatchObject({ outcome: 'unknown', release: '20260416_120003' });
  expect(run.stderr).toContain("The result of the deployment of shop.example.com is unknown: the site's status is “active”, but release ");
});

test('a site that is renamed while dnx waits for it is not deployed', async () => {
  bed.sandbox.deployElsewhere(shop);
  bed.clock.at(bed.clock.elapsed() + 4_000, () => {
    for (const site of bed.sandbox.state.sites) if (site.id === shop) site.domain = 'old-shop.example.com';
  });
  const run = await bed.dnx('deploy shop.example.com --if-running wait');
  expect(run).toExit(6, { stdout: '', says: 'shop.example.com was renamed to old-shop.example.com. Nothing was changed.' });
  expect(run.calls.filter((call) => call.startsWith('POST'))).toEqual([]);
});
