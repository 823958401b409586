import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { recorder } from '../support/fleet.ts';

const bed = perTest(openBed);
const limited = perTest(() => openBed({ rateLimit: 60 }));

const shopDatabase = seeded.backups['shop database, completed'];
const shopFiles = seeded.backups['shop application, completed'];
/** From the newest. */
const completed = () => bed.sandbox.state.backups.filter(({ status }) => /^(completed|restored)$/.test(status)).reverse();

async function verified(line: string): Promise<readonly string[]> {
  const run = await bed.dnx(`backup verify ${line} --json`);
  expect(run).toExit(0, { stderr: '' });
  const ids = run.json<{ id: string }[]>().map(({ id }) => id);
  const sent = run.calls.flatMap((call) => /^POST \/backups\/(\w+)\/verify$/.exec(call)?.[1] ?? []);
  expect(sent.toSorted()).toEqual(ids.toSorted());
  return ids;
}

test('--all verifies every completed backup, and says what each is of', async () => {
  expect(await verified('--all')).toEqual(completed().map(({ id }) => id));
  const { stdout } = await bed.dnx('backup verify --all', { columns: 80 });
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    'BACKUP                                       RESULT',
    'shop, 15 Apr 12:00 UTC (416 kB)              verified',
    'shop.example.com, 14 Apr 12:00 UTC (222 kB)  verified',
  ]);
});

test.each([
  ['--latest', [shopDatabase, shopFiles]],
  ['--latest --server db-1', [shopDatabase]],
  ['--latest --site shop.example.com', [shopFiles]],
  ['--latest --database shop --server db-1', [shopDatabase]],
])('%s verifies the newest of each database and site', async (line, ids) => {
  // The default site of a project limits nothing.
  await expect(bed.dnx('link web-1/blog.example.com --yes')).toExit(0);
  const run = await bed.dnx(`backup verify ${line} -o ids`);
  expect(run).toExit(0, { stdout: ids.map((id) => `${id}\n`).join('') });
});

test('exits 12 if some are not intact, with each', async () => {
  bed.sandbox.faults.always(
    { method: 'POST', path: `/backups/${shopFiles}/verify` },
    { status: 422, body: { message: 'The checksum differs.' } },
  );
  const run = await bed.dnx('backup verify --all --json');
  expect(run).toExit(12, { says: '1 of 5 backups failed' });
  const failed = {
    id: shopFiles,
    name: 'shop.example.com, 14 Apr 12:00 UTC (222 kB)',
    error: { message: 'The checksum differs.', status: 422 },
  };
  expect(run.json()).toMatchObject(completed().map(({ id }) => (id === shopFiles ? failed : { id, status: expect.any(String) })));
});

test('a verification that the API only accepts is not called intact', async () => {
  bed.sandbox.faults.always({ method: 'POST', path: '/backups/{backup}/verify' }, (answer) => ({ ...answer, status: 202 }));
  await expect(bed.dnx(`backup verify ${shopFiles}`)).toExit(0, { stdout: `✓ Started to verify backup ${shopFiles}\n` });
  const all = await bed.dnx('backup verify --latest');
  expect(all).toExit(0, { stdout: expect.stringMatching(/started\n.*started\n$/) });
});

test('a backup whose status is a failure after it was verified is not called intact', async () => {
  bed.sandbox.faults.always(
    { method: 'POST', path: `/backups/${shopFiles}/verify` },
    { status: 200, body: { data: { status: 'Verification failed' } } },
  );
  await expect(bed.dnx(`backup verify ${shopFiles}`)).toExit(1, {
    stdout: '',
    stderr: `Error: Backup ${shopFiles} is not intact: its status is Verification failed.\n`,
  });
  await expect(bed.dnx('backup verify --latest')).toExit(12, { says: '1 of 2 backups failed' });
});

test.each([
  ['', 'No backup given.\n  Use its id, --all, --latest, or run in a terminal to pick one.'],
  ['--site shop.example.com', 'No backup given.'],
  [`${shopFiles} --all`, '--all cannot be combined with backups.'],
  ['--all --latest', '--all and --latest cannot be combined.'],
  ['--all --database shop --site shop.example.com', '--database and --site cannot be combined.'],
])('backup verify %s exits 2 before any request', async (line, words) => {
  await expect(bed.dnx(`backup verify ${line}`)).toExit(2, { stdout: '', calls: [], says: words });
});

test('what has no completed backup is not verified', async () => {
  await expect(bed.dnx('backup verify --all --server web-2')).toExit(6, { stdout: '', says: 'No completed backup on server web-2 found.' });
});

test('Ctrl-C reports what was verified by then, and what was not', async () => {
  const last = completed().at(-1)?.id;
  bed.sandbox.faults.always({ method: 'POST', path: `/backups/${last}/verify` }, 'hang');
  const run = await bed.dnx('backup verify --all --json --debug', { interruptOn: `> POST /backups/${last}/verify` });
  expect(run).toExit(130);
  const all = run.json<{ id: string; error?: { code: string } }[]>();
  expect(all.map(({ id }) => id)).toEqual(completed().map(({ id }) => id));
  expect(all.at(-1)?.error?.code).toBe('interrupted');
  expect(all.some(({ error }) => error === undefined)).toBe(true);
});

test('a night of many backups stays within the rate limit', async () => {
  const { state } = limited.sandbox;
  const [model] = state.backups.filter(({ status }) => status === 'completed');
  state.backups = Array.from({ length: 90 }, (_, at) => ({
    ...(model as NonNullable<typeof model>),
    id: `01JQ8Z4T9G0000000000000B${at + 10}`,
  }));
  const { calls, most, through } = recorder(limited);
  const run = await limited.dnx('backup verify --all -o ids', { through });
  expect(run).toExit(0, { stdout: expect.stringMatching(/^(\w+\n){90}$/) });
  expect([calls.filter(({ status }) => status !== 200), most() <= 60]).toEqual([[], true]);
});
