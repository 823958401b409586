import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const terminal = (keys: string): RunOptions => ({ columns: 400, keys, env: { NO_COLOR: '1' } });

describe('the confirmation for several targets', () => {
  test('names the server of each if they are on different servers', async () => {
    const run = await bed.dnx('site suspend shop.example.com api.example.com', terminal('n\r'));
    expect(run.stderr).toContain('Suspend 2 sites (shop.example.com on server web-1, api.example.com on server web-2)?');
    expect(run.changes).toEqual([]);
    expect(run).toExit(1);
  });

  test('names the server once if they share it', async () => {
    const run = await bed.dnx('site suspend shop.example.com blog.example.com', terminal('y\r'));
    expect(run.stderr).toContain('Suspend 2 sites (shop.example.com, blog.example.com) on server web-1?');
    expect([run.code, run.changes.length]).toEqual([0, 2]);
  });
});

describe('a question about something of a site', () => {
  test.each([
    ['env unset APP_DEBUG --site blog.example.com', 'Remove variable APP_DEBUG from blog.example.com (web-1)?'],
    ['redirect delete /sale --site shop.example.com', 'Delete redirect /sale on shop.example.com (web-1)?'],
    ['env unset APP_ENV APP_DEBUG --site blog.example.com', 'Remove 2 variables (APP_ENV, APP_DEBUG) from blog.example.com (web-1)?'],
  ])('%s names the site and its server shortly', async (line, question) => {
    const run = await bed.dnx(line, terminal('n\r'));
    expect(run.stderr).toContain(question);
    expect(run).toExit(1, { changes: [] });
  });

  test('what is not there is not asked about', async () => {
    const run = await bed.dnx('redirect delete 01JQ8Z4T9G00000000000N0NE1 --site shop.example.com', terminal('y\r'));
    expect(run).toExit(6, { changes: [], says: "Redirect '01JQ8Z4T9G00000000000N0NE1' not found" });
  });
});

describe('backup restore', () => {
  const database = seeded.backups['shop database, completed'];
  const application = seeded.backups['shop application, completed'];
  const overwrites = 'This overwrites database shop on db-1 with the backup of 15 Apr 12:00 UTC (416 kB).';

  test('names what it overwrites, and asks for the name of the database', async () => {
    const run = await bed.dnx(`backup restore ${database}`, terminal('shop\r'));
    expect(run.stderr).toContain(`! ${overwrites}\n`);
    expect(run.stderr).toContain("Type 'shop' to continue:");
    expect(run).toExit(0, { changes: [`POST /backups/${database}/restore`] });
  });

  test.each(['shop', seeded.databases.shop])('--confirm %s names what it overwrites too', async (name) => {
    await expect(bed.dnx(`backup restore ${database} --confirm ${name}`)).toExit(0, { says: `${overwrites}\n` });
  });

  test.each([database, 'analytics', 'Shop'])('--confirm %s does not match, so nothing is sent', async (name) => {
    const run = await bed.dnx(`backup restore ${database} --confirm ${name}`);
    expect(run).toExit(2, { stdout: '', says: `'${name}' does not match. Nothing was changed.\n  Expected 'shop'.`, changes: [] });
  });

  test('asks for the domain of the site if the backup is of an application', async () => {
    const run = await bed.dnx(`backup restore ${application} --confirm shop.example.com --no-wait`);
    expect(run.stderr).toMatch(/This overwrites site shop\.example\.com on web-1 with the backup of 14 Apr 12:00 UTC \(\d+ kB\)\./);
    expect(run).toExit(0, { changes: [`POST /backups/${application}/restore`] });
  });

  test.each([{ database_id: null, site_id: null }, { server_id: null }])(
    'asks for the id of a backup whose target is unknown: %o',
    async (fields) => {
      const backup = bed.sandbox.state.backups.find(({ id }) => id === database);
      Object.assign(backup ?? {}, fields);
      const refused = await bed.dnx(`backup restore ${database} --confirm shop`);
      expect(refused).toExit(2, { changes: [] });
      expect(refused.stderr).toContain(`'shop' does not match. Nothing was changed.\n  Expected ${database}, the id of the backup.`);
      const run = await bed.dnx(`backup restore ${database} --confirm ${database}`);
      expect(run).toExit(0, { changes: [`POST /backups/${database}/restore`] });
      expect(run.stderr).toContain('Deploynix does not say which database or site this overwrites with the backup of 15 Apr 12:00 UTC (');
      expect(run.stdout).toMatch(/Restored the backup of 15 Apr/);
      const typed = await bed.dnx(`backup restore ${database} --no-wait`, { keys: `${database}\r`, columns: 80 });
      expect(typed).toExit(0, { changes: [`POST /backups/${database}/restore`] });
    },
  );

  test('works with a token that cannot read the server', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['database:read', 'database:update']) };
    const run = await bed.dnx(`backup restore ${database} --confirm shop --no-wait`, { env });
    expect(run).toExit(0, { says: `on ${seeded.servers['db-1']} with the backup` });
  });
});

describe('api DELETE', () => {
  const daemon = '01JQ8Z4T9G0000000000DM0001';
  const path = `/servers/${seeded.servers['web-1']}/daemons/${daemon}`;

  test.each(['DELETE', 'delete'])('%s without a terminal needs --yes and sends nothing', async (method) => {
    const run = await bed.dnx(['api', method, '/servers/{server}/daemons/7', '--server', 'web-1']);
    expect(run).toExit(2, { stdout: '', calls: [] });
    expect(run.stderr).toBe('Error: DELETE needs confirmation. Nothing was sent.\n  Use --yes, or run in a terminal to confirm.\n');
  });

  test('--yes sends it', async () => {
    await expect(bed.dnx(['api', 'DELETE', path, '--yes'])).toExit(0, { calls: [`DELETE ${path}`] });
  });

  test.each([
    ['n', []],
    ['y', ['DELETE']],
  ] as const)('asks on a terminal and respects the answer %s', async (key, methods) => {
    const run = await bed.dnx(['api', 'DELETE', `/servers/{server}/daemons/${daemon}`, '--server', 'web-1'], terminal(`${key}\r`));
    expect(run.stderr).toContain(`Send DELETE ${path} to ${bed.sandbox.url}?`);
    expect(run.changes.map((call) => call.split(' ')[0])).toEqual(methods);
  });

  test('PUT needs no confirmation', async () => {
    await expect(bed.dnx(['api', 'PUT', path, '-F', 'command=top'])).toExit(0, { calls: [`PUT ${path}`] });
  });
});
