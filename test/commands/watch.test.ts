import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leading } from '../support/volume.ts';

const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST').length;
const runs = () => join(bed.directory, 'state', 'runs');
const files = () => readdirSync(runs()).map((name) => JSON.parse(readFileSync(join(runs(), name), 'utf8')));

describe('site watch', () => {
  test.each(leading(['site watch', 'site watch shop.example.com'], 1))('%s resumes after Ctrl-C', async (line) => {
    await expect(bed.dnx('deploy shop.example.com', { interruptAt: 6_000 })).toExit(130);
    const run = await bed.dnx(`${line} --json`);
    expect(run.stderr).toContain('Resuming the deployment of shop.example.com, started just now.');
    expect(run.json()).toMatchObject({ site: 'shop.example.com', server: 'web-1', outcome: 'succeeded', release: '20260416_120003' });
    expect(run.json<{ started_at: string }>().started_at).toBe('2026-04-16T12:00:03.000Z');
    expect(posts()).toBe(1);
  });

  test('reports the outcome of a deployment that ended meanwhile, even if the site was edited since', async () => {
    bed.sandbox.state.fail_deploys = true;
    await expect(bed.dnx('deploy shop.example.com', { interruptAt: 2_500 })).toExit(130);
    await bed.clock.sleep(600_000);
    await expect(bed.dnx('site update shop.example.com --branch next')).toExit(0);
    const run = await bed.dnx('site watch --json');
    expect(run).toExit(1);
    expect(run.json()).toMatchObject({ outcome: 'failed', release: '20260416_120003', duration_s: 603 });
    expect(run.waited).toBe(0);
  });

  test('reports a deployment that another one replaced as superseded', async () => {
    await expect(bed.dnx('deploy shop.example.com', { interruptAt: 2_500 })).toExit(130);
    await bed.clock.sleep(60_000);
    bed.sandbox.deployElsewhere(shop);
    await bed.clock.sleep(60_000);
    const run = await bed.dnx('site watch --json');
    expect(run.json()).toMatchObject({ outcome: 'superseded' });
    expect(run).toExit(1);
  });

  test('says how long a deployment took that was started elsewhere, not how long it was followed', async () => {
    const started_at = new Date(bed.clock.now()).toISOString();
    bed.sandbox.deployElsewhere(shop);
    await bed.clock.sleep(5_000);
    const run = await bed.dnx('watch shop.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'succeeded', started_at, duration_s: 8 });
  });

  test('resumes after a timeout', async () => {
    await expect(bed.dnx('deploy shop.example.com --timeout 5s')).toExit(124);
    expect((await bed.dnx('site watch --json')).json()).toMatchObject({ outcome: 'succeeded' });
  });

  test('reports the outcome of a deployment whose response was lost', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: /deploy$/ }, 'drop-after');
    await expect(bed.dnx('deploy shop.example.com')).toExit(13);
    const run = await bed.dnx('site watch --json');
    expect(run.json()).toMatchObject({ outcome: 'succeeded', release: '20260416_120003' });
    expect(run.stderr).toContain(
      'The response to the request was lost. Release 20260416_120003 is the only new one, so it is assumed to be yours.',
    );
    expect(posts()).toBe(1);
  });

  test('reports that a lost request started nothing', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: /deploy$/ }, 'drop');
    await expect(bed.dnx('deploy shop.example.com')).toExit(13);
    const run = await bed.dnx('site watch --json');
    expect(run).toExit(1);
    expect(run.json()).toMatchObject({ outcome: 'unknown', release: null });
    expect(run.stderr).toContain('there is no sign of it, so it probably never started');
  });

  test.each(leading(['site watch', 'site watch shop.example.com'], 1))(
    '%s repeats a known outcome, and says when it ended',
    async (line) => {
      await expect(bed.dnx('deploy shop.example.com')).toExit(0);
      await bed.clock.sleep(600_000);
      const again = await bed.dnx(`${line} --json`);
      expect(again.json()).toMatchObject({ outcome: 'succeeded', release: '20260416_120003' });
      expect(again.stderr).toContain('The deployment of shop.example.com finished 10m ago, and its release is still live.\n');
      bed.sandbox.state.fail_deploys = true;
      await expect(bed.dnx('deploy shop.example.com')).toExit(1);
      await expect(bed.dnx(line)).toExit(1, { stdout: '', says: 'The deployment of shop.example.com finished just now.\n' });
    },
  );

  test.each(leading(['site watch', 'site watch shop.example.com'], 1))(
    '%s says that the release of a known outcome is not live any more',
    async (line) => {
      await expect(bed.dnx('deploy shop.example.com')).toExit(0);
      const path = `/servers/${seeded.servers['web-1']}/sites/${shop}/rollback`;
      await expect(bed.dnx(`api POST ${path} --yes`)).toExit(0);
      await bed.clock.sleep(60_000);
      const again = await bed.dnx(`${line} --json`);
      expect(again.json()).toMatchObject({ outcome: 'succeeded', release: '20260416_120003' });
      expect(again.stderr).toMatch(/finished 1m ago, but release \d{8}_\d{6} is live now instead of 20260416_120003\.\n/);
    },
  );

  test.each(
    leading(
      [
        ['site watch', 'shop.example.com'],
        ['site watch blog.example.com', 'blog.example.com'],
        ['site watch', 'blog.example.com'],
      ],
      2,
    ),
  )('%s does not repeat the outcome for %s if a newer deployment has ended', async (line, domain) => {
    await expect(bed.dnx(`deploy ${domain}`)).toExit(0);
    bed.sandbox.deployElsewhere(seeded.sites[domain as 'shop.example.com'], { fails: domain.startsWith('shop') });
    await bed.clock.sleep(60_000);
    const run = await bed.dnx(line);
    expect(run.stdout).toContain(`No deployment of ${domain} is in progress; its status is `);
    expect(run.stderr).toContain(`Your deployment of ${domain} finished 1m ago. The site has changed since.\n`);
  });

  test('says so if it follows another deployment than the one that was not verified', async () => {
    const line = 'deploy shop.example.com --verify /up --timeout 40s';
    await expect(bed.dnx(line, { elsewhere: () => {} })).toExit(1);
    bed.sandbox.deployElsewhere(shop, { fails: true });
    await bed.clock.sleep(5_000);
    const run = await bed.dnx('watch shop.example.com');
    expect(run).toExit(1, { stdout: '' });
    expect(run.stderr).toMatch(/it went live but failed verification: .*\. Following one that was started elsewhere\.\n/);
    expect(run.stderr).toMatch(/Error: Deployment of shop\.example\.com failed after \d+s \(started elsewhere\)\n/);
  });

  test('follows a deployment that was started elsewhere', async () => {
    bed.sandbox.deployElsewhere(shop, { fails: true });
    const run = await bed.dnx('site watch shop.example.com --json');
    expect(run).toExit(1);
    expect(run.json()).toMatchObject({ outcome: 'failed', release: '20260416_120000' });
    expect(posts()).toBe(0);
  });

  test('says that no deployment is in progress', async () => {
    const run = await bed.dnx('site watch shop.example.com');
    expect(run).toExit(0, { stdout: 'No deployment of shop.example.com is in progress; its status is active.\n' });
  });

  test('exits 2 without a site if there is no run to resume', async () => {
    const run = await bed.dnx('site watch');
    expect(run).toExit(2, { stdout: '', calls: [], says: 'No site given, and no unfinished deployment to resume.' });
  });

  test('lets you pick a site of any server on a terminal if there is no run to resume', async () => {
    bed.sandbox.deployElsewhere(shop);
    const terminal = { keys: 'shop\r', columns: 120, env: { NO_COLOR: '1' } };
    const run = await bed.dnx('watch', terminal);
    expect(run.stderr).toMatch(/\? Which site\? [\s\S]*❯ shop\.example\.com +web-1[\s\S]* staging\.example\.com +web-2/);
    expect(run.stderr).not.toContain('hich server');
    expect([run.code, posts()]).toEqual([0, 0]);
    expect(run.stdout).toContain('shop.example.com');
  });

  test('asks nothing on a terminal if there is a run to resume', async () => {
    await expect(bed.dnx('deploy shop.example.com', { interruptAt: 6_000 })).toExit(130);
    const run = await bed.dnx('watch', { keys: '', columns: 120, env: { NO_COLOR: '1' } });
    expect(run).toExit(0, { stderr: expect.not.stringContaining('? '), says: 'Resuming the deployment of shop.example.com' });
  });

  test('resumes a rollback', async () => {
    await expect(bed.dnx('rollback shop.example.com --yes', { interruptAt: 500 })).toExit(130);
    const run = await bed.dnx('site watch --json');
    expect(run.json()).toMatchObject({ outcome: 'succeeded', site: 'shop.example.com' });
    expect(run.stderr).toContain('Resuming the rollback of shop.example.com, started just now.');
  });

  test('resumes the latest run, even if the clock was set back since', async () => {
    await expect(bed.dnx('deploy shop.example.com')).toExit(0);
    const { now } = bed.clock;
    bed.clock.now = () => now() - 1_800_000;
    bed.sandbox.state.fail_deploys = true;
    await expect(bed.dnx('deploy shop.example.com', { interruptAt: 6_000 })).toExit(130);
    await bed.clock.sleep(20_000);
    expect((await bed.dnx('site watch --json')).json()).toMatchObject({ outcome: 'failed' });
    expect((await bed.dnx('site watch shop.example.com --json')).json()).toMatchObject({ outcome: 'failed' });
  });

  test('prefers a recently finished run to an earlier unfinished one', async () => {
    await expect(bed.dnx('deploy shop.example.com', { interruptAt: 6_000 })).toExit(130);
    await expect(bed.dnx('deploy blog.example.com')).toExit(0);
    expect((await bed.dnx('site watch --json')).json()).toMatchObject({ site: 'blog.example.com' });
    await bed.clock.sleep(3_600_000);
    expect((await bed.dnx('site watch --json')).json()).toMatchObject({ site: 'shop.example.com', outcome: 'succeeded' });
  });

  test('ignores an unfinished run if a later run of the same site finished', async () => {
    await expect(bed.dnx('deploy shop.example.com', { interruptAt: 6_000 })).toExit(130);
    await bed.clock.sleep(20_000);
    await expect(bed.dnx('deploy shop.example.com')).toExit(0);
    await bed.clock.sleep(3_600_000);
    await expect(bed.dnx('site watch')).toExit(2);
  });

  test('resumes a run of this profile and host alone, unless a site is given', async () => {
    const stored = { DNX_TOKEN: undefined, DNX_HOST: undefined };
    const work = ['--profile', 'work', '--host', bed.sandbox.url];
    await expect(bed.dnx(['login', '--with-token', ...work], { env: stored, stdin: bed.sandbox.token })).toExit(0);
    await expect(bed.dnx(['deploy', 'shop.example.com', ...work], { env: stored, interruptAt: 6_000 })).toExit(130);
    await expect(bed.dnx('site watch', { env: stored })).toExit(2);
    await expect(bed.dnx('site watch')).toExit(2);
    const named = await bed.dnx('site watch shop.example.com --json --timeout 1s');
    expect(named.json()).toMatchObject({ site: 'shop.example.com', outcome: 'timed_out' });
    const watched = await bed.dnx(['site', 'watch', '--json', ...work], { env: stored });
    expect(watched.json()).toMatchObject({ site: 'shop.example.com', outcome: 'succeeded' });
  });

  test('does not resume a run of another host', async () => {
    await expect(bed.dnx('deploy shop.example.com', { interruptAt: 6_000 })).toExit(130);
    const other = await openBed();
    await expect(other.dnx('site watch', { env: { DNX_STATE_DIR: join(bed.directory, 'state') } })).toExit(2);
    await other.close();
  });
});

