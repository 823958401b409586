import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
const open = async (options: Parameters<typeof openBed>[0] = {}) => {
  bed = await openBed(options);
};
beforeEach(() => open());
afterEach(() => bed.close());

/** Performed requests; a 429 is not performed. */
const posts = () => bed.sandbox.calls.filter(({ method, status }) => method === 'POST' && status !== 429).map(({ path }) => path);
const site = (domain: keyof typeof seeded.sites) => `/servers/${seeded.servers['web-1']}/sites/${seeded.sites[domain]}`;

/** Makes the deployment of one site fail. */
const failing = (domain: string) =>
  bed.sandbox.faults.always({ method: 'POST', path: /\/deploy$/ }, (answer) => {
    const id = bed.sandbox.state.sites.find((each) => each.domain === domain)?.id;
    for (const deployment of bed.sandbox.state.deployments) if (deployment.site_id === id) deployment.fails = true;
    return answer;
  });

describe('deploy with several sites', () => {
  test('prints the outcome of each, in the order given', async () => {
    const run = await bed.dnx('deploy blog.example.com shop.example.com web-2/staging.example.com --json');
    expect(run).toExit(0);
    expect(
      run.json<{ site: string; server: string; outcome: string }[]>().map(({ site, server, outcome }) => [site, server, outcome]),
    ).toEqual([
      ['blog.example.com', 'web-1', 'succeeded'],
      ['shop.example.com', 'web-1', 'succeeded'],
      ['staging.example.com', 'web-2', 'succeeded'],
    ]);
    expect(posts()).toHaveLength(3);
    expect(run.waited).toBeLessThan(30_000);
  });

  test('exits 12 if some failed, and prints the table', async () => {
    failing('blog.example.com');
    const run = await bed.dnx('deploy shop.example.com blog.example.com');
    expect(run).toExit(12, { stdout: expect.stringMatching(/SITE +OUTCOME +SERVER +RELEASE +DURATION/) });
    expect(run.stdout).toMatch(/shop\.example\.com +succeeded +web-1 /);
    expect(run.stdout).toMatch(/blog\.example\.com +failed +web-1 /);
    expect(run.stderr).toContain('shop.example.com: deploying');
    expect(run.stderr).toContain('✗ Deployment of blog.example.com failed after 12s\n  failed  ');
    expect(run.stderr).toMatch(/\n {2}live {4}\d{8}_\d{6}.* {3}\(still serving\)\n/);
    expect(run.stderr).toMatch(/\nError: 1 of 2 sites failed\n {2}why {2}dnx why blog\.example\.com --server web-1\n$/);
  });

  test('--max-failures starts no more deployments after that many failures', async () => {
    bed.sandbox.state.fail_deploys = true;
    const run = await bed.dnx('deploy shop.example.com blog.example.com api.example.com --concurrency 1 --max-failures 1 --json');
    expect(run).toExit(12);
    expect(run.json<{ outcome: string | null }[]>().map(({ outcome }) => outcome)).toEqual(['failed', 'not_started', 'not_started']);
    expect(run.json<{ error?: object }[]>().filter(({ error }) => error)).toHaveLength(1);
    expect(posts()).toHaveLength(1);
  });

  test('a rejected site does not stop the others', async () => {
    const run = await bed.dnx('deploy docs.example.com shop.example.com --json');
    expect(run).toExit(12);
    expect(run.json()).toMatchObject([{ site: 'docs.example.com', outcome: null, error: { code: 'invalid' } }, { outcome: 'succeeded' }]);
  });

  test.each([
    ['--rollback-on-fail', '--rollback-on-fail needs a verification.'],
    ['--verify /up --no-wait', '--no-wait cannot be combined with --verify or --verify-cmd.'],
    ['--verify //other.host/up', "'//other.host/up' is not a path."],
  ])('deploys none with %s', async (options, message) => {
    const run = await bed.dnx(`deploy shop.example.com blog.example.com ${options}`);
    expect(run).toExit(2, { stdout: '', says: message });
    expect(run.stderr).not.toContain('sites failed');
    expect(posts()).toEqual([]);
  });

  test('--all deploys every site of a server', async () => {
    const run = await bed.dnx('deploy --server web-1 --all --yes --json');
    expect(run.json<{ site: string }[]>().map(({ site }) => site)).toEqual(['shop.example.com', 'blog.example.com', 'staging.example.com']);
    await expect(bed.dnx('deploy shop.example.com --server web-1 --all')).toExit(2);
    await expect(bed.dnx('deploy --server db-1 --all')).toExit(2, { stdout: '', says: 'there are no sites' });
  });

  test.each(['words', 7, true, ['words']])('a response that is no site (%j) stops that site alone, before its request', async (data) => {
    const { 'shop.example.com': shop } = seeded.sites;
    bed.sandbox.faults.always({ method: 'GET', path: new RegExp(`/sites/${shop}$`) }, { status: 200, body: { data } });
    const run = await bed.dnx('deploy --server web-1 --all --yes --json');
    expect(run).toExit(12);
    expect(run.json()).toMatchObject([{ outcome: null, error: { code: 'failed' } }, { outcome: 'succeeded' }, { outcome: 'succeeded' }]);
    expect(run.calls.filter((call) => call.startsWith('POST ') && call.includes(shop))).toEqual([]);
  });

  test('--concurrency limits how many run at a time', async () => {
    const one = await bed.dnx('deploy --server web-1 --all --yes --concurrency 1');
    const three = await bed.dnx('deploy --server web-1 --all --yes --concurrency 3');
    expect(one.waited).toBeGreaterThan(three.waited * 2);
    await expect(bed.dnx('deploy --server web-1 --all --concurrency 0')).toExit(2);
  });

  test('--dry-run deploys nothing and prints the branch and the live release of each', async () => {
    const run = await bed.dnx('deploy --server web-1 --all --dry-run --json');
    expect(run.json<{ changes: { about: unknown[] }[] }>().changes.map(({ about }) => about[0])).toMatchObject([
      { site: 'shop.example.com', server: 'web-1', branch: 'main', live: { release: '20260416_071200' }, commits: null },
      { site: 'blog.example.com', branch: 'main' },
      { site: 'staging.example.com', branch: 'develop' },
    ]);
    expect([run.stderr, posts()]).toEqual([expect.stringContaining('Nothing was changed.\n'), []]);
    const lines = (await bed.dnx('deploy --server web-1 --all --dry-run')).stdout.split('\n');
    expect(lines[0]).toBe('* deploy shop.example.com (web-1)');
    const undo = '  undo     not possible: Roll back with dnx rollback. Migrations are not undone.';
    expect(lines.slice(-5)).toEqual(['3 changes', '  needs    site:deploy', undo, '  consent  --yes', '']);
    expect(posts()).toEqual([]);
  });

  test('Ctrl-C while the requests are answered names every site to resume', async () => {
    const interruption = new AbortController();
    let waiting = 0;
    const run = await bed.dnx('deploy shop.example.com blog.example.com --concurrency 2', {
      signal: interruption.signal,
      through: (network) => ({
        ...network,
        async request(request) {
          const response = await network.request(request);
          if (request.method !== 'POST') return response;
          waiting += 1;
          if (waiting === 2) setImmediate(() => interruption.abort(new DnxError('interrupted', 'Interrupted.')));
          return new Promise((_, reject) => interruption.signal.addEventListener('abort', () => reject(interruption.signal.reason)));
        },
      }),
    });
    expect([run.code, posts().length]).toEqual([130, 2]);
    for (const site of ['shop', 'blog']) expect(run.stderr).toContain(`dnx watch ${site}.example.com --server web-1`);
  });

  test('-o ndjson ends with a result for each', async () => {
    const run = await bed.dnx('deploy --server web-1 --all --yes -o ndjson');
    const lines = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; target?: string });
    expect(lines.slice(-3).map(({ type }) => type)).toEqual(['result', 'result', 'result']);
    expect(new Set(lines.slice(0, -3).map(({ target }) => target))).toEqual(
      new Set(['shop.example.com', 'blog.example.com', 'staging.example.com']),
    );
  });

  test('Ctrl-C prints how to resume each started deployment', async () => {
    const run = await bed.dnx('deploy --server web-1 --all --yes', { interruptAt: 6_000 });
    expect(run).toExit(130, { says: ['dnx watch shop.example.com --server web-1', 'dnx watch blog.example.com --server web-1'] });
    expect((await bed.dnx('site watch blog.example.com --json')).json()).toMatchObject({ site: 'blog.example.com', outcome: 'succeeded' });
  });

  test('Ctrl-C says why the rest was not deployed', async () => {
    const run = await bed.dnx('deploy --server web-1 --all --yes --concurrency 1 --json', { interruptAt: 6_000 });
    expect(run).toExit(130);
    expect(run.json()).toMatchObject([
      { outcome: 'started', error: { code: 'interrupted' } },
      { outcome: 'not_started' },
      { outcome: 'not_started' },
    ]);
    expect(posts()).toHaveLength(1);
  });

  test('--timeout applies to each site', async () => {
    const run = await bed.dnx('deploy --server web-1 --all --yes --concurrency 1 --timeout 20s --json');
    expect([run.code, run.waited > 30_000]).toEqual([0, true]);
  });

  test('each failure names its site', async () => {
    const run = await bed.dnx('deploy docs.example.com shop.example.com');
    expect(run.stderr).toContain('✗ docs.example.com: This site is suspended. Resume it before you deploy.\n');
    expect(run.stderr).toMatch(/\nError: 1 of 2 sites failed\n$/);
  });

  test('a terminal shows a progress line for each', async () => {
    const run = await bed.dnx('deploy shop.example.com blog.example.com', { columns: 100, env: { NO_COLOR: '1' } });
    expect(run).toExit(0, { says: ['✓ Deployed shop.example.com in 8s\n', '✓ Deployed blog.example.com in 8s\n'] });
  });
});

