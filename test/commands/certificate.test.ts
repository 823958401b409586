import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { missingId, testGroup } from '../support/cases.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const ofShop = '01JQ8Z4T9G0000000000CE0001';
const ofServer = '01JQ8Z4T9G0000000000CE0004';
const on = '--site shop.example.com';

testGroup('certificate', {
  'list --site': {
    line: `list ${on}`,
    table: ['DOMAIN', 'shop.example.com', 'letsencrypt', '2026-06-03T12:00:00Z'],
    json: [{ id: ofShop, domain: 'shop.example.com' }],
    ability: 'certificate:read',
    missing: 'list --site nowhere.example.com',
  },
  'list --server': {
    line: 'list --server web-1',
    table: ['*.example.com', 'wildcard', 'shop.example.com'],
    json: [{ id: ofServer }, { id: ofShop }, { domain: 'blog.example.com', expires_at: '2026-04-21T12:00:00Z' }],
    ability: 'certificate:read',
    missing: 'list --server nowhere',
  },
  show: {
    line: 'show 01JQ8Z4T9G0000000000CE0003 --site docs.example.com',
    table: ['Status   failed', 'Reason   DNS problem: NXDOMAIN'],
    json: { status: 'failed' },
    ability: 'certificate:read',
    missing: `show ${missingId} ${on}`,
  },
  create: {
    line: `create www.shop.example.com ${on}`,
    table: [
      '✓ Issued a certificate for www.shop.example.com in ',
      'Domain   www.shop.example.com',
      'Status   active',
      'Expires  2026-07-15T12:00:10Z',
    ],
    json: { domain: 'www.shop.example.com', status: 'active', type: 'letsencrypt' },
    says: 'certificate for www.shop.example.com: pending',
    ability: 'certificate:create',
    missing: 'create x.example.com --site nowhere.example.com',
    invalid: [`create x.example.com --type custom ${on}`, 'certificate'],
  },
  'delete --site': {
    line: `delete ${ofShop} ${on} --yes`,
    table: [`✓ Revoked certificate ${ofShop}\n`],
    json: { id: ofShop, deleted: true },
    ability: 'certificate:delete',
    missing: `delete ${missingId} ${on} --yes`,
  },
  'revoke --server': {
    line: `revoke ${ofServer} --server web-1 --yes`,
    table: [`✓ Revoked certificate ${ofServer}\n`],
    json: { id: ofServer, deleted: true },
    ability: 'certificate:delete',
    missing: `revoke ${ofShop} --server web-1 --yes`,
  },
});

const bed = perTest(openBed);

const server = `GET /servers/${seeded.servers['web-1']}`;

test.each([
  ['the site in DNX_SITE', {}, `${server}/sites/${seeded.sites['shop.example.com']}/certificates`],
  ['the server in --server, although DNX_SITE is set', { line: '--server web-1' }, `${server}/certificates`],
])('certificate list uses %s', async (_, { line = '' }: { line?: string }, call) => {
  const run = await bed.dnx(`certificate list ${line}`, { env: { DNX_SITE: 'web-1/shop.example.com' } });
  expect(run).toExit(0, { calls: expect.arrayContaining([call]) });
});

test('certificate list --server says so if the token cannot list its sites, and needs no site that is gone', async () => {
  const DNX_TOKEN = bed.sandbox.mint(['server:read', 'certificate:read']);
  await expect(bed.dnx('certificate list --server web-1 -o ids', { env: { DNX_TOKEN } })).toExit(0, {
    stdout: `${ofServer}\n`,
    says: 'The certificates of its sites are not listed. Token is missing the ability site:read',
  });
  bed.sandbox.faults.always({ path: `/servers/{server}/sites/${seeded.sites['shop.example.com']}/certificates` }, { status: 404 });
  await expect(bed.dnx('certificate list --server web-1 -o ids')).toExit(0, { stdout: `${ofServer}\n01JQ8Z4T9G0000000000CE0002\n` });
});

test('certificate create fails with the reason if none is issued', async () => {
  const run = await bed.dnx(`certificate issue fail.example.com ${on}`);
  expect(run.stderr).toContain(
    'Certificate request for fail.example.com failed after 16s: DNS problem: NXDOMAIN looking up A for fail.example.com\n',
  );
  expect(run.stderr).toMatch(/dnx certificate show \w+ --site \w+ --server \w+/);
  expect(run).toExit(1, { stdout: '' });
});

test('certificate create --no-wait does not follow', async () => {
  const run = await bed.dnx(`certificate create www.shop.example.com ${on} --no-wait --json`);
  expect(run.json()).toMatchObject({ status: 'pending' });
  expect(run.waited).toBe(0);
});

test('certificate create takes the private key from stdin, not as an argument', async () => {
  const custom = `certificate create own.example.com --type custom --certificate PEM ${on} --no-wait --json`;
  await expect(bed.dnx(`${custom} --private-key -`, { stdin: 'PEM' })).toExit(0);
  await expect(bed.dnx(`${custom} --private-key PEM`)).toExit(2, { calls: [] });
});
