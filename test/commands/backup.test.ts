import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { missingId, testGroup } from '../support/cases.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const done = seeded.backups['shop database, completed'];

testGroup('backup', {
  'list without options': {
    line: 'list',
    table: ['STATUS', done, 'completed', 'in_progress', 'application', 'kB'],
    json: Array.from({ length: 8 }, () => ({ id: expect.any(String) })),
    ability: 'database:read',
  },
  'list --status --type': {
    line: 'list --status completed --type database',
    table: [done, '01JQ8Z4T9G000000000000BK01'],
    json: [{ id: done }, { status: 'completed', type: 'database' }],
    ability: 'database:read',
  },
  'list --database': {
    line: 'list --database shop --server db-1 --status failed',
    table: ['failed'],
    json: [{ status: 'failed', database_id: seeded.databases.shop }],
    ability: 'database:read',
    missing: 'list --database nothing --server db-1',
  },
  'list --server': {
    line: 'list --server db-1 --type database',
    table: [done, 'database'],
    json: Array.from({ length: 5 }, () => ({ server_id: seeded.servers['db-1'] })),
    ability: 'database:read',
    missing: 'list --server nope',
  },
  'create --database': {
    line: 'create --database shop --server db-1',
    table: ['✓ Backed up database shop in ', 'Type       database', 'Status     completed', 'Database   shop', 'Server     db-1'],
    json: { type: 'database', status: 'completed', database_id: seeded.databases.shop },
    says: 'database shop: in_progress',
    ability: 'database:create',
    missing: 'create --database nothing --server db-1',
  },
  'create --site': {
    line: 'create --site shop.example.com',
    table: ['Type       application', 'Status     completed', 'Site       shop.example.com'],
    json: { type: 'application', status: 'completed', site_id: seeded.sites['shop.example.com'] },
    says: 'Backing up shop.example.com',
    ability: 'database:create',
    missing: 'create --site nowhere.example.com',
    invalid: [`create --site ${seeded.sites['shop.example.com']} --server web-1 -F site_id=${missingId}`, 'site_id', '--site'],
  },
  'restore BACKUP': {
    line: `restore ${done} --confirm shop`,
    table: ['Status     restored'],
    json: { id: done, status: 'restored' },
    says: 'Restoring database shop',
    ability: 'database:update',
    missing: `restore ${missingId} --confirm shop`,
  },
  'restore --latest': {
    line: 'restore --latest --database shop --server db-1 --confirm shop',
    table: ['✓ Restored database shop from the backup of 15 Apr 12:00 UTC (416 kB) in ', 'Status     restored'],
    json: { id: done, status: 'restored' },
    says: 'This overwrites database shop on db-1 with the backup of 15 Apr 12:00 UTC (416 kB).',
    ability: 'database:update',
    missing: 'restore --latest --database nothing --server db-1 --confirm nothing',
  },
  verify: {
    line: `verify ${done}`,
    table: [`✓ Backup ${done} is intact`],
    json: { id: done, status: 'completed' },
    ability: 'database:read',
    missing: `verify ${missingId}`,
  },
});

const bed = perTest(openBed);

test('backup list without --server is of every server, whatever the default', async () => {
  const [all, ofDefault, ofOne] = await Promise.all(
    (
      [
        ['', {}],
        ['', { DNX_SERVER: 'web-1' }],
        ['--server web-1', {}],
      ] as const
    ).map(([words, env]) => bed.dnx(`backup list -o ids ${words}`, { env })),
  );
  expect([all?.code, ofDefault?.stdout]).toEqual([0, all?.stdout]);
  const own = bed.sandbox.state.backups.filter(({ server_id }) => server_id === seeded.servers['web-1']).map(({ id }) => id);
  expect(ofOne?.stdout.trim().split('\n').toSorted()).toEqual(own.toSorted());
});

test.each(['--status done', '--type disk'])('backup list %s fails before any request', async (filter) => {
  await expect(bed.dnx(`backup list ${filter}`)).toExit(2, { stdout: '', calls: [] });
});

test.each([
  ['create', 'No database or site given.'],
  ['create --site shop.example.com --database shop', 'cannot be combined'],
])('backup %s exits 2 without a single target', async (line, said) => {
  const run = await bed.dnx(`backup ${line}`);
  expect(run.stderr).toContain(said);
  expect(run).toExit(2, { calls: [] });
});

test('create backs up the site in DNX_SITE by default', async () => {
  const run = await bed.dnx('backup create --json', { env: { DNX_SITE: 'web-1/shop.example.com' } });
  expect(run.json()).toMatchObject({ type: 'application', status: 'completed' });
});