describe('a failure of one site leaves the reports of the others', () => {
  test('a bug of dnx in its verification', async () => {
    const child = ({ env }: { env: Readonly<Record<string, string | undefined>> }) => {
      if (env.DNX_SITE_URL === 'https://blog.example.com') throw new TypeError('undefined is not a function');
      return 0;
    };
    const run = await bed.dnx('deploy blog.example.com shop.example.com --verify-cmd smoke --json', { child });
    expect(run).toExit(1);
    expect(run.json()).toMatchObject([
      { site: 'blog.example.com', outcome: 'unknown', error: { message: 'A bug in dnx stopped the deployment of blog.example.com.' } },
      { site: 'shop.example.com', outcome: 'succeeded' },
    ]);
    expect(run.stderr).toContain('TypeError: undefined is not a function');
    expect(posts()).toHaveLength(2);
  });

  test('an error while it waits for room in the rate limit', async () => {
    await bed.close();
    await open({ rateLimit: 12 });
    const { sleep } = bed.clock;
    let refused = false;
    bed.clock.sleep = (ms, signal) => {
      const waits = !refused && /\broom\b/.test(new Error('where').stack ?? '');
      refused ||= waits;
      return waits ? Promise.reject(new DnxError('failed', 'No room.')) : sleep(ms, signal);
    };
    const run = await bed.dnx('deploy --server web-1 --all --yes --concurrency 3 --json');
    expect(refused).toBe(true);
    const outcomes = run.json<{ outcome: string | null }[]>().map(({ outcome }) => outcome);
    expect([run.code, outcomes.toSorted()]).toEqual([12, [null, 'succeeded', 'succeeded']]);
    expect(posts()).toHaveLength(2);
  });
});

