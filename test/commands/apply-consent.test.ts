import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

/** Saves the plan of each line in a file of its own: `1.json`, `2.json`. Returns their names. */
async function save(...lines: readonly string[]): Promise<string> {
  const names = lines.map((_, at) => `${at + 1}.json`);
  for (const [at, line] of lines.entries()) await expect(bed.dnx(`${line} --dry-run --out ${names[at]}`)).toExit(0, { changes: [] });
  return names.join(' ');
}

const deletions = (calls: readonly string[]) => calls.map((call) => call.replace(/\/01\w+/g, '/*'));
const terminal = (keys: string) => ({ columns: 200, keys });

beforeEach(() => {
  writeFileSync(join(bed.directory, 'debug'), 'true\n');
  writeFileSync(join(bed.directory, 'secret'), 'hunter2\n');
});

describe('several plans are one: a client is closed by one approval', () => {
  const lines = [
    "crontab delete 'php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run' --server web-1",
    'queue delete default --site shop.example.com',
    'database delete shop --server db-1',
    'site delete shop.example.com --server web-1',
  ];
  const all = [
    'DELETE /servers/*/crontabs/*',
    'DELETE /servers/*/sites/*/queues/*',
    'DELETE /servers/*/databases/*',
    'DELETE /servers/*/sites/*',
  ];

  test('each name is confirmed, and --yes confirms none', async () => {
    const files = await save(...lines);
    const says = 'This cannot be undone and requires confirmation. Not confirmed: shop, shop.example.com.';
    await expect(bed.dnx(`apply ${files} --yes`)).toExit(2, { changes: [], says });
    await expect(bed.dnx(`apply ${files} --yes --confirm shop`)).toExit(2, {
      changes: [],
      says: 'Not confirmed: shop.example.com.\n  Use --confirm shop --confirm shop.example.com; --yes is not enough.',
    });
    await expect(bed.dnx(`apply ${files} --confirm shop --confirm other`)).toExit(2, { changes: [], says: "'other' does not match." });
    await expect(bed.dnx(`apply ${files} --check`)).toExit(0, {
      changes: [],
      stdout:
        '✓ 4 changes can be applied\n  needs    crontab:delete, queue-worker:delete, database:delete, site:delete\n  consent  --confirm shop --confirm shop.example.com\n',
    });
    const run = await bed.dnx(`apply ${files} --confirm shop.example.com --confirm shop`);
    expect([run.code, deletions(run.changes)], run.stderr).toEqual([0, all]);
    const again = await bed.dnx(`apply ${files} --yes`, { env: { DNX_STATE_DIR: join(bed.directory, 'elsewhere') } });
    expect(again).toExit(0, { changes: [], stdout: 'This plan was already applied.\n' });
  });

  test('a terminal asks for each that is not given', async () => {
    const files = await save(...lines);
    const run = await bed.dnx(`apply ${files} --confirm shop`, terminal('shop.example.com\r'));
    expect([run.code, deletions(run.changes)], run.stderr).toEqual([0, all]);
    expect(run.stderr).not.toContain("Type 'shop' to continue");
  });

  test('and stays one if it is interrupted', async () => {
    const files = await save(...lines);
    bed.sandbox.faults.next({ method: 'DELETE', path: /databases/ }, { status: 422, body: { message: 'No.' } });
    const confirmed = `apply ${files} --confirm shop --confirm shop.example.com`;
    const runs = [await bed.dnx(confirmed), await bed.dnx(confirmed)];
    expect(runs.map(({ code, changes }) => [code, changes.length])).toEqual([
      [12, 3],
      [0, 2],
    ]);
  });

  test('what a plan creates is found by the changes of its own file', async () => {
    const create = 'site create new.example.com --server web-1 --type laravel --git-repository-id example/blog --deploy';
    const files = await save('server restart web-1', create);
    const run = await bed.dnx(`apply ${files} --yes`);
    expect([run.code, deletions(run.changes)], run.stderr).toEqual([
      0,
      ['POST /servers/*/restart', 'POST /servers/*/sites', 'POST /servers/*/sites/*/deploy'],
    ]);
    const abilities = await bed.dnx(`token abilities --for "apply ${files}" --json`);
    expect(abilities.json()).toEqual(expect.arrayContaining([expect.objectContaining({ ability: 'server:update' })]));
  });
});

test('what several plans create or delete is one change', async () => {
  const ensured = ['database ensure reports --server db-1', "crontab ensure date --frequency '0 8 * * *' --server web-1"];
  const deleted = 'database delete shop --server db-1';
  const files = await save(...ensured, ...ensured, deleted, deleted);
  await expect(bed.dnx(`apply ${files} --check`)).toExit(0, {
    stdout: '✓ 3 changes can be applied\n  needs    database:create, crontab:create, database:delete\n  consent  --confirm shop\n',
  });
  const run = await bed.dnx(`apply ${files} 1.json --confirm shop`);
  expect(run).toExit(0, { changes: [/databases$/, /crontabs$/, /databases\/\w+$/].map((end) => expect.stringMatching(end)) });
  for (const state of ['state', 'elsewhere'])
    await expect(bed.dnx(`apply ${files} 1.json --yes`, { env: { DNX_STATE_DIR: join(bed.directory, state) } })).toExit(0, {
      changes: [],
      stdout: 'This plan was already applied.\n',
    });
});

