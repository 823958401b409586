import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];
const blog = seeded.sites['blog.example.com'];
const staging = seeded.sites['staging.example.com on web-2'];
const server = { id: web1, name: 'web-1' };
const gone = '01JQ8Z4T9G0000000000GONE01';
const environments = {
  production: { server, site: { id: shop, name: 'shop.example.com' } },
  staging: { server: { id: web2, name: 'web-2' }, site: { id: staging, name: 'staging.example.com' } },
};

const bed = perTest(openBed);

const link = (content: unknown) => writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify(content));
const siteAs = (name: string, id: string = shop) => link({ server, site: { id, name } });
const terminal = (keys: string): RunOptions => ({ columns: 160, keys, env: { NO_COLOR: '1' } });

describe('in a linked project', () => {
  beforeEach(() => link({ default: 'production', environments }));

  test.each([
    ['deploy --no-wait', `POST /servers/${web1}/sites/${shop}/deploy`],
    ['deploy -e staging --no-wait', `POST /servers/${web2}/sites/${staging}/deploy`],
    ['site show --json', `GET /servers/${web1}/sites/${shop}`],
    ['env list -e staging', `GET /servers/${web2}/sites/${staging}/environment-variables`],
    ['daemon list -e staging', `GET /servers/${web2}/daemons`],
  ])('dnx %s is one request', async (line, request) => {
    await expect(bed.dnx(line)).toExit(0, { calls: [request] });
  });

  test('a deployment by name checks nothing that was linked', async () => {
    const run = await bed.dnx('deploy shop.example.com --server web-1 --no-wait');
    expect(run).toExit(0, { changes: [`POST /servers/${web1}/sites/${shop}/deploy`] });
  });

  test('--server and --site replace the linked ones', async () => {
    await expect(bed.dnx('site show -e production --server web-2 --site staging.example.com -o ids')).toExit(0, { stdout: `${staging}\n` });
    expect((await bed.dnx('site show -e staging --site blog.example.com -o ids')).stdout).toBe(`${blog}\n`);
    expect((await bed.dnx('site show -e staging --server web-1 -o ids')).stdout).toBe(`${seeded.sites['staging.example.com on web-1']}\n`);
  });

  test.each([
    ['with ids', environments.production],
    ['with names', { server: 'web-1', site: 'shop.example.com' }],
    ['without a site', { server: 'web-1' }],
  ])('a domain on several servers is as ambiguous as elsewhere (%s)', async (_, production) => {
    link({ environments: { production } });
    const run = await bed.dnx('deploy staging.example.com --no-wait');
    expect(run).toExit(6, { changes: [], says: "'staging.example.com' matches 2 sites:\n  web-1/staging.example.com" });
    await expect(bed.dnx('deploy web-1/staging.example.com --no-wait')).toExit(0);
    await expect(bed.dnx('deploy staging.example.com --no-wait', { env: { DNX_SERVER: 'web-1' } })).toExit(0);
  });

  test('the domain of the linked site is that site, wherever else it is', async () => {
    const found = bed.sandbox.state.sites.find(({ id }) => id === staging);
    Object.assign(found ?? {}, { domain: 'shop.example.com' });
    await expect(bed.dnx('deploy SHOP.example.com. --no-wait')).toExit(0, { changes: [`POST /servers/${web1}/sites/${shop}/deploy`] });
  });

  test('a change reads the site once before it', async () => {
    const run = await bed.dnx('site suspend --yes');
    expect(run).toExit(0, { calls: [`GET /servers/${web1}/sites/${shop}`, `POST /servers/${web1}/sites/${shop}/suspend`] });
  });
});

describe('an id that belongs to another name changes nothing', () => {
  const stale = `Error: Site blog.example.com (id ${shop}, from .deploynix.json) is now shop.example.com. Nothing was changed.\n  Link this project again with: dnx link\n`;
  beforeEach(() => siteAs('blog.example.com'));

  test.each([
    'env set A=b',
    'site suspend --yes',
    'site delete --confirm blog.example.com',
    'site delete --confirm shop.example.com',
    'deploy',
    'deploy --wait --yes',
    'site schedule --in 90m',
    'queue restart default',
    'rollback --yes',
    'api POST /servers/{server}/sites/{site}/suspend',
  ])('dnx %s', async (line) => {
    await expect(bed.dnx(line)).toExit(6, { stdout: '', stderr: stale, changes: [] });
  });

  test('on a terminal, too, before any question', async () => {
    for (const line of ['site delete', 'site suspend', 'rollback', 'env import']) {
      const run = await bed.dnx(line, terminal('blog.example.com\ry\r'));
      expect([line, run.code, run.changes]).toEqual([line, 6, []]);
      expect(run.stderr).not.toContain('?');
    }
  });

  test('dnx deploy --no-wait, if a list has shown the name before', async () => {
    await expect(bed.dnx('site list')).toExit(0);
    await expect(bed.dnx('deploy --no-wait')).toExit(6, { calls: [`GET /servers/${web1}/sites/${shop}`], stderr: stale });
  });
});

