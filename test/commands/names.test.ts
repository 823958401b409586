import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openLimitedBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];

const bed = perTest(openLimitedBed);

test('an id needs no lookup', async () => {
  const run = await bed.dnx(`site show ${shop} --server ${web1} --json`);
  expect(run.json()).toMatchObject({ id: shop });
  expect(run.calls).toEqual([`GET /servers/${web1}/sites/${shop}`]);
});

test('--server and --site can replace a positional argument', async () => {
  expect((await bed.dnx('site show --site shop.example.com --server web-1 --json')).json()).toMatchObject({ id: shop });
  expect((await bed.dnx('server show --server web-1 -o ids')).stdout).toBe(`${web1}\n`);
  const deployed = await bed.dnx(`deploy --site ${shop} --server ${web1} --no-wait`);
  expect(deployed).toExit(0, { calls: [`POST /servers/${web1}/sites/${shop}/deploy`] });
  await expect(bed.dnx('site show shop.example.com --site blog.example.com')).toExit(2, { calls: [] });
});

test('a server is found by name or IP address', async () => {
  const byName = await bed.dnx('server show WEB-1 --json');
  const byAddress = await bed.dnx('server show 203.0.113.10 --json');
  expect(byName.json()).toMatchObject({ id: web1 });
  expect(byAddress.json()).toEqual(byName.json());
});

test('a site is found by domain and remembered', async () => {
  const first = await bed.dnx('site show shop.example.com --json');
  const second = await bed.dnx('site show shop.example.com --json');
  expect(first.json()).toMatchObject({ id: shop, server_id: web1 });
  expect(first.calls.length).toBeGreaterThan(2);
  expect(second.calls).toEqual([`GET /servers/${web1}/sites/${shop}`]);
});

test('a remembered site is looked up again after a 404, once', async () => {
  await expect(bed.dnx('site show shop.example.com')).toExit(0);
  bed.sandbox.faults.next({ path: '/servers/{server}/sites/{site}' }, { status: 404, body: { message: 'Gone.' } });
  const again = await bed.dnx('site show shop.example.com --json');
  expect(again).toExit(0);
  expect(again.json()).toMatchObject({ id: shop });

  bed.sandbox.faults.always({ path: '/servers/{server}/sites/{site}' }, { status: 404, body: { message: 'Gone.' } });
  const gone = await bed.dnx('site show shop.example.com');
  expect(gone).toExit(6);
  expect(gone.calls.filter((call) => call === `GET /servers/${web1}/sites/${shop}`)).toHaveLength(2);
});

test.each(['site show web-2/staging.example.com --json', 'site show staging.example.com --server web-2 --json'])(
  '%s picks one of two sites with the same domain',
  async (line) => {
    expect((await bed.dnx(line)).json()).toMatchObject({ server_id: web2 });
  },
);

test('each of several remembered sites is looked up again after a 404', async () => {
  await expect(bed.dnx('site show shop.example.com')).toExit(0);
  bed.sandbox.faults.next({ path: '/servers/{server}/sites/{site}' }, { status: 404, body: { message: 'Gone.' } });
  const run = await bed.dnx('site suspend shop.example.com blog.example.com --yes --json');
  expect([run.code, run.json()]).toEqual([0, [expect.objectContaining({ id: shop }), expect.objectContaining({ status: 'suspended' })]]);
});

test('DNX_SERVER is the default server, but a site on another server is still found', async () => {
  const there = await bed.dnx('site show staging.example.com --json', { env: { DNX_SERVER: 'web-2' } });
  expect(there.json()).toMatchObject({ server_id: web2 });
  expect((await bed.dnx('site show shop.example.com --json', { env: { DNX_SERVER: 'web-2' } })).json()).toMatchObject({ server_id: web1 });
  await expect(bed.dnx('site show shop.example.com --server web-2', { env: { DNX_SERVER: 'web-1' } })).toExit(6);
});

test('the link file sets the server and site in every directory below it', async () => {
  const below = join(bed.directory, 'project/app/Http');
  mkdirSync(below, { recursive: true });
  writeFileSync(join(bed.directory, 'project/.deploynix.json'), JSON.stringify({ server: web1, site: shop }));
  const run = await bed.dnx('site show --json', { cwd: below });
  expect(run.json()).toMatchObject({ id: shop });
  expect(run.calls).toEqual([`GET /servers/${web1}/sites/${shop}`]);
});

test('a missing server is named, with the ways to give it', async () => {
  const run = await bed.dnx('daemon list');
  expect(run).toExit(2, { stdout: '', calls: [] });
  expect(run.stderr).toContain('No server given.\n  Use --server, set a default with `dnx link`, or run in a terminal to pick one.\n');
});

test.each(['deploy', 'env list', 'site show'])('%s without a site names the ways to give the site, not the server', async (line) => {
  const run = await bed.dnx(line);
  expect(run).toExit(2, { stdout: '', calls: [] });
  expect(run.stderr).toBe('Error: No site given.\n  Use --site, set a default with `dnx link`, or run in a terminal to pick one.\n');
});

test('a list is read to its last page, with 100 rows per request', async () => {
  const { servers } = bed.sandbox.state;
  const [first] = servers;
  if (!first) throw new Error('the seed has servers');
  for (let n = servers.length; n < 120; n++)
    servers.push({ ...first, id: `01JQ8Z4T9G0000000000SV${String(n).padStart(4, '0')}`, name: `web-${n}` });
  const run = await bed.dnx('server list --json');
  expect(run.json<unknown[]>()).toHaveLength(120);
  expect(run.calls).toEqual(['GET /servers', 'GET /servers']);
});