test('the same command line goes on after a part was made, and a name that was not meant is told from a missing one', async () => {
  const files = await save(
    'database delete shop --server db-1',
    'database delete analytics --server db-1',
    'site suspend blog.example.com',
  );
  const confirmed = `apply ${files} --confirm shop --confirm analytics`;
  await expect(bed.dnx(`${confirmed} --confirm other`)).toExit(2, {
    changes: [],
    says: "'other' does not match. Nothing was changed.\n  Expected 'shop', 'analytics'.",
  });
  const elsewhere = { env: { DNX_STATE_DIR: join(bed.directory, 'elsewhere') } };
  await expect(bed.dnx('database delete shop --server db-1 --confirm shop')).toExit(0);
  await expect(bed.dnx(`apply ${files} --confirm shop`)).toExit(2, { changes: [], says: 'Use --confirm analytics.' });
  await expect(bed.dnx(`${confirmed} --check`, elsewhere)).toExit(0, { changes: [], says: '' });
  await expect(bed.dnx('database delete analytics --server db-1 --confirm analytics')).toExit(0);
  await expect(bed.dnx(confirmed, elsewhere)).toExit(0, { changes: [expect.stringMatching(/suspend$/)] });
});

test('a plan that is given twice is applied once, also what depends on what it creates', async () => {
  const files = await save('site create new.example.com --type laravel --server web-1 --certificate --deploy');
  const run = await bed.dnx(`apply ${files} ${files} --yes`);
  expect(run).toExit(0, { changes: [/sites$/, /certificates$/, /deploy$/].map((end) => expect.stringMatching(end)) });
});

test('what an earlier plan deletes, or is on a server that it deletes, cannot be changed', async () => {
  const files = await save(
    'database delete shop --server db-1',
    'database-user create app --database shop --server db-1 --password @secret',
    'server delete web-1',
    'site suspend shop.example.com',
  );
  for (const more of ['--check', '--confirm shop --confirm web-1'])
    await expect(bed.dnx(`apply ${files} ${more}`)).toExit(10, { changes: [], says: 'change 3 deletes what it needs' });
});

test('two of the same name are confirmed by a --confirm for each', async () => {
  const files = await save('site delete staging.example.com --server web-1', 'site delete staging.example.com --server web-2');
  const once = '--confirm staging.example.com';
  await expect(bed.dnx(`apply ${files} ${once}`)).toExit(2, { changes: [], says: 'Not confirmed: staging.example.com.' });
  const run = await bed.dnx(`apply ${files} ${once} ${once}`);
  expect([run.code, run.changes.length], run.stderr).toEqual([0, 2]);
});

test('variables that could break two sites are confirmed by both names', async () => {
  const files = await save(
    'env set APP_DEBUG --from-file debug --site shop.example.com --confirm shop.example.com',
    'env set APP_DEBUG --from-file debug --site blog.example.com --confirm blog.example.com',
  );
  const says = 'This could break shop.example.com, blog.example.com. Not confirmed: shop.example.com, blog.example.com.';
  await expect(bed.dnx(`apply ${files} --yes`)).toExit(2, { changes: [], says });
  await expect(bed.dnx(`apply ${files} --confirm blog.example.com`)).toExit(2, { changes: [], says: 'Not confirmed: shop.example.com.' });
  await expect(bed.dnx(`apply ${files}`, terminal('shop.example.com\rblog.example.com\r'))).toExit(0, {
    changes: [expect.any(String), expect.any(String)],
  });
});

describe('--check ends as apply does', () => {
  const plans: Readonly<Record<string, readonly string[]>> = {
    update: ["crontab create date --frequency '0 8 * * *' --server web-1"],
    severe: ['database delete shop --server db-1', 'site delete blog.example.com --server web-1'],
    dangerous: ['env set APP_DEBUG --from-file debug --site shop.example.com --confirm shop.example.com'],
    verified: ['deploy shop.example.com --verify /up'],
    secret: ['env set NEW --from-file secret --site shop.example.com'],
  };
  const meanwhile = async (line: string) => expect(bed.dnx(line)).toExit(0);
  test.each<[plan: string, options: string, code: number, before?: () => unknown]>([
    ['update', '--yes', 0],
    ['update', '--confirm web-1', 2],
    ['update', '--yes', 10, () => meanwhile("crontab create date --frequency '0 9 * * *' --server web-1")],
    ['update', '--yes', 0, () => meanwhile("crontab create date --frequency '0 8 * * *' --server web-1")],
    ['severe', '--yes', 2],
    ['severe', '--confirm shop', 2],
    ['severe', '--confirm shop --confirm blog.example.com', 0],
    ['dangerous', '--yes', 2],
    ['dangerous', '--confirm shop.example.com', 0],
    ['verified', '--yes --no-wait', 2],
    ['secret', '--yes', 2, () => writeFileSync(join(bed.directory, 'secret'), Buffer.alloc(3))],
    ['secret', '--yes', 0],
    ['secret', '--yes --host https://other.example', 2],
  ])('%s %s', async (name, options, code, before) => {
    const files = await save(...(plans[name] ?? []));
    await before?.();
    const checked = await bed.dnx(`apply ${files} ${options} --check`);
    const applied = await bed.dnx(`apply ${files} ${options}`);
    expect([checked.code, checked.changes, applied.code], `${checked.stderr}\n${applied.stderr}`).toEqual([code, [], code]);
    if (code !== 0) expect(applied.stderr).toContain(checked.stderr.split('\n', 1)[0]);
  });
});