test('create lets you pick a site on a terminal', async () => {
  const run = await bed.dnx('backup create', { keys: `${keys.enter}blog${keys.enter}`, columns: 120, env: { NO_COLOR: '1' } });
  expect(run.stderr).toContain('? What do you want to back up?');
  expect([run.code, bed.sandbox.calls.find(({ method }) => method === 'POST')], run.stderr).toMatchObject([
    0,
    { path: '/backups/application', body: { site_id: seeded.sites['blog.example.com'] } },
  ]);
  expect(run.stderr).toContain('Without prompts: dnx backup create --server web-1 --site blog.example.com\n');
  await expect(bed.dnx('backup create --server web-1 --site blog.example.com')).toExit(0);
});

test('create lets you pick a database on a terminal', async () => {
  const typed = `${keys.down}${keys.enter}db-1${keys.enter}shop${keys.enter}`;
  const run = await bed.dnx('backup create', { keys: typed, columns: 120, env: { NO_COLOR: '1' } });
  expect(run).toExit(0, { stdout: expect.stringContaining('Backed up database shop in ') });
  expect(run.stdout).toMatch(/Server +db-1\n/);
  expect(run.stdout).toMatch(/Database +shop\n/);
  expect(run.stderr).toContain('Without prompts: dnx backup create --server db-1 --database shop\n');
});

test('create exits 1 if the backup fails', async () => {
  await expect(bed.dnx('database create fail_me --server db-1')).toExit(0);
  const run = await bed.dnx('backup create --database fail_me --server db-1 --json');
  expect(run.json()).toMatchObject({ status: 'failed' });
  expect(run.stderr).toContain('Backup of database fail_me failed after ');
  expect(run).toExit(1);
});

test('restore waits until the backup is restored, although its first status is still completed', async () => {
  const run = await bed.dnx(`backup restore ${done} --confirm shop`);
  expect(run.waited).toBeGreaterThan(7_000);
  expect(run.stdout).toContain('restored');
});

test('restore --no-wait reads what it overwrites and sends one request', async () => {
  const run = await bed.dnx(`backup restore ${done} --confirm shop --no-wait`);
  const { servers, databases } = seeded;
  expect(run).toExit(0, {
    calls: [
      'GET /backups',
      `GET /servers/${servers['db-1']}/databases/${databases.shop}`,
      `GET /servers/${servers['db-1']}`,
      `POST /backups/${done}/restore`,
    ],
  });
});

test("restore prints the API's reason if the backup is not complete", async () => {
  const failed = '01JQ8Z4T9G000000000000BK04';
  const run = await bed.dnx(`backup restore ${failed} --confirm shop`);
  expect(run.stderr).toContain('Only completed backups can be restored.');
  expect(run).toExit(7);
});

test('restore needs --confirm, not --yes', async () => {
  const run = await bed.dnx(`backup restore ${done} --yes`);
  expect(run.stderr).toContain('--confirm');
  expect(run).toExit(2, { calls: [] });
});

test.each([
  ['restore --confirm shop', 'No backup given. Use --latest with --database or --site, or run in a terminal to pick one.'],
  ['restore --latest --confirm shop', '--latest needs a database or site.'],
  [`restore ${done} --latest --confirm shop`, '--latest cannot be combined with a backup.'],
])('backup %s fails before any request', async (line, said) => {
  await expect(bed.dnx(`backup ${line}`)).toExit(2, { stdout: '', calls: [], says: said });
});

test('restore --latest --site restores the newest backup of the site', async () => {
  bed.sandbox.state.backups = bed.sandbox.state.backups.filter(({ status }) => status !== 'pending');
  const run = await bed.dnx('backup restore --latest --site shop.example.com --confirm shop.example.com --json');
  expect(run.json()).toMatchObject({ type: 'application', status: 'restored', site_id: seeded.sites['shop.example.com'] });
});

test('restore --latest exits 6 if the database has no completed backup', async () => {
  const run = await bed.dnx('backup restore --latest --database analytics --server db-1 --confirm analytics');
  expect(run).toExit(6, { stdout: '', stderr: 'Error: No completed backup of database analytics found.\n  See: dnx backup list\n' });
});

test('restore offers backups by name, age and size on a terminal, and asks for the name of what it overwrites', async () => {
  const run = await bed.dnx('backup restore', { columns: 80, keys: '\rshop\r' });
  expect(run.stderr).toMatch(/❯ shop +db-1 +1d ago +database +416 kB/);
  expect(run.stderr).not.toContain(done);
  expect(run.stderr).toContain("Type 'shop' to continue:");
  expect([run.code, run.calls.filter((call) => call.startsWith('POST'))]).toEqual([0, [`POST /backups/${done}/restore`]]);
});