test('global options may precede the command', async () => {
  expect((await bed.dnx('--json --server web-1 site list --limit 1')).json()).toHaveLength(1);
  expect((await bed.dnx(['--profile', 'work', '-o', 'ids', 'servers', 'ls'])).stdout).toContain(web1);
});

test('a site given twice is a usage error', async () => {
  const run = await bed.dnx(`deploy shop.example.com blog.example.com ${shop}`);
  expect([run.code, run.stdout, run.calls.filter((call) => call.startsWith('POST'))]).toEqual([2, '', []]);
  expect(run.stderr).toContain(`Site '${shop}' is given twice.`);
});

test('a remembered domain that moved to another site is looked up again before anything changes', async () => {
  await expect(bed.dnx('site show shop.example.com')).toExit(0);
  const { sites } = bed.sandbox.state;
  const [old] = sites.filter(({ domain }) => domain === 'shop.example.com');
  if (!old) throw new Error('the seed has the shop');
  const moved = { ...old, id: '01JQ8Z4T9G00000000000SHOP2', server_id: web2 };
  old.domain = 'old-shop.example.com';
  sites.push(moved);
  const run = await bed.dnx('site suspend shop.example.com --yes --json');
  expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ id: moved.id })]);
  expect(run.calls.filter((call) => call.startsWith('POST'))).toEqual([`POST /servers/${web2}/sites/${moved.id}/suspend`]);
});

test('several queues of a remembered site that is looked up again keep their ids and order', async () => {
  await expect(bed.dnx('site show shop.example.com')).toExit(0);
  bed.sandbox.faults.next({ method: 'GET', path: '/servers/{server}/sites/{site}' }, { status: 404, body: { message: 'Gone.' } }, 2);
  const queues = bed.sandbox.state.queues.filter(({ site_id }) => site_id === shop).map(({ id }) => id);
  expect(queues.length).toBeGreaterThan(1);
  const run = await bed.dnx(`queue restart ${queues.join(' ')} --site shop.example.com`);
  expect(run).toExit(0);
  const posts = run.calls.filter((call) => call.startsWith('POST'));
  expect(posts).toEqual(queues.map((id) => `POST /servers/${web1}/sites/${shop}/queues/${id}/restart`));
});

test('several remembered domains that moved are all looked up again', async () => {
  await expect(bed.dnx('site show shop.example.com')).toExit(0);
  const { sites } = bed.sandbox.state;
  const moved = ['shop.example.com', 'blog.example.com'].map((domain) => {
    const old = sites.find((site) => site.domain === domain);
    if (!old) throw new Error(`the seed has ${domain}`);
    const copy = {
      ...old,
      id: `01JQ8Z4T9G0000000000M${domain.slice(0, 4).toUpperCase().replace('O', '0').replace('L', '1').replace('O', '0')}9`,
    };
    old.domain = `old-${domain}`;
    return copy;
  });
  sites.push(...moved);
  const run = await bed.dnx('site suspend shop.example.com blog.example.com --yes');
  expect(run).toExit(0);
  const posts = run.calls.filter((call) => call.startsWith('POST'));
  expect(posts).toEqual(moved.map(({ id }) => `POST /servers/${web1}/sites/${id}/suspend`));
});

test('the command suggested for an unknown name works as printed', async () => {
  expect((await bed.dnx('site show nowhere.example.com --server web-1')).stderr).toContain('Run: dnx site list --server web-1');
  const line = /dnx (database list .*)$/m.exec((await bed.dnx('database show nowhere --server db-1')).stderr)?.[1] ?? '';
  await expect(bed.dnx(line)).toExit(0);
  expect((await bed.dnx('site show nowhere.example.com')).stderr).toContain('Run: dnx site list\n');
});

test('a POST is not resent after a later 404', async () => {
  await expect(bed.dnx('site show shop.example.com')).toExit(0);
  const path = '/servers/{server}/sites/{site}/certificates/{certificate}';
  bed.sandbox.faults.always({ method: 'GET', path }, { status: 404, body: { message: 'Gone.' } });
  const run = await bed.dnx('certificate create www.shop.example.com --site shop.example.com');
  expect(run).toExit(6);
  expect(run.calls.filter((call) => call.startsWith('POST'))).toHaveLength(1);
});

test('twenty commands at a time wait for the rate limit and succeed', async () => {
  const cold = (index: number) => ({
    env: { DNX_CACHE_DIR: join(bed.directory, `cache-${index}`) },
    random: () => ((index * 7) % 20) / 20,
  });
  const runs = await Promise.all(Array.from({ length: 20 }, (_, index) => bed.dnx('site show shop.example.com --json', cold(index))));
  expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
  expect(new Set(runs.map(({ waited }) => waited)).size).toBeGreaterThan(5);
});

test('ids in a link file need no lookup', async () => {
  writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ server: web1, site: shop }));
  expect((await bed.dnx('deploy --no-wait')).calls).toEqual([`POST /servers/${web1}/sites/${shop}/deploy`]);
  await expect(bed.dnx('site suspend --yes')).toExit(0, { calls: [`POST /servers/${web1}/sites/${shop}/suspend`] });
});

test('a resource given by id is shown by name once dnx has read it', async () => {
  await expect(bed.dnx(`deploy ${shop} --server ${web1}`)).toExit(0, { says: 'shop.example.com' });
  await expect(
    bed.dnx(`database delete ${seeded.databases.shop} --server db-1`, {
      columns: 200,
      keys: 'shop\r',
      env: { NO_COLOR: '1' },
    }),
  ).toExit(0, { says: "Type 'shop' to continue:" });
});
