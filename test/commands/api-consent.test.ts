import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leasing } from '../support/leased.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(() => openBed());
beforeEach(() => {
  const { environment_variables: variables } = bed.sandbox.state;
  const [first] = variables.filter(({ site_id }) => site_id === site);
  if (!first) throw new Error('There are no variables.');
  const keys = { APP_ENV: 'production', APP_KEY: 'base64:live', LOG_LEVEL: 'info', DB_HOST: '203.0.113.12' };
  const others = variables.filter(({ site_id, key }) => site_id !== site || !(key in keys || key === 'APP_DEBUG'));
  variables.length = 0;
  variables.push(...others, ...Object.entries(keys).map(([key, value]) => ({ ...first, id: idOf(key), key, value })));
});

const site = seeded.sites['shop.example.com'];
const VARIABLES = `/servers/${seeded.servers['web-1']}/sites/${site}/environment-variables`;
const idOf = (key: string) => `01JQ8Z4T9G0000000${key.replace('_', '').padEnd(9, '0').slice(0, 9)}`.replace(/[^0-9A-HJKMNP-TV-Z]/g, '0');
const values = () =>
  Object.fromEntries(bed.sandbox.state.environment_variables.flatMap((each) => (each.site_id === site ? [[each.key, each.value]] : [])));

/** What could break the site, by whatever sends it. */
const dangers = [
  'env unset APP_KEY --site shop.example.com',
  'env unset LOG_LEVEL DB_HOST --site shop.example.com',
  `env unset ${idOf('APP_KEY')} --site shop.example.com`,
  `api PUT ${VARIABLES}/${idOf('APP_ENV')} -F value=local`,
  `api PUT ${VARIABLES}/${idOf('APP_KEY')} --data '{"value":"base64:other"}'`,
  `api PUT ${VARIABLES}/${idOf('APP_KEY')} --input '{"key":"OTHER"}'`,
  `api PUT /api/v1${VARIABLES.replace('sites', '%73ites')}/${idOf('DB_HOST')} -F value=127.0.0.1`,
  `api POST ${VARIABLES} -F key=APP_DEBUG -F value=true`,
  `api POST /servers/{server}/sites/{site}/environment-variables -F key=APP_DEBUG -F value=true --site shop.example.com`,
  `api DELETE ${VARIABLES}/${idOf('APP_KEY')}`,
];

test('a PATCH, which Laravel serves like a PUT, needs the name of the site, too', async () => {
  const run = await bed.dnx(`api PATCH ${VARIABLES}/${idOf('APP_KEY')} -F value=base64:other --yes --json`);
  expect(run).toExit(2, { changes: [], says: '"reason":"name_to_type"' });
});

describe.each(sampled(dangers, 5, 10))('dnx %s', (line) => {
  test('needs the name of the site, also with --yes', async () => {
    const before = values();
    const refused = await bed.dnx(`${line} --yes --json`);
    expect([refused.code, refused.changes, JSON.parse(refused.stderr.trim().split('\n').at(-1) ?? '')]).toMatchObject([
      2,
      [],
      { error: { reason: 'name_to_type', human: true, message: 'This could break shop.example.com. Nothing was sent.' } },
    ]);
    await expect(bed.dnx(`${line} --confirm blog.example.com`)).toExit(2, { changes: [] });
    await expect(bed.dnx(line, { columns: 100, keys: 'n\r' })).toExit(2, { changes: [], says: "Type 'shop.example.com' to continue:" });
    expect(values()).toEqual(before);
    const plan = await bed.dnx(`${line} --dry-run --json`);
    expect(plan.json<{ consent: object }>().consent).toMatchObject({ level: 'severe', confirm: 'shop.example.com' });
    const run = await bed.dnx(`${line} --confirm shop.example.com`);
    expect([run.code, run.changes.length > 0], run.stderr).toEqual([0, true]);
  });

  test('needs a person in the session of an agent', async () => {
    const before = values();
    const run = await leasing(bed, 'agent run --ability site:update', async (inside) => {
      for (const given of ['--yes', '--yes --confirm shop.example.com']) {
        const refused = await inside(`${line} ${given}`);
        expect([refused.code, refused.changes, refused.stderr], line).toEqual([
          2,
          [],
          expect.stringContaining('In the session of an agent, nothing confirms this.'),
        ]);
      }
    });
    expect([run.code, values()], run.stderr).toEqual([0, before]);
  });
});

test.each([
  'env unset LOG_LEVEL --site shop.example.com --yes',
  `api POST ${VARIABLES} -F key=NEW -F value=1`,
  `api PUT ${VARIABLES}/${idOf('LOG_LEVEL')} -F value=debug`,
  `api POST /servers/${seeded.servers['web-1']}/restart`,
])('what breaks nothing is sent: dnx %s', async (line) => {
  const run = await bed.dnx(line);
  expect([run.code, run.changes.length], run.stderr).toEqual([0, 1]);
});

describe('dnx api', () => {
  test.each([
    [`DELETE /servers/${seeded.servers['web-2']}`, 'web-2'],
    [`DELETE /%73ervers/${seeded.servers['web-2']}/`, 'web-2'],
    [`DELETE /servers/${seeded.servers['web-1']}/sites/${site}`, 'shop.example.com'],
    [`DELETE /servers/${seeded.servers['db-1']}/databases/${seeded.databases.shop}`, 'shop'],
    ['POST /backups/01JQ8Z4T9G000000000000BK06/restore', 'shop'],
  ])('%s needs the name %s', async (request, name) => {
    const refused = await bed.dnx(`api ${request} --yes`);
    expect(refused).toExit(2, { changes: [], stderr: expect.stringMatching(/Use --confirm .*; --yes is not enough/) });
    await expect(bed.dnx(`api ${request} --confirm other`)).toExit(2, { changes: [], says: `Expected '${name}'.` });
    const asked = await bed.dnx(`api ${request}`, { columns: 100, keys: `${name}\r` });
    expect([asked.code, asked.changes.length], asked.stderr).toEqual([0, 1]);
  });

  test('an operation that dnx does not know needs --yes only for a DELETE', async () => {
    await expect(bed.dnx('api DELETE /nowhere/1')).toExit(2);
    expect((await bed.dnx('api DELETE /nowhere/1 --yes')).calls).toEqual(['DELETE /nowhere/1']);
    expect((await bed.dnx('api POST /nowhere')).calls).toEqual(['POST /nowhere']);
  });
});

test('a plan that renames the APP_KEY away needs the name of the site', async () => {
  const variable = { id: idOf('APP_KEY'), name: 'APP_KEY' };
  const targets = { server: { id: seeded.servers['web-1'], name: null }, site: { id: site, name: null }, variable };
  const call = 'PUT /servers/{server}/sites/{site}/environment-variables/{variable}';
  const change = { call, targets, body: { key: 'OTHER' }, before: null };
  const plan = { version: 1, host: bed.sandbox.url, changes: [change], consent: { level: null, confirm: null }, abilities: [], about: [] };
  writeFileSync(join(bed.directory, 'plan.json'), JSON.stringify(plan));
  await expect(bed.dnx('apply plan.json --yes')).toExit(2, { changes: [], says: 'This could break shop.example.com.' });
});
