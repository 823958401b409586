import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];
const staging2 = seeded.sites['staging.example.com on web-2'];
const server = { id: web1, name: 'web-1' };
const production = { server, site: { id: shop, name: 'shop.example.com' }, confirm: true };
const blog = { server, site: { id: seeded.sites['blog.example.com'], name: 'blog.example.com' } };
const both = { default: 'production', environments: { production, blog } };

const bed = perTest(openBed);

const link = (content: unknown) =>
  writeFileSync(join(bed.directory, '.deploynix.json'), typeof content === 'string' ? content : JSON.stringify(content));
const terminal = (keys: string): RunOptions => ({ columns: 120, keys, env: { NO_COLOR: '1' } });
const posts = (calls: readonly string[]) => calls.filter((call) => call.startsWith('POST'));

describe('a deployment of an environment with "confirm": true', () => {
  beforeEach(() => link(both));

  test.each([
    ['by default', 'deploy --no-wait'],
    ['with -e', 'deploy -e production --no-wait'],
    ['by domain', 'deploy shop.example.com --no-wait'],
    ['with -e of another and --site', 'deploy -e blog --site SHOP.example.com. --no-wait'],
    ['by id', `deploy ${shop} --server ${web1} --no-wait`],
    ['by server and domain', 'deploy web-1/shop.example.com --no-wait'],
    ['of several', 'deploy blog.example.com shop.example.com --no-wait'],
    ['of a whole server', 'deploy --all --server web-1 --no-wait'],
    ['that waits', 'deploy'],
    ['later', 'site schedule --in 90m'],
  ])('%s needs --yes without a terminal', async (_, line) => {
    const refused = await bed.dnx(line);
    expect([refused.code, refused.stdout, posts(refused.calls)]).toEqual([2, '', []]);
    expect(refused.stderr).toContain('Error: .deploynix.json requires confirmation for production. Nothing was changed.\n  Use --yes.\n');
    const run = await bed.dnx(`${line} --yes`);
    expect([run.code, posts(run.calls).length > 0], run.stderr).toEqual([0, true]);
  });

  test('sends nothing at all for a refusal, and nothing else for a question', async () => {
    expect((await bed.dnx('deploy')).calls).toEqual([]);
    const no = await bed.dnx('deploy --no-wait', terminal('n\r'));
    expect(no).toExit(1, { stdout: '', calls: [], says: '! .deploynix.json requires confirmation for production.' });
    expect(no.stderr).toContain('Deploy shop.example.com (web-1, production)?');
    await expect(bed.dnx('deploy --no-wait', terminal('y\r'))).toExit(0, { calls: [`POST /servers/${web1}/sites/${shop}/deploy`] });
  });

  test('asks once for several sites', async () => {
    const run = await bed.dnx('deploy blog.example.com shop.example.com --no-wait', terminal('y\r'));
    expect(run.stderr).toContain('Deploy 2 sites, among them shop.example.com (web-1, production)?');
    expect([run.code, posts(run.calls).length]).toEqual([0, 2]);
  });

  test('asks once to schedule it in place of another one', async () => {
    await expect(bed.dnx('site schedule --in 90m --yes')).toExit(0);
    const run = await bed.dnx('site schedule --in 30m', terminal('y\r'));
    expect(run.stderr).toContain('requires confirmation for production. A deployment is already scheduled for ');
    expect(run.stderr).toContain('Replace the scheduled deployment of site shop.example.com');
    expect([run.code, posts(run.calls).length]).toEqual([0, 1]);
  });

  test('does not ask for a dry run, or for another environment', async () => {
    await expect(bed.dnx('deploy --dry-run')).toExit(0);
    await expect(bed.dnx('deploy -e blog --no-wait')).toExit(0);
    await expect(bed.dnx('deploy web-1/staging.example.com --no-wait')).toExit(0);
  });
});

describe('the site of a link file without ids', () => {
  test.each([
    [{ site: 'shop.example.com', confirm: true }, `deploy ${shop} --server ${web1}`],
    [{ site: 'shop.example.com', confirm: 'no' }, 'deploy shop.example.com'],
    [{ site: 'web-1/shop.example.com', confirm: true }, 'deploy'],
    [{ server: 'WEB-1', site: 'Shop.Example.com', confirm: true }, 'deploy'],
    [{ server: '203.0.113.10', site: 'shop.example.com', confirm: true }, 'deploy web-1/shop.example.com'],
    [{ site: shop, server: web1, confirm: true }, 'deploy shop.example.com'],
    [{ confirm: true }, 'deploy shop.example.com'],
    [{ site: ['a'], confirm: true }, 'deploy shop.example.com'],
    [{ environments: { production: { site: 'shop.example.com' } }, confirm: true }, 'deploy'],
    ['{"confirm": true,', 'deploy shop.example.com'],
    [{ environments: [{ confirm: true }] }, 'deploy shop.example.com'],
    [{ environments: { production: production, other: 7 } }, 'deploy -e production'],
  ])('is confirmed, too: %j, dnx %s', async (content, line) => {
    link(content);
    const run = await bed.dnx(`${line} --no-wait`);
    expect([run.code, posts(run.calls)], run.stderr).toEqual([2, []]);
    expect(run.stderr).toContain('Use --yes.');
  });

  test.each([
    [{ site: 'shop.example.com', confirm: false }, 'deploy'],
    [{ server: 'web-1', site: 'staging.example.com', confirm: true }, 'deploy web-2/staging.example.com'],
    [{ server, site: { id: 'X', name: 'staging.example.com' }, confirm: true }, `deploy ${staging2} --server ${web2}`],
    [{ site: 'shop.example.com', confirm: true }, `deploy ${seeded.sites['blog.example.com']} --server ${web1}`],
    ['{', 'deploy shop.example.com'],
  ])('is told apart from another one: %j, dnx %s', async (content, line) => {
    link(content);
    const run = await bed.dnx(`${line} --no-wait`);
    expect([run.code, posts(run.calls).length], run.stderr).toEqual([0, 1]);
  });

  test('is confirmed if the token cannot read the name of an id', async () => {
    link({ site: 'shop.example.com', confirm: true });
    const env = { DNX_TOKEN: bed.sandbox.mint(['site:deploy']) };
    await expect(bed.dnx(`deploy ${shop} --server ${web1} --no-wait`, { env })).toExit(2);
    expect((await bed.dnx(`deploy ${shop} --server ${web1} --no-wait --yes`, { env })).calls).toEqual([
      `POST /servers/${web1}/sites/${shop}/deploy`,
    ]);
  });
});