describe('watch after deploy --no-wait', () => {
  const started = async (site = 'shop.example.com') => {
    await expect(bed.dnx(`deploy ${site}`)).toExit(0);
    await bed.clock.sleep(30_000);
    const run = await bed.dnx(`deploy ${site} --no-wait`);
    expect([run.code, run.calls.filter((call) => !/sites\/\w+$/.test(call))]).toEqual([0, [expect.stringMatching(/^POST .*\/deploy$/)]]);
  };

  test.each(
    leading(
      [
        ['before it begins', 0],
        ['while it runs', 8_000],
        ['after it ended', 60_000],
        ['long after it ended', 1_800_000],
      ],
      3,
    ),
  )('reports its failure %s, not the success before', async (_, gap) => {
    bed.clock.at(17_500, () => {
      bed.sandbox.state.fail_deploys = true;
    });
    await started();
    await bed.clock.sleep(gap);
    for (const line of ['watch --json', 'watch shop.example.com --json']) {
      const run = await bed.dnx(line);
      expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'failed', release: '20260416_120049' })]);
      expect(run.stderr).not.toContain('elsewhere');
    }
  });

  test.each(leading([8_000, 0, 60_000, 120_000], 1))(
    'reports its success after %d ms, with the duration of the deployment',
    async (gap) => {
      await started();
      await bed.clock.sleep(gap);
      const run = await bed.dnx('watch');
      const { duration_s } = (await bed.dnx('watch --json')).json<{ duration_s: number }>();
      expect([run.code, run.stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/^✓ Deployed shop\.example\.com in /)]);
      expect(duration_s).toBe(8);
      expect(run.waited).toBeLessThan(95_000);
    },
  );

  test.each(leading([0, 8_000, 60_000], 1))('reports the success of a site without releases after %d ms', async (gap) => {
    await started('blog.example.com');
    await bed.clock.sleep(gap);
    const run = await bed.dnx('watch --json');
    expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ site: 'blog.example.com', outcome: 'succeeded' })]);
  });

  test.each(leading([5_000, 60_000], 1))('reports what another deployment replaced as superseded, after %d ms', async (gap) => {
    await started();
    bed.sandbox.deployElsewhere(shop);
    await bed.clock.sleep(gap);
    const run = await bed.dnx('watch --json');
    expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'superseded' })]);
  });

  test.each([-3_600_000, 3_600_000])('does not depend on the clock of this machine: %d ms', async (ahead) => {
    bed.clock.ahead = ahead;
    bed.sandbox.deployElsewhere(shop);
    await bed.clock.sleep(60_000);
    await expect(bed.dnx('deploy shop.example.com --no-wait')).toExit(0);
    await bed.clock.sleep(100_000);
    expect((await bed.dnx('watch --json')).json()).toMatchObject({ outcome: 'succeeded', release: '20260416_120103' });
  });

  test('reports a deployment that never began as unknown', async () => {
    await expect(bed.dnx('deploy shop.example.com')).toExit(0);
    bed.sandbox.faults.next({ method: 'POST', path: /deploy$/ }, { status: 202, body: { message: 'Deployment started.' } });
    await expect(bed.dnx('deploy shop.example.com --no-wait')).toExit(0);
    await bed.clock.sleep(60_000);
    const run = await bed.dnx('watch --json');
    expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'unknown', release: null })]);
  });

  test('is not needed if the request was rejected', async () => {
    expect((await bed.dnx('deploy docs.example.com --no-wait')).code).not.toBe(0);
    expect(files()).toEqual([]);
  });
});

