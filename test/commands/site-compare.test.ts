import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const SHOP = 'shop.example.com';
const BLOG = 'blog.example.com';
const API = 'api.example.com';
const compare = (...words: readonly string[]) => bed.dnx(['site', 'compare', ...words]);
const parts = async (...words: readonly string[]) => {
  const run = await compare(...words, '--json');
  expect(run.code).toBe(0);
  return run.json() as readonly { readonly kind: string; readonly name: string | null; readonly field: string | null }[];
};
const at = { created_at: '2026-04-01T12:00:00Z', updated_at: '2026-04-01T12:00:00Z' };

describe('site compare', () => {
  test('shows what differs side by side, and no value of a variable', async () => {
    const run = await compare('web-1/staging.example.com', 'web-2/staging.example.com');
    expect(run).toExit(0, {
      stdout:
        'KIND  NAME         WEB-1/STAGING.EXAMPLE.COM  WEB-2/STAGING.EXAMPLE.COM\nsite  repository   example/shop               example/api\nsite  php version  8.3                        8.4\n',
      stderr: 'Equal: 5 settings. Show them with --equal.\n',
      changes: [],
    });
    const variables = (await compare(SHOP, API)).stdout;
    expect(variables).toMatch(/\nvariable +APP_KEY +set +–\n/);
    expect(variables).toMatch(/\nvariable +DB_PASSWORD +set +other value\n/);
    expect(variables).toMatch(/\nvariable +JWT_TTL +– +set\n/);
    expect(variables).toMatch(/\nqueue worker +default: processes +3 +2\n/);
    expect(variables).not.toMatch(/hunter2|api-password|APP_ENV/);
    expect((await compare(SHOP, API, '--equal')).stdout).toMatch(/\nvariable +APP_ENV +set +same value\n/);
  });

  test('prints every part for scripts', async () => {
    const found = await parts(SHOP, API, '--equal');
    expect(found).toContainEqual({ kind: 'site', name: null, field: 'php_version', change: 'changed', here: '8.3', there: '8.4' });
    expect(found).toContainEqual({ kind: 'site', name: null, field: 'zero_downtime', change: 'equal', here: true, there: true });
    expect(found).toContainEqual({ kind: 'variable', name: 'DB_PASSWORD', field: null, change: 'changed', here: null, there: null });
    expect(found).toContainEqual({ kind: 'queue', name: 'default', field: 'processes', change: 'changed', here: 3, there: 2 });
    expect(found).toContainEqual({ kind: 'redirect', name: '/sale', field: null, change: 'only_here', here: null, there: null });
    expect(JSON.stringify(found)).not.toMatch(/hunter2|api-password/);
  });

  test('exits 10 with --exit-code, if there are differences', async () => {
    await expect(compare(SHOP, API, '--exit-code')).toExit(10, { says: '26 differences.' });
    const shop = bed.sandbox.state.sites.find(({ domain }) => domain === SHOP);
    const other = bed.sandbox.state.sites.find(({ id }) => id === seeded.sites['staging.example.com on web-1']);
    Object.assign(other ?? {}, { ...shop, id: other?.id, domain: other?.domain });
    const { environment_variables: variables, queues, redirects } = bed.sandbox.state;
    for (const list of [variables, queues, redirects])
      list.push(
        ...(list.flatMap((row) => (row.site_id === shop?.id ? [{ ...row, id: `${row.id}2`, site_id: other?.id }] : [])) as never[]),
      );
    for (const list of [bed.sandbox.state.crontabs, bed.sandbox.state.daemons])
      list.push(
        ...(list.map((row) => JSON.parse(JSON.stringify({ ...row, id: `${row.id}2` }).replaceAll(SHOP, 'staging.example.com'))) as never[]),
      );
    await expect(compare(SHOP, 'web-1/staging.example.com', '--exit-code')).toExit(0, {
      stdout: '',
      stderr:
        'No differences.\nEqual: 7 settings, 14 variables, 3 queue workers, 2 redirects, 2 daemons, 2 cron jobs. Show them with --equal.\n',
    });
  });

  test('pairs what is equal before what has the same key', async () => {
    const [first] = bed.sandbox.state.queues;
    const api = bed.sandbox.state.queues.find(({ site_id }) => site_id === seeded.sites[API]);
    if (!first || !api) throw new Error('the seed has queues');
    bed.sandbox.state.queues = [first, { ...api, processes: 5 }, { ...api, id: 'twin', processes: first.processes }];
    const found = await parts(SHOP, API);
    expect(found.filter(({ kind }) => kind === 'queue')).toEqual([
      { kind: 'queue', name: 'default', field: null, change: 'only_there', here: null, there: null },
    ]);
  });

  test('compares the cron jobs and daemons that name the site, and no others', async () => {
    const job = { ...at, server_id: seeded.servers['web-1'], user: 'deploynix', frequency: '* * * * *', status: 'active' };
    bed.sandbox.state.crontabs = [
      { ...job, id: 'a', command: `php ${SHOP}/artisan a` },
      { ...job, id: 'b', command: `php ${BLOG}/artisan a`, frequency: '0 * * * *' },
      { ...job, id: 'c', command: `php my-${SHOP}/artisan c` },
      { ...job, id: 'd', command: `php ${SHOP}.au/artisan d` },
      { ...job, id: 'e', command: `php www.${BLOG}/artisan e` },
    ];
    const found = await parts(SHOP, BLOG);
    expect(found.filter(({ kind }) => kind === 'crontab')).toEqual([
      { kind: 'crontab', name: 'php {site}/artisan a', field: 'frequency', change: 'changed', here: '* * * * *', there: '0 * * * *' },
    ]);
  });

  test('says what the API does not show', async () => {
    for (const variable of bed.sandbox.state.environment_variables) variable.value = '••••••••';
    expect(await parts(SHOP, API)).toContainEqual({
      kind: 'variable',
      name: 'DB_PASSWORD',
      field: null,
      change: 'unknown',
      here: null,
      there: null,
    });
    expect((await compare(SHOP, API)).stdout).toMatch(/\nvariable +DB_PASSWORD +set +set, not comparable\n/);
  });

  test('compares the rest if the token cannot read a list, and exits 5', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read']) };
    const run = await bed.dnx(`site compare ${SHOP} ${API} --exit-code`, { env });
    expect(run).toExit(5, { says: 'Not everything is compared.' });
    expect(run.stdout).toMatch(/\nvariable +DB_PASSWORD/);
    expect(run.stdout).not.toContain('queue worker');
  });

  test('takes environments of the link file, and the linked site by default', async () => {
    const shop = { server: 'web-1', site: { name: SHOP, id: seeded.sites[SHOP] } };
    const api = { server: 'web-2', site: API };
    const file = join(bed.directory, '.deploynix.json');
    writeFileSync(file, JSON.stringify({ default: 'production', environments: { production: shop, staging: api } }));
    expect((await compare('staging', 'production')).stdout).toMatch(/^KIND +NAME +API.EXAMPLE.COM +SHOP.EXAMPLE.COM\n/);
    const named = await parts('staging', 'production');
    expect(named).toContainEqual(expect.objectContaining({ kind: 'crontab', change: 'only_there' }));
    expect(await parts('staging')).toEqual(named);
    expect(await parts(API)).toEqual(named);
    await expect(compare(SHOP)).toExit(2, { says: `Both are ${SHOP}.` });
    await expect(compare('nowhere.example.com')).toExit(6);
  });
});
