import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leading, turn } from '../support/volume.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];
const UNICODE = 'münchen.example';
const PUNYCODE = 'xn--mnchen-3ya.example';

const bed = perTest(openBed);

function rename(domain: string): void {
  const site = bed.sandbox.state.sites.find(({ id }) => id === shop);
  Object.assign(site ?? {}, { domain });
}

const spellings = [UNICODE, PUNYCODE, 'München.Example', 'MÜNCHEN.example.', 'XN--MNCHEN-3YA.EXAMPLE', 'mu\u0308nchen.example'];

describe.each(spellings.map((typed, row) => [typed, turn([PUNYCODE, UNICODE], row)] as const))('a site typed as %s', (typed, all) => {
  test.each(all)('is found as %s, with and without memory, and with its server', async (stored) => {
    rename(stored);
    for (const line of [
      ['site', 'show', typed],
      ['site', 'show', typed],
      ['site', 'show', `web-1/${typed}`],
      ['site', 'show', typed, '--server', 'web-1'],
    ]) {
      const run = await bed.dnx([...line, '--json']);
      expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ id: shop, domain: stored })]);
    }
    const warm = await bed.dnx(['deploy', typed, '--no-wait']);
    expect(warm.calls).toEqual([`GET /servers/${web1}/sites/${shop}`, `POST /servers/${web1}/sites/${shop}/deploy`]);
  });

  test.each(all)('confirms a deletion of %s', async (stored) => {
    rename(stored);
    const run = await bed.dnx(['site', 'delete', shop, '--server', web1, '--confirm', typed]);
    expect(run).toExit(0, { changes: [`DELETE /servers/${web1}/sites/${shop}`] });
  });
});

test.each(leading(spellings, 2))('a site typed as %s is deployed and followed as the other spelling', async (typed) => {
  rename(PUNYCODE);
  await expect(bed.dnx(['deploy', typed])).toExit(0);
});

describe('a domain', () => {
  test.each([
    'munchen.example',
    'münchen.example.org',
    'münchen.example..',
    'www.münchen.example',
    'münchen.example:443',
    'münchen.example/x',
  ])('is not %s', async (typed) => {
    rename(PUNYCODE);
    await expect(bed.dnx(['site', 'delete', shop, '--server', web1, '--confirm', typed])).toExit(2, { changes: [] });
  });

  test('typed at the question confirms the other spelling', async () => {
    rename(PUNYCODE);
    const run = await bed.dnx(['site', 'delete', PUNYCODE], { columns: 120, keys: `${UNICODE}\r` });
    expect(run).toExit(0, { changes: [`DELETE /servers/${web1}/sites/${shop}`] });
  });

  test('is suggested as Deploynix spells it', async () => {
    rename(PUNYCODE);
    expect((await bed.dnx(['site', 'show', 'münchen.exmaple'])).stderr).toContain(`Did you mean '${PUNYCODE}' (web-1)?`);
  });

  test('that two sites spell differently is ambiguous', async () => {
    rename(UNICODE);
    const [old] = bed.sandbox.state.sites;
    if (!old) throw new Error('the seed has sites');
    bed.sandbox.state.sites.push({ ...old, id: '01JQ8Z4T9G0000000000ST0999', server_id: seeded.servers['web-2'], domain: PUNYCODE });
    for (let time = 0; time < 2; time++) {
      await expect(bed.dnx(['site', 'suspend', UNICODE, '--yes'])).toExit(6, { changes: [] });
    }
  });

  test('names a certificate in any spelling', async () => {
    const certificate = bed.sandbox.state.certificates.find(({ site_id }) => site_id === shop);
    Object.assign(certificate ?? {}, { domain: PUNYCODE });
    for (const typed of [UNICODE, `${PUNYCODE.toUpperCase()}.`]) {
      const run = await bed.dnx(['certificate', 'show', typed, '--site', 'shop.example.com', '--json']);
      expect(run.json()).toMatchObject({ id: certificate?.id });
    }
  });
});

test('a server name ignores case, but keeps its dot', async () => {
  await expect(bed.dnx('server show WEB-1')).toExit(0);
  await expect(bed.dnx('server show web-1.')).toExit(6);
});

describe.each([
  'https://shop.example.com/',
  'https://shop.example.com',
  'http://Shop.Example.COM:8443/cart?id=1#top',
  'HTTPS://user@shop.example.com/',
  'shop.example.com/',
])('a site pasted as %s', (pasted) => {
  test.each([
    ['by position', ['site', 'show', pasted, '--fields', 'domain', '--no-header'], {}],
    ['with --site', ['env', 'get', 'APP_URL', '--site', pasted], {}],
    ['with --server', ['site', 'show', pasted, '--server', 'web-1', '--json'], {}],
    ['before other arguments', ['env', 'get', pasted, 'APP_URL'], {}],
    ['before a command', ['env', 'run', pasted, '--all', '--', 'true'], {}],
    ['as a place', ['open', pasted, '--print'], {}],
    ['in DNX_SITE', ['status', '--json'], { DNX_SITE: pasted }],
    ['to deploy', ['deploy', pasted, '--dry-run'], {}],
  ])('is the site %s', async (_, line, env) => {
    const run = await bed.dnx(line, { env });
    expect(run).toExit(0);
    expect([run.stdout, run.calls]).toEqual([expect.not.stringContaining('blog'), expect.arrayContaining([expect.stringContaining(shop)])]);
  });
});