test.each([
  ['Ctrl-C', '', 130],
  ['--no-wait', '--no-wait', 0],
])('deploy follows its own deployment after %s, and says so', async (_, option, code) => {
  await expect(bed.dnx(`deploy shop.example.com ${option}`, code === 130 ? { interruptAt: 6_000 } : {})).toExit(code);
  await bed.clock.sleep(8_000 - bed.clock.elapsed());
  const run = await bed.dnx('deploy shop.example.com');
  expect([run.code, run.stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/^✓ Deployed shop\.example\.com in 8s/)]);
  expect(run.stderr).toContain('A deployment of shop.example.com is already in progress; following it.');
  expect([posts(), files()]).toEqual([1, [expect.objectContaining({ attached: false, result: expect.anything() })]]);
});

describe('a run file', () => {
  test('is written before the request and contains no secret', async () => {
    let seen: unknown[] = [];
    bed.sandbox.faults.next({ method: 'POST', path: /deploy$/ }, (answer) => {
      seen = files();
      return answer;
    });
    await expect(bed.dnx('deploy shop.example.com')).toExit(0);
    expect(seen).toMatchObject([{ version: 1, kind: 'deploy', asked: false, result: null, site: { id: shop } }]);
    expect(JSON.stringify(files())).not.toContain(bed.sandbox.token);
    expect(files()).toMatchObject([{ asked: true, going: true, result: { outcome: 'succeeded' } }]);
  });

  test('is removed by number and age', async () => {
    mkdirSync(runs(), { recursive: true });
    const file = (name: string) => writeFileSync(join(runs(), name), '{}');
    for (let day = 10; day < 16; day++) file(`202604${day}T000000000Z-old.json`);
    for (let index = 100; index < 180; index++) file(`20260416T1100${index}Z-many.json`);
    file('20260101T000000000Z-ancient.json');
    await expect(bed.dnx('deploy shop.example.com')).toExit(0);
    const names = readdirSync(runs()).sort();
    expect(names).toHaveLength(50);
    expect(names.at(-1)).toMatch(/^20260416T120000000Z-/);
  });

  test('is ignored if it is not JSON', async () => {
    await expect(bed.dnx('deploy shop.example.com', { interruptAt: 6_000 })).toExit(130);
    writeFileSync(join(runs(), '20260416T235959000Z-broken.json'), '{"version": 1, "ki');
    expect((await bed.dnx('site watch --json')).json()).toMatchObject({ outcome: 'succeeded' });
  });

  test('is ignored if a field is missing or has another type', async () => {
    for (const site of ['blog', 'shop']) await expect(bed.dnx(`deploy ${site}.example.com`, { interruptAt: 6_000 })).toExit(130);
    const [name = ''] = readdirSync(runs());
    const run = JSON.parse(readFileSync(join(runs(), name), 'utf8'));
    expect(run).toMatchObject({ site: { label: 'blog.example.com' }, result: null });
    const { idle: _, ...restless } = run.baseline;
    const damaged: readonly object[] = [
      { baseline: undefined },
      { baseline: { releases: 5 } },
      { baseline: { ...run.baseline, last_deployed_at: 7 } },
      { baseline: restless },
      { baseline: null, sent_at: 'soon' },
      { site: { id: '1' } },
      { started_at: 'soon' },
      { result: 'succeeded' },
      { result: { outcome: 'succeeded' } },
      { reason: { why: 1 } },
      { attached: 'no' },
      { kind: 'backup' },
    ];
    // Each would be the latest run, and of another site.
    for (const [at, part] of damaged.entries())
      writeFileSync(join(runs(), `20260416T2359590${10 + at}Z-other.json`), JSON.stringify({ ...run, ...part }));
    expect((await bed.dnx('site watch --json')).json()).toMatchObject({ site: 'shop.example.com', outcome: 'succeeded' });
  });

  test('does not stop the deployment if it cannot be written', async () => {
    writeFileSync(join(bed.directory, 'state'), 'a file');
    await expect(bed.dnx('deploy shop.example.com')).toExit(0, { says: 'Could not save this run (' });
  });
});
