import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

test('a site on several servers is named as its error says', async () => {
  const [shop, , , elsewhere] = bed.sandbox.state.sites;
  if (!shop || !elsewhere) throw new Error('the seed has sites');
  elsewhere.domain = 'twice.example.com';
  const other = bed.sandbox.state.servers.find(({ id }) => id !== elsewhere.server_id);
  bed.sandbox.state.sites.push({ ...elsewhere, id: '01J0000000000000000000TW1C', server_id: other?.id ?? '' });
  const line = 'env diff twice.example.com shop.example.com --json';
  const refused = await bed.dnx(line);
  expect(refused.code).toBe(6);
  const { hint } = JSON.parse(refused.stderr).error as { hint: string };
  const [, place = ''] = /^Use --server, or (\S+)\.$/.exec(hint) ?? [];
  await expect(bed.dnx(line.replace('twice.example.com', place))).toExit(0);
  await expect(bed.dnx(`env diff twice.example.com staging.example.com --server ${place.split('/')[0]} --json`)).toExit(0);
});
