import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];
const SITE = `/servers/${web1}/sites/${shop}`;

const bed = perTest(openBed);

const sent = () => bed.sandbox.calls.filter(({ method }) => method !== 'GET').map(({ method, path, body }) => ({ method, path, body }));
const statusOf = (id: string) => bed.sandbox.state.sites.find((each) => each.id === id)?.status;

describe('changing a site', () => {
  test('site create takes the domain as an argument and the repository by name', async () => {
    const run = await bed.dnx(
      'site create new.example.com --server web-1 --type laravel --git-repository-id example/shop --php-version 8.4 --no-wait --json',
    );
    expect(run).toExit(0);
    expect(run.json()).toMatchObject({ domain: 'new.example.com', type: 'laravel', status: 'installing', php_version: '8.4' });
    expect(sent()).toEqual([
      {
        method: 'POST',
        path: `/servers/${web1}/sites`,
        body: {
          domain: 'new.example.com',
          type: 'laravel',
          git_repository_id: seeded.gitRepositories['example/shop'],
          php_version: '8.4',
        },
      },
    ]);
  });

  test('site create names a rejected field by its argument', async () => {
    const run = await bed.dnx('site create shop.example.com --server web-1');
    expect(run).toExit(7, { stdout: '' });
    expect(run.stderr).toMatch(/^Error: Deploynix rejected the request\.\n {2}<domain>: The domain .*\n/);
  });

  test('site update sends only the given fields', async () => {
    await expect(bed.dnx('site update shop.example.com --branch next -F zero=1')).toExit(0);
    expect(sent()).toEqual([{ method: 'PUT', path: SITE, body: { branch: 'next', zero: '1' } }]);
    await expect(bed.dnx('site update shop.example.com')).toExit(2);
  });

  test('site delete needs the name', async () => {
    for (const options of ['', '--yes', '--confirm blog.example.com']) {
      await expect(bed.dnx(`site delete shop.example.com ${options}`)).toExit(2, { stdout: '' });
    }
    await expect(bed.dnx('site delete shop.example.com blog.example.com --confirm shop.example.com')).toExit(2, { stdout: '' });
    expect(sent()).toEqual([]);
    expect((await bed.dnx('site delete shop.example.com --confirm shop.example.com --json')).json()).toEqual({ id: shop, deleted: true });
    expect(sent()).toEqual([{ method: 'DELETE', path: SITE, body: undefined }]);
  });
});

describe('the state of a site', () => {
  test('site suspend asks for confirmation, and takes a reason and several sites', async () => {
    await expect(bed.dnx('site suspend shop.example.com')).toExit(2, { stdout: '', calls: [] });
    const run = await bed.dnx('site suspend shop.example.com blog.example.com --reason "Late payment" --yes --json');
    expect(run).toExit(0);
    expect(run.json()).toMatchObject([{ domain: 'shop.example.com', status: 'suspended' }, { domain: 'blog.example.com' }]);
    expect(sent().map(({ body }) => body)).toEqual([{ reason: 'Late payment' }, { reason: 'Late payment' }]);
  });

  test('site resume makes a suspended site active', async () => {
    const docs = seeded.sites['docs.example.com'];
    expect((await bed.dnx('site resume docs.example.com')).stdout).toBe('✓ Resumed docs.example.com\n');
    expect(statusOf(docs)).toBe('active');
  });

  test('site enable-zero-downtime warns that it cannot be undone', async () => {
    await expect(bed.dnx('site enable-zero-downtime blog.example.com')).toExit(2);
    const run = await bed.dnx('site enable-zero-downtime blog.example.com', { columns: 100, keys: 'y\r' });
    expect(run.stderr).toContain('The API cannot turn this off.');
    expect(run.stdout).toContain('Turned on zero-downtime releases for blog.example.com\n');
  });
});

describe('releases and webhooks', () => {
  test('site releases lists the newest first and marks the live one', async () => {
    const run = await bed.dnx('site releases shop.example.com');
    const [head, first] = run.stdout.split('\n');
    expect(head).toMatch(/NAME +STATUS +COMMIT +MESSAGE +CREATED +ID/);
    expect(first).toMatch(/\d {2}live {4}\w{7} /);
    expect((await bed.dnx('site releases shop.example.com --json')).json<object[]>()[0]).toHaveProperty('commit_hash');
  });

  test('only the live release is marked, and kept ones that are good are dim', async () => {
    const { stdout } = await bed.dnx('site releases shop.example.com', { columns: 200, env: { NO_COLOR: '', FORCE_COLOR: '1' } });
    const { green, dim } = new Chalk({ level: 1 });
    expect(stdout.split(green('● live'))).toHaveLength(2);
    expect(stdout.split('\n')[1]).toContain(green('● live'));
    expect(stdout.split(dim('● kept'))).toHaveLength(5);
    for (const release of bed.sandbox.state.releases) release.status = 'failed';
    const failed = await bed.dnx('site releases shop.example.com', { columns: 200 });
    expect(failed.stdout.split('● failed')).toHaveLength(6);
  });

  test.each([1_776_000_000, 1_776_000_000_000, '2026-04-12 13:20:00'])(
    'site releases and the rollback prompt read %s as a time',
    async (created_at) => {
      for (const release of bed.sandbox.state.releases) Object.assign(release, { created_at });
      await expect(bed.dnx('site releases shop.example.com', { columns: 200 })).toExit(0, { stdout: expect.stringContaining('3d ago') });
      expect((await bed.dnx('site releases shop.example.com')).stdout).toMatch(/ 2026-04-1[23]T[\d:]+Z /);
      const picker = await bed.dnx('rollback shop.example.com --no-wait', { columns: 200, keys: '\ry\r' });
      expect(picker).toExit(0, { stderr: expect.stringMatching(/Upgrade to Laravel 12 +3d ago/) });
    },
  );

  test('site webhooks lists the pushes', async () => {
    const run = await bed.dnx('site webhooks shop.example.com');
    expect(run.stdout).toMatch(/^PUSHED +STATUS +BRANCH +PUSHER +COMMIT +MESSAGE\n/);
    expect(run).toExit(0);
  });
});
