import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];
const given = `status ${shop} --server ${web1}`;

const bed = perTest(openBed);

const line = (label: string, text: string) => `${label.padEnd(13)}  ${text}\n`;
const terminal: RunOptions = { columns: 100, env: { NO_COLOR: '1' } };
const status = (words = '', options: RunOptions = {}) => bed.dnx(`${given} ${words}`, { ...terminal, ...options });
const link = (content: object) => writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify(content));
const production = { server: { id: web1, name: 'web-1' }, site: { id: shop, name: 'shop.example.com' } };

test('prints the state of a site', async () => {
  const run = await status();
  expect(run).toExit(0, { stderr: '' });
  expect(run.stdout).toBe(
    [
      ['Site', 'shop.example.com  given'],
      ['Status', '● active'],
      ['Server', 'web-1  203.0.113.10  PHP 8.3'],
      ['Release', '643deaf Cache the category tree for ten minutes, 4h ago'],
      ['Certificate', 'valid for 48d'],
      ['Scheduled', 'none'],
      ['Workers', '2 running, 1 stopped'],
      ['Branch', 'main'],
      ['Zero downtime', 'yes'],
    ]
      .map(([label = '', text = '']) => line(label, text))
      .join(''),
  );
});

describe('sends at most five requests', () => {
  test.each(['', '--json', '-o csv'])('with ids and %j', async (words) => {
    const run = await status(words);
    expect([run.code, run.calls.length, new Set(run.calls).size]).toEqual([0, 5, 5]);
    expect(run.changes).toEqual([]);
  });

  test('with a link file that has ids', async () => {
    link(production);
    const run = await bed.dnx('status', terminal);
    expect([run.code, run.calls.length]).toEqual([0, 5]);
  });

  test('with a link file whose site is gone', async () => {
    link({ environments: { production: { ...production, site: { id: '01JQ8Z4T9G0000000000GONE01', name: 'shop.example.com' } } } });
    const run = await bed.dnx('status');
    expect([run.code, run.calls.filter((call) => call.endsWith('/sites/01JQ8Z4T9G0000000000GONE01'))]).toEqual([6, [expect.any(String)]]);
    expect(run.stderr).toContain('from .deploynix.json) not found.');
  });

  test('with lists of more than a page', async () => {
    const { releases } = bed.sandbox.state;
    const own = releases.filter(({ site_id }) => site_id === shop);
    const [first] = own;
    if (!first) throw new Error('the seed has releases');
    for (let at = 0; at < 250; at++) releases.push({ ...first, id: `older-${at}`, active: false });
    const run = await status('--json');
    expect([run.code, run.calls.length]).toEqual([0, 5]);
  });
});

describe('says where the site comes from', () => {
  const origin = async (words: string, env = {}) => {
    const run = await bed.dnx(words, { ...terminal, env: { ...terminal.env, ...env } });
    expect(run).toExit(0, { stderr: '' });
    const json = (await bed.dnx(`${words} --json`, { env })).json<{ origin: string; environment: string | null }>();
    return [/^Site +(.*)\n/.exec(run.stdout)?.[1], json.origin, json.environment];
  };

  test('the command line', async () => {
    link(production);
    expect(await origin(given)).toEqual(['shop.example.com  given', 'given', null]);
  });

  test('DNX_SITE', async () => {
    link({ server: 'web-1', site: 'blog.example.com' });
    const found = await origin('status', { DNX_SITE: 'shop.example.com' });
    expect(found).toEqual(['shop.example.com  from DNX_SITE', 'environment', null]);
  });

  test('the link file', async () => {
    link(production);
    expect(await origin('status')).toEqual(['shop.example.com  from .deploynix.json', 'link file', null]);
  });

  test('an environment of the link file', async () => {
    link({ default: 'production', environments: { production, staging: { server: 'web-1', site: 'blog.example.com' } } });
    expect(await origin('status')).toEqual(['shop.example.com  from .deploynix.json (production)', 'link file', 'production']);
    expect(await origin('status --env staging')).toEqual(['blog.example.com  from .deploynix.json (staging)', 'link file', 'staging']);
  });

  test('the profile', async () => {
    await expect(bed.dnx('config set site shop.example.com --profile work')).toExit(0);
    expect(await origin('status --profile work')).toEqual(['shop.example.com  from profile work', 'profile', null]);
  });

  test('a pick', async () => {
    await expect(bed.dnx('status', { ...terminal, keys: '\r' })).toExit(0, { stdout: expect.stringMatching(/^Site +\S+ {2}picked\n/) });
  });

  test('nothing: exit 2 without a request', async () => {
    await expect(bed.dnx('status')).toExit(2, { calls: [], stdout: '', says: 'No site given.' });
  });
});

