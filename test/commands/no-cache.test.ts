import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

describe.each([
  ['--no-cache', '--no-cache', {}],
  ['DNX_NO_CACHE', '', { DNX_NO_CACHE: '1' }],
])('%s', (_, option, env) => {
  test('looks names up again, and remembers what it reads', async () => {
    await expect(bed.dnx('site list')).toExit(0);
    const { sites } = bed.sandbox.state;
    const old = sites.find(({ id }) => id === shop);
    if (!old) throw new Error('the seed has the shop');
    const id = '01JQ8Z4T9G00000000000SH0P2';
    sites.push({ ...old, id, server_id: web2 });
    old.domain = 'old-shop.example.com';
    const fresh = await bed.dnx(`site show shop.example.com --json ${option}`, { env });
    expect([fresh.code, fresh.json(), fresh.calls.length]).toEqual([0, expect.objectContaining({ id }), 5]);
    expect((await bed.dnx('site show shop.example.com --json')).calls).toEqual([`GET /servers/${web2}/sites/${id}`]);
  });

  test('does the same for servers and what is on them', async () => {
    await expect(bed.dnx('daemon list --server web-1')).toExit(0);
    const [daemon] = bed.sandbox.state.daemons;
    const run = await bed.dnx(`daemon show "${daemon?.command}" --server web-1 ${option}`, { env });
    expect(run.calls).toEqual(['GET /servers', `GET /servers/${web1}/daemons`, `GET /servers/${web1}/daemons/${daemon?.id}`]);
  });
});

test('DNX_NO_CACHE=0 changes nothing', async () => {
  await expect(bed.dnx('site list')).toExit(0);
  expect((await bed.dnx('site show shop.example.com', { env: { DNX_NO_CACHE: '0' } })).calls.slice(0, 1)).toEqual([
    `GET /servers/${web1}/sites/${shop}`,
  ]);
});

test('the help names both', async () => {
  expect((await bed.dnx('help options')).stdout).toContain('--no-cache');
  expect((await bed.dnx('help environment')).stdout).toContain('DNX_NO_CACHE');
});