describe('several with --no-wait', () => {
  const started = (words = '', columns?: number) =>
    bed.dnx(
      `deploy blog.example.com shop.example.com --no-wait ${words}`,
      columns === undefined ? {} : { columns, env: { NO_COLOR: '1' } },
    );

  test('says how to watch each of them', async () => {
    for (const run of [await started(), await started('--json')])
      expect(run.stderr).toMatch(
        /Watch it with: dnx watch blog\.example\.com --server web-1\nWatch it with: dnx watch shop\.example\.com --server web-1\n$/,
      );
  });

  test('shows no columns that nothing is in on a terminal, and every column in a pipe', async () => {
    expect((await started('', 80)).stdout).toMatch(/^SITE +OUTCOME +SERVER\nblog\.example\.com +started +web-1\n/);
    expect((await started()).stdout).toMatch(/^SITE +OUTCOME +SERVER +RELEASE +DURATION +LIVE\n/);
    expect((await started('-o csv', 80)).stdout).toMatch(/^site,outcome,server,release,duration_s,live\n/);
  });
});

test('a remembered site with another id is looked up again', async () => {
  await expect(bed.dnx('site show blog.example.com')).toExit(0);
  const blog = bed.sandbox.state.sites.find(({ domain }) => domain === 'blog.example.com');
  if (blog) blog.id = '01J0000000000000000000BLOG';
  expect((await bed.dnx('deploy blog.example.com --json')).json()).toMatchObject({ outcome: 'succeeded' });
  expect(posts()).toEqual([`${site('shop.example.com').replace(/[^/]+$/, '')}01J0000000000000000000BLOG/deploy`]);
});
