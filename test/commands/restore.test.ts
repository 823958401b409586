import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const { servers, databases, sites } = seeded;
const newest = seeded.backups['shop database, completed'];
const older = '01JQ8Z4T9G000000000000BK03';
const application = seeded.backups['shop application, completed'];

const bed = perTest(openBed);

const change = (id: string, fields: object) => Object.assign(bed.sandbox.state.backups.find((each) => each.id === id) ?? {}, fields);
const latest = 'backup restore --latest --database shop --server db-1 --confirm shop';

describe('restore --latest never takes an older backup instead of the newest', () => {
  test('while that is being restored', async () => {
    await expect(bed.dnx(`backup restore ${newest} --confirm shop --timeout 4s`)).toExit(124);
    const run = await bed.dnx(latest);
    expect(run.stderr).toBe(
      [
        `Error: Backup ${newest} of database shop is in progress. Nothing was changed.`,
        '  Wait until it has ended, or pass the id of the backup to restore.',
        '  See: dnx backup list\n',
      ].join('\n'),
    );
    expect(run).toExit(10, { stdout: '', changes: [] });
  });

  test.each(['failed', 'error', 'verifying'])('after it became %s', async (status) => {
    change(newest, { status });
    const run = await bed.dnx(latest);
    expect(run).toExit(10, { stdout: '', changes: [] });
    expect(run.stderr).toContain(`Backup ${newest} of database shop may be newer, but is “${status}”. Nothing was changed.\n`);
    expect(run.stderr).toContain('  Pass the id of the backup to restore.\n');
  });

  test.each(['pending', 'in_progress'])('while a newer one is %s', async (status) => {
    change('01JQ8Z4T9G000000000000BK08', { status });
    await expect(bed.dnx('backup restore --latest --site shop.example.com --confirm shop.example.com')).toExit(10, { changes: [] });
  });

  test('nor an old one, if the only one failed to be restored', async () => {
    bed.sandbox.state.backups = bed.sandbox.state.backups.filter(({ id }) => id === newest);
    change(newest, { status: 'failed' });
    await expect(bed.dnx(latest)).toExit(10);
  });

  test('while an older one is being restored', async () => {
    change(older, { status: 'in_progress' });
    await expect(bed.dnx(latest)).toExit(10, { changes: [], says: older });
  });

  test('but older ones that failed, or are stuck, do not count', async () => {
    change(older, { status: 'failed' });
    change('01JQ8Z4T9G000000000000BK04', { status: 'in_progress' });
    expect((await bed.dnx(`${latest} --no-wait --json`)).json()).toMatchObject({ id: newest });
  });
});

describe('restore --latest refuses to guess which is newest', () => {
  test('of two that were made at the same time', async () => {
    change(newest, { created_at: bed.sandbox.state.backups.find(({ id }) => id === older)?.created_at });
    const run = await bed.dnx(latest);
    expect(run.stderr).toBe(
      [
        'Error: It is unclear which backup is newest:',
        `  ${newest}  10 Apr 12:00 UTC (416 kB)`,
        `  ${older}  10 Apr 12:00 UTC (409 kB)`,
        '  Pass its id.\n',
      ].join('\n'),
    );
    expect(run).toExit(6, { changes: [] });
  });

  test.each([[newest], [older]])('if the time of %s cannot be read', async (id) => {
    change(id, { created_at: 'Apr 15, 2026 3:00 PM', completed_at: null });
    await expect(bed.dnx(latest)).toExit(6, { changes: [], says: 'It is unclear which backup is newest:\n' });
  });

  test('unless the time it was completed tells', async () => {
    change(newest, { created_at: null });
    expect((await bed.dnx(`${latest} --no-wait --json`)).json()).toMatchObject({ id: newest });
  });
});

describe('a backup of something else than what is named is refused', () => {
  test.each([
    [newest, '--database analytics --server db-1', 'shop', 'database analytics on db-1'],
    [newest, '--site blog.example.com', 'shop', 'blog.example.com on web-1'],
    [newest, `--database ${databases.shop} --server web-1`, 'shop', `database ${databases.shop} on web-1`],
    [application, '--site blog.example.com', 'shop.example.com', 'blog.example.com on web-1'],
    [application, '--database shop --server db-1', 'shop.example.com', 'database shop on db-1'],
  ])('%s with %s', async (id, named, confirm, what) => {
    const run = await bed.dnx(`backup restore ${id} ${named} --confirm ${confirm}`);
    expect(run).toExit(2, { stdout: '', changes: [], says: `Error: Backup ${id} is not a backup of ${what}. Nothing was changed.\n` });
  });

  test('even if it is of a database of the same name on another server', async () => {
    bed.sandbox.state.databases.push({
      ...bed.sandbox.state.databases[0],
      id: '01JQ8Z4T9G00000000000DBW01',
      server_id: servers['web-1'],
    } as never);
    change(newest, { database_id: '01JQ8Z4T9G00000000000DBW01', server_id: servers['web-1'] });
    await expect(bed.dnx(`backup restore ${newest} --database shop --server db-1 --confirm shop`)).toExit(2, { changes: [] });
    const own = await bed.dnx(`backup restore ${newest} --database shop --server web-1 --confirm shop --no-wait`);
    expect(own).toExit(0, { says: 'database shop on web-1' });
  });
});

describe('a backup that has the ids of a database and a site is of what its type says', () => {
  test('by its id', async () => {
    change(application, { database_id: databases.shop });
    await expect(bed.dnx(`backup restore ${application} --confirm shop`)).toExit(2, { changes: [] });
    const run = await bed.dnx(`backup restore ${application} --confirm shop.example.com --no-wait`);
    expect(run).toExit(0, { says: 'This overwrites site shop.example.com on web-1 ' });
  });

  test('by --latest', async () => {
    bed.sandbox.state.backups = bed.sandbox.state.backups.filter(({ status }) => status !== 'pending');
    change(newest, { site_id: sites['shop.example.com'], server_id: servers['web-1'] });
    const run = await bed.dnx('backup restore --latest --site shop.example.com --confirm shop.example.com --no-wait --json');
    expect(run.json()).toMatchObject({ id: application });
  });

  test('in a list', async () => {
    const site_id = sites['shop.example.com'];
    bed.sandbox.state.backups = bed.sandbox.state.backups.filter(({ id }) => id === newest);
    change(newest, { site_id });
    // The names of the sites are known from this.
    await expect(bed.dnx('site show shop.example.com')).toExit(0);
    const run = await bed.dnx('backup list', { columns: 100, env: { NO_COLOR: '1' } });
    expect(run.stdout).not.toContain('shop.example.com');
  });

  test('without a known type its id is asked for', async () => {
    change(newest, { type: 'snapshot', site_id: sites['shop.example.com'] });
    const run = await bed.dnx(`backup restore ${newest} --confirm shop`);
    expect(run).toExit(2, { changes: [], says: `Expected ${newest}, the id of the backup.` });
  });
});

test('a backup of another year is shown with its year', async () => {
  change(newest, { created_at: '2024-04-15T12:00:00Z' });
  const run = await bed.dnx(`backup restore ${newest} --confirm shop --no-wait`);
  expect(run.stderr).toContain('with the backup of 2024-04-15 12:00 UTC (416 kB).\n');
});
