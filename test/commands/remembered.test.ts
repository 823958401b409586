import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leaveLock, startHolder } from '../support/holder.ts';
import { leading } from '../support/volume.ts';

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

describe('a remembered site', () => {
  /** Moves the shop's domain to a new site on another server. */
  function moved(): string {
    const { sites } = bed.sandbox.state;
    const old = sites.find(({ id }) => id === shop);
    if (!old) throw new Error('the seed has the shop');
    const id = '01JQ8Z4T9G00000000000SHOP2';
    sites.push({ ...old, id, server_id: web2 });
    old.domain = 'old-shop.example.com';
    return id;
  }

  test.each(
    leading(
      [
        'deploy shop.example.com --no-wait',
        'site delete shop.example.com --confirm shop.example.com',
        'site suspend shop.example.com --yes',
        'env set A=b --site shop.example.com',
      ],
      2,
    ),
  )('is not changed if the token cannot read it: %s', async (line) => {
    await expect(bed.dnx('site show shop.example.com')).toExit(0);
    bed.sandbox.faults.always({ method: 'GET', path: '/servers/{server}/sites/{site}' }, { status: 403, body: { message: 'Forbidden.' } });
    await expect(bed.dnx(line)).toExit(5, { stdout: '', calls: [`GET /servers/${web1}/sites/${shop}`] });
  });

  test('that moved is found although another process locks the index', async () => {
    await expect(bed.dnx('site show shop.example.com')).toExit(0);
    const id = moved();
    leaveLock(join(bed.directory, 'cache/names.json'), (await startHolder()).holder);
    const run = await bed.dnx('site suspend shop.example.com blog.example.com --yes');
    expect(run).toExit(0);
    expect(run.changes).toEqual([
      `POST /servers/${web2}/sites/${id}/suspend`,
      `POST /servers/${web1}/sites/${seeded.sites['blog.example.com']}/suspend`,
    ]);
  });

  test.each([
    'site delete shop.example.com --confirm shop.example.com',
    'deploy shop.example.com --no-wait',
    'backup create --site shop.example.com --no-wait',
  ])('whose domain moved to another site is not used by %s', async (line) => {
    await expect(bed.dnx('site show shop.example.com')).toExit(0);
    const id = moved();
    await expect(bed.dnx(line)).toExit(0);
    const sent = bed.sandbox.calls.filter(({ method }) => method !== 'GET').map(({ path, body }) => `${path} ${JSON.stringify(body)}`);
    expect(sent).toEqual([expect.stringContaining(id)]);
  });

  test('whose domain no site has any more is not found, and nothing is sent', async () => {
    await expect(bed.dnx('site show shop.example.com')).toExit(0);
    const old = bed.sandbox.state.sites.find(({ id }) => id === shop);
    Object.assign(old ?? {}, { domain: 'old-shop.example.com' });
    await expect(bed.dnx('site delete shop.example.com --confirm shop.example.com')).toExit(6, { changes: [] });
  });
});

describe('a site that may have a namesake on a server whose sites cannot be read', () => {
  const deletion = 'site delete staging.example.com --confirm staging.example.com';
  const unlisted = (status: number) =>
    bed.sandbox.faults.always({ method: 'GET', path: `/servers/${web2}/sites` }, { status, body: { message: 'No.' } });

  test.each([
    [403, 5],
    [404, 6],
  ])('is not acted on: %i', async (status, code) => {
    unlisted(status);
    const run = await bed.dnx(deletion);
    expect(run).toExit(code, { stdout: '', changes: [] });
    if (status === 404)
      expect(run.stderr).toBe(
        "Error: Deploynix does not list the sites of server web-2, so 'staging.example.com' may be on it.\n  Use --server.\n",
      );
  });

  test('is the only one once that server is gone', async () => {
    unlisted(404);
    bed.sandbox.faults.always({ method: 'GET', path: `/servers/${web2}` }, { status: 404, body: { message: 'Gone.' } });
    await expect(bed.dnx(deletion)).toExit(0, { changes: [expect.stringContaining(`DELETE /servers/${web1}/`)] });
  });

  test('is acted on if it is given by id', async () => {
    unlisted(404);
    await expect(bed.dnx(`site suspend ${shop} --yes`)).toExit(0, { changes: [`POST /servers/${web1}/sites/${shop}/suspend`] });
  });
});

describe('a site whose domain is the id of another', () => {
  test.each([shop, shop.toLowerCase()])('is never taken for it: %s', async (word) => {
    const [other] = bed.sandbox.state.sites.filter(({ id, server_id }) => id !== shop && server_id === web1);
    if (!other) throw new Error('web-1 has two sites');
    other.domain = word;
    await expect(bed.dnx('site list')).toExit(0);
    const run = await bed.dnx(['site', 'suspend', word, '--yes']);
    expect([run.code, run.calls.at(-1)]).toEqual([0, `POST /servers/${web1}/sites/${shop}/suspend`]);
  });

  test('is not taken for it from memory either', async () => {
    const [other] = bed.sandbox.state.sites.filter(({ id, server_id }) => id !== shop && server_id === web1);
    if (!other) throw new Error('web-1 has two sites');
    await expect(bed.dnx('site show shop.example.com')).toExit(0);
    const file = join(bed.directory, 'cache/names.json');
    const named = `"id": "${other.id}",\n       "domain": "${other.domain}"`;
    const poisoned = readFileSync(file, 'utf8').replace(named, named.replace(other.domain, shop));
    expect(poisoned).toContain(`"domain": "${shop}"`);
    writeFileSync(file, poisoned);
    const run = await bed.dnx(['site', 'suspend', shop, '--yes']);
    expect([run.code, run.calls.at(-1)]).toEqual([0, `POST /servers/${web1}/sites/${shop}/suspend`]);
  });
});