describe('--json', () => {
  test("nests the API's own objects", async () => {
    const get = async (path: string) => (await bed.dnx(`api GET /servers/${web1}${path}`)).json<{ data: Record<string, unknown>[] }>().data;
    const releases = await get(`/sites/${shop}/releases`);
    const release = releases.find(({ active }) => active);
    const certificates = await get(`/sites/${shop}/certificates`);
    expect((await status('--json')).json()).toEqual({
      checked_at: '2026-04-16T12:00:00.000Z',
      origin: 'given',
      environment: null,
      site: await get(`/sites/${shop}`),
      server: await get(''),
      release,
      latest_release: release,
      certificate: certificates[0],
      certificates,
      queues: await get(`/sites/${shop}/queues`),
      preview: null,
      previews: null,
      errors: {},
    });
  });

  test('distinguishes none from not allowed', async () => {
    bed.sandbox.state.certificates.length = 0;
    const none = (await status('--json')).json();
    const DNX_TOKEN = bed.sandbox.mint(['site:read']);
    const refused = (await status('--json', { env: { DNX_TOKEN } })).json();
    expect([none.certificate, none.certificates, none.errors]).toEqual([null, [], {}]);
    expect([refused.server, refused.certificates, refused.queues, refused.certificate]).toEqual([null, null, null, null]);
    expect(refused.errors).toMatchObject({
      server: { code: 'forbidden', status: 403 },
      certificates: { code: 'forbidden', status: 403 },
      queues: { code: 'forbidden', status: 403 },
    });
  });
});

describe('what cannot be read', () => {
  test('is said for a token that lacks an ability, and fails nothing', async () => {
    const run = await status('', { env: { NO_COLOR: '1', DNX_TOKEN: bed.sandbox.mint(['site:read']) } });
    expect(run).toExit(0, { stderr: '', stdout: expect.stringContaining(line('Server', 'token cannot read the server')) });
    expect(run.stdout).toContain(line('Certificate', 'token cannot read certificates'));
    expect(run.stdout).toContain(line('Workers', 'token cannot read workers'));
    expect(run.stdout).toContain(line('Release', '643deaf Cache the category tree for ten minutes, 4h ago'));
  });

  test.each([
    ['/servers/{server}/sites/{site}/certificates', { status: 404 }, 'Certificate', 1],
    ['/servers/{server}/sites/{site}/queues', { status: 500 }, 'Workers', 1],
    ['/servers/{server}', 'drop', 'Server', 13],
  ] as const)('is said if %s returns %j, which fails', async (path, fault, label, code) => {
    bed.sandbox.faults.always(
      { method: 'GET', path },
      fault === 'drop' ? fault : (answer) => ({ ...answer, ...fault, body: { message: 'No.' } }),
    );
    const run = await status();
    expect(run).toExit(code, { says: 'Error: Could not read ', stdout: expect.stringMatching(new RegExp(`^${label} +not read: `, 'm')) });
  });

  test.each([{ data: 1 }, { data: 'x' }, { data: [{ id: 7 }] }])('is the site, if the response is %j: its id is shown', async (body) => {
    bed.sandbox.faults.next({ method: 'GET', path: '/servers/{server}/sites/{site}' }, { status: 200, body });
    const run = await status();
    expect([run.code, run.stdout.split('\n')[0]]).toEqual([0, `Site           ${shop}  given`]);
  });

  test('a site that does not exist exits 6, without one exits 5', async () => {
    const missing = await bed.dnx(`status 01JQ8Z4T9G00000000000N0NE1 --server ${web1}`);
    const refused = await status('', { env: { DNX_TOKEN: bed.sandbox.mint(['server:read']) } });
    expect([missing.code, missing.stdout, refused.code, refused.stdout]).toEqual([6, '', 5, '']);
  });

  test('another site than the remembered one is read whole', async () => {
    await expect(bed.dnx('status shop.example.com')).toExit(0);
    const sites = bed.sandbox.state.sites;
    const [one, other] = ['shop.example.com', 'blog.example.com'].map((domain) => sites.find((site) => site.domain === domain));
    if (!one || !other) throw new Error('the seed has both');
    [one.domain, other.domain] = [other.domain, one.domain];
    const { site, queues, release } = (await bed.dnx('status shop.example.com --json')).json<Record<string, never>>();
    expect(site).toMatchObject({ id: other.id, domain: 'shop.example.com' });
    expect([queues, release]).toEqual([[], expect.objectContaining({ id: '01JQ8Z4T9G0000000000RE0105' })]);
  });
});
