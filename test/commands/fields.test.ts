import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { withRows } from '../support/platform.ts';

const bed = perTest(openBed);

describe('an unknown field', () => {
  test.each([
    ['server list --fields id,nme', 'nme', " Did you mean 'name'?"],
    ['server list --sort nme', 'nme', " Did you mean 'name'?"],
    ['server list --sort -foo --json', 'foo', ''],
    ['server show web-1 --fields foo -o csv', 'foo', ''],
    ['api GET /user --fields dta', 'dta', " Did you mean 'data'?"],
  ])('exits 2: dnx %s', async (line, field, guess) => {
    const run = await bed.dnx(line);
    expect(run).toExit(2, { stdout: '', says: `Unknown field '${field}'.${guess}` });
    expect(run.stderr).toMatch(/Fields: |"hint":"Fields: /);
  });

  test.each([
    ['site show shop.example.com --fields certificate --json', "-o json has no field 'certificate'; only tables have it."],
    ['site show shop.example.com --fields certificate -o csv', "-o csv has no field 'certificate'; only tables have it."],
    ['server show web-1 --fields ssh,sites -o csv', "-o csv has no field 'sites'; only tables have it."],
    ['server show web-1 --fields ssh -o yaml', "-o yaml has no field 'ssh'; only table, csv, tsv and text have it."],
    ['backup list --fields id,source --json', "-o json has no field 'source'; only table, csv, tsv and text have it."],
  ])('exits 2 and says which format has it: dnx %s', async (line, words) => {
    await expect(bed.dnx(line)).toExit(2, { stdout: '', says: words, stderr: expect.stringMatching(/Fields: |"hint":"Fields: /) });
  });

  test('is accepted if the list is empty', async () => {
    bed.sandbox.state.servers.length = 0;
    await expect(bed.dnx('server list --fields nme --sort nme')).toExit(0, { stdout: '' });
  });

  test('exits 1 after a change, and says that the command ran', async () => {
    const run = await bed.dnx('database create reports --server db-1 --fields nme');
    expect(run).toExit(1, { stdout: '' });
    expect(run.stderr).toContain("The command ran, but its result cannot be printed: Unknown field 'nme'. Did you mean 'name'?");
    expect(run.calls.some((call) => call.startsWith('POST'))).toBe(true);
  });

  test('exits 12 if some targets failed', async () => {
    await expect(bed.dnx('daemon restart 01JQ8Z4T9G0000000000DM0001 01JQ8Z4T9G00000000000N0NE1 --server web-1 --fields id,nme')).toExit(12);
  });
});

describe('a computed column', () => {
  test('is in CSV and TSV, and can be sorted by', async () => {
    const run = await bed.dnx('backup list --fields id,source,size --sort source --limit 1 -o csv');
    expect(run).toExit(0, { stdout: 'id,source,size\n01JQ8Z4T9G000000000000BK08,application,\n' });
    expect((await bed.dnx('backup list --database shop --server db-1 --fields source -o tsv --no-header --limit 1')).stdout).toBe('shop\n');
  });

  test("does not replace the API's value in CSV: sizes are bytes, commits are full hashes", async () => {
    const [head, first] = (await bed.dnx('backup list --status completed -o csv')).stdout.split('\n');
    expect(head).toBe('source,id,status,size,created_at,type,server_id');
    expect(first).toMatch(/,completed,\d{6},2\d{3}-.*Z,database,01JQ8Z4T9G000000000000DB01$/);
    const releases = await bed.dnx('site releases shop.example.com -o csv --fields commit_hash --limit 1');
    expect(releases.stdout).toMatch(/^commit_hash\n[0-9a-f]{40}\n$/);
    expect((await bed.dnx('network-rule list --server web-1 -o csv')).stdout).toContain(',anywhere,');
  });

  test('is in CSV for several targets', async () => {
    const run = await bed.dnx('daemon restart 01JQ8Z4T9G0000000000DM0001 01JQ8Z4T9G0000000000DM0002 --server web-1 -o csv');
    expect(run.stdout).toMatch(/^id,result\n01JQ8Z4T9G0000000000DM0001,\S/);
  });
});

describe('names instead of ids', () => {
  test('appear if they are known without a request', async () => {
    const before = await bed.dnx('backup list -o csv');
    expect(before.stdout).not.toContain('shop.example.com');
    await expect(bed.dnx('site show shop.example.com')).toExit(0);
    const run = await bed.dnx('backup list', { columns: 80, env: { NO_COLOR: '1' } });
    expect(run.calls).toEqual(['GET /backups', 'GET /servers/01JQ8Z4T9G000000000000DB01/databases']);
    expect(run.stdout).toMatch(/^shop\.example\.com {2}01JQ8Z4T9G000000000000BK08 {2}● pending/m);
    expect((await bed.dnx('backup list --wide', { columns: 200 })).stdout).toMatch(/ application +web-1\n/);
  });

  test.each(['site', 'server', 'database', 'git-repository', 'queue', 'daemon', 'crontab', 'redirect', 'network-rule', 'ssh-key'])(
    'leave no id in 80 columns: dnx %s list',
    async (group) => {
      const parent = ['queue', 'redirect'].includes(group) ? '--site shop.example.com' : /server$|git/.test(group) ? '' : '--server web-1';
      await expect(bed.dnx(`${group} list ${parent}`, { columns: 80 })).toExit(0, { stdout: expect.not.stringMatching(/01JQ8Z/) });
    },
  );
});

describe('names that take further requests', () => {
  const databases = `GET /servers/${seeded.servers['db-1']}/databases`;

  test('name the database of a backup, with a request per server', async () => {
    const run = await bed.dnx('backup list --type database', { columns: 80, env: { NO_COLOR: '1' } });
    expect(run.calls).toEqual(['GET /backups', databases]);
    expect(run.stdout).toMatch(/^shop +01JQ8Z\S+ +● completed/m);
    expect(run.stdout).not.toMatch(/^database/m);
  });

  test('name the site of a backup, too', async () => {
    const run = await bed.dnx('backup list --type application', { columns: 80, env: { NO_COLOR: '1' } });
    expect(run.calls).toEqual(['GET /backups', `GET /servers/${seeded.servers['web-1']}/sites`]);
    expect(run.stdout).toMatch(/^shop\.example\.com +01JQ8Z\S+ +● pending/m);
  });

  test.each([403, 500, 'drop'] as const)('are left out where the request answers %s', async (status) => {
    bed.sandbox.faults.always({ path: '/servers/{server}/databases' }, typeof status === 'string' ? status : { status, body: {} });
    const run = await bed.dnx('backup list --type database', { columns: 80 });
    expect(run).toExit(0, { stderr: '1 column hidden; use --wide\n', waited: 0, calls: ['GET /backups', databases] });
    expect(run.stdout).toMatch(/^database +01JQ8Z/m);
  });

  test('are read for a table alone, and for a column that it shows', async () => {
    expect((await bed.dnx('backup list --json')).calls).toEqual(['GET /backups']);
    expect((await bed.dnx('backup list --fields id,status')).calls).toEqual(['GET /backups']);
    expect((await bed.dnx('git-repository list', { columns: 80 })).calls).toEqual(['GET /git-repositories']);
  });

  test('name the Git provider of a repository, or nothing', async () => {
    const named = await bed.dnx('git-repository list', { columns: 120, env: { NO_COLOR: '1' } });
    expect(named.stdout).toMatch(/^example\/shop .* GitHub {2,}/m);
    bed.sandbox.faults.always({ path: '/git-providers' }, { status: 403, body: {} });
    const run = await bed.dnx('git-repository list', { columns: 120, env: { NO_COLOR: '1', DNX_NO_CACHE: '1' } });
    expect(run).toExit(0, { stdout: expect.stringMatching(/^example\/shop .* – {2,}/m) });
  });

  test('a server that is not known has no id in its place', async () => {
    const { stdout } = await bed.dnx('backup list', { columns: 200, env: { NO_COLOR: '1' } });
    expect(stdout).toMatch(/(application|database) +–\n/);
  });
});

describe('an empty list', () => {
  const server = '--server 01JQ8Z4T9G00000000000WEB01';
  const place = `${server} --site 01JQ8Z4T9G00000000000SH0P1`;

  test.each([
    ['server list', 'No servers.', 'server create'],
    [`site list ${server}`, 'No sites.', `site create ${server}`],
    [`daemon list ${server}`, 'No daemons.', `daemon create ${server}`],
    [`queue list ${place}`, 'No queue workers.', `queue create ${place}`],
    [`env list ${place}`, 'No environment variables.', `env set KEY=VALUE ${place}`],
    ['provider list', 'No providers.', undefined],
    ['backup list --status failed', 'No matching backups.', undefined],
  ])('says how to create the first item: dnx %s', async (line, words, next) => {
    bed.sandbox.faults.always({ method: 'GET' }, (answer) => withRows(answer, () => []));
    const run = await bed.dnx(line);
    expect(run).toExit(0, { stdout: '', stderr: `${words}\n${next === undefined ? '' : `Create one with: dnx ${next}\n`}` });
    expect((await bed.dnx(`${line} -q`)).stderr).toBe('');
    expect(await bed.dnx(`${line} --json`)).toMatchObject({ stdout: '[]\n', stderr: '' });
  });
});