test('an id that a list has shown with another name is not read either', async () => {
  siteAs('blog.example.com');
  await expect(bed.dnx('site list')).toExit(0);
  for (const line of ['env list', 'site show --json', 'queue list']) {
    const run = await bed.dnx(line);
    expect(run, line).toMatchObject({ code: 6, stdout: '', calls: [`GET /servers/${web1}/sites/${shop}`] });
    expect(run.stderr).toContain(`Site blog.example.com (id ${shop}, from .deploynix.json) is now shop.example.com.`);
  }
  siteAs('shop.example.com');
  expect((await bed.dnx('env list')).calls).toHaveLength(1);
});

describe('a server whose id belongs to another name', () => {
  test('is not restarted or deleted', async () => {
    link({ server: { id: web2, name: 'web-1' } });
    for (const line of [
      'server restart --yes',
      'server delete --confirm web-1',
      'server delete --confirm web-2',
      'crontab create date --frequency "* * * * *"',
    ]) {
      const run = await bed.dnx(line);
      expect([run.code, run.changes], line).toEqual([6, []]);
      expect(run.stderr).toContain(`Server web-1 (id ${web2}, from .deploynix.json) is now web-2. Nothing was changed.`);
    }
  });

  test('is not shown in a question', async () => {
    link({ server: { id: web2, name: 'web-1' }, site: { id: staging, name: 'staging.example.com' } });
    const run = await bed.dnx('site suspend', terminal('y\r'));
    expect(run).toExit(6, { changes: [] });
    expect(run.stderr).not.toContain('?');
  });
});

test('a name that was not read is not enough to delete a site', async () => {
  siteAs('blog.example.com');
  const env = { DNX_TOKEN: bed.sandbox.mint(['site:delete', 'site:update']) };
  await expect(bed.dnx('site delete --confirm blog.example.com', { env })).toExit(5, { changes: [] });
});

test('a name that was not read is not shown in a question', async () => {
  siteAs('blog.example.com');
  const env = { DNX_TOKEN: bed.sandbox.mint(['site:update']), NO_COLOR: '1' };
  const run = await bed.dnx('site suspend', { ...terminal('n\r'), env });
  expect(run).toExit(1, { changes: [], says: `Suspend site ${shop} on server ${web1}?` });
});

describe('a site that is gone', () => {
  beforeEach(() => siteAs('shop.example.com', gone));

  test.each(['site show', 'site show --json', 'env list', 'releases', 'deploy', 'deploy --no-wait', 'site suspend --yes', 'queue show 7'])(
    'is reported as a stale link: dnx %s',
    async (line) => {
      const run = await bed.dnx(line);
      expect(run).toExit(6, { stdout: '', says: [`Site shop.example.com (id ${gone}, from .deploynix.json) not found.`, 'dnx link'] });
      const unperformed = run.changes.filter((call) => !call.endsWith('/deploy'));
      expect(unperformed).toEqual([]);
    },
  );

  test('is not blamed for something else that is not found', async () => {
    siteAs('shop.example.com');
    await expect(bed.dnx('queue show 7')).toExit(6, { stderr: expect.not.stringContaining('dnx link') });
  });
});

describe('a hostile link file', () => {
  test.each(['..', '.', '../../tokens', '%2e%2e', 'x'.repeat(300), '\u001b]0;x\u0007', '1?x=1', '1#'])(
    'with the id %j sends nothing elsewhere',
    async (id) => {
      link({ server: { id, name: 'web-1' }, site: { id, name: 'shop.example.com' } });
      const run = await bed.dnx('deploy --no-wait', { columns: 200 });
      for (const call of run.calls)
        expect(call).toMatch(/^GET \/servers(\/[\w%]+(\/sites(\/[\w%]+)?)?)?$|^POST \/servers\/[^/]+\/sites\/[^/]+\/deploy$/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
      expect(run.stdout + run.stderr).not.toMatch(/\u001b\]|\u0007/);
    },
  );
});
