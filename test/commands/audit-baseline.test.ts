import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import { one, plants } from '../support/audited.ts';
import { openCleanBed } from '../support/clean.ts';
import type { Bed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { junitIn } from '../support/junit.ts';
import { sarifIn } from '../support/sarif.ts';

const FILE = 'audit.jsonl';
const bed = perTest(openCleanBed);

const plant = (...names: readonly string[]) => {
  for (const name of names) plants[name]?.plant(bed.sandbox.state, bed.clock.now());
};
const path = (name = FILE) => join(bed.directory, name);
const linesIn = (name = FILE) =>
  readFileSync(path(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
async function write(): Promise<string> {
  const run = await bed.dnx(`audit --baseline ${FILE} --update-baseline --fail-on none`);
  expect(run).toExit(0);
  return run.stderr;
}
const rulesIn = (found: readonly { readonly rule: string }[]) => found.map(({ rule }) => rule);

test('findings of the baseline are neither shown nor counted', async () => {
  plant('PostgreSQL open', 'a stopped worker');
  expect(await write()).toBe('✓ Wrote 2 findings to audit.jsonl\n');
  expect(statSync(path()).mode & 0o777).toBe(0o644);
  expect(readdirSync(bed.directory).filter((name) => name.includes(FILE))).toEqual([FILE]);
  expect(linesIn()).toEqual([
    expect.objectContaining({ rule: 'database-port-open', server: 'db-1', site: null }),
    expect.objectContaining({ rule: 'queue-worker-stopped', server: 'web-1', site: 'shop.example.com', resource: 'mails' }),
  ]);
  const same = await bed.dnx(`audit --baseline ${FILE} --fail-on low`);
  expect(same).toExit(0, { stdout: '✓ No new findings on 3 servers and 6 sites.\n', stderr: '2 findings of audit.jsonl are not shown.\n' });

  plant('zero-downtime off');
  const more = await bed.dnx(`audit --baseline ${FILE} --fail-on low --json`);
  expect([more.code, rulesIn(more.json<AuditFinding[]>())]).toEqual([10, ['zero-downtime-off']]);
  expect(sarifIn((await bed.dnx(`audit --baseline ${FILE} -o sarif`)).stdout).runs[0].results).toHaveLength(1);
  const cases = await junitIn((await bed.dnx(`audit --baseline ${FILE} -o junit`)).stdout);
  expect(cases.filter(({ outcome }) => outcome === 'failed').map(({ rule }) => rule)).toEqual(['zero-downtime-off']);
  // What was accepted has not passed.
  expect(cases.filter(({ name }) => name === 'database-port-open: db-1')).toEqual([]);
  expect((await bed.dnx(`audit --baseline ${FILE} -o markdown`)).stdout).toContain('2 more in the baseline.');
});

test('what is gone is reported as fixed, and removed by --update-baseline', async () => {
  plant('PostgreSQL open', 'a stopped worker');
  await write();
  one(bed.sandbox.state.queues, ({ queue }) => queue === 'mails').status = 'running';
  expect((await bed.dnx(`audit --baseline ${FILE}`)).stderr).toContain('✓ Fixed: queue-worker-stopped shop.example.com on web-1 (mails)\n');
  expect((await bed.dnx(`audit --baseline ${FILE} -o markdown`)).stdout).toContain(
    '### Fixed since the baseline\n\n- queue-worker-stopped',
  );
  const json = await bed.dnx(`audit --baseline ${FILE} --fail-on low --json`);
  expect(json).toExit(0);
  expect(json.json()).toEqual([
    {
      ...{ rule: 'queue-worker-stopped', severity: 'fixed', server: 'web-1', site: 'shop.example.com', resource: 'mails' },
      ...{ message: 'Fixed since the baseline', why: expect.stringMatching(/./), fix: null, fingerprint: linesIn()[1]?.fingerprint },
    },
  ]);
  expect(sarifIn((await bed.dnx(`audit --baseline ${FILE} -o sarif`)).stdout).runs[0].results).toEqual([]);
  await write();
  expect(linesIn().map(({ rule }) => rule)).toEqual(['database-port-open']);
});

test('a site or server that is gone has nothing to fix', async () => {
  plant('zero-downtime off', 'a stopped daemon');
  await write();
  const { state } = bed.sandbox;
  state.sites = state.sites.filter(({ domain }) => domain !== 'shop.example.com');
  expect((await bed.dnx(`audit --baseline ${FILE}`)).stderr).toContain('Fixed: zero-downtime-off shop.example.com on web-1');
  state.servers = state.servers.filter(({ name }) => name !== 'web-1');
  state.sites = state.sites.filter(({ server_id }) => state.servers.some(({ id }) => id === server_id));
  expect((await bed.dnx(`audit --baseline ${FILE}`)).stderr).toContain('Fixed: daemon-stopped web-1');
});

test('a finding keeps its fingerprint while its ids, time and status change', async () => {
  const { state } = bed.sandbox;
  plant(
    'a certificate that ends in 29 days',
    'a database whose backup is old',
    'a failed worker',
    'a stopped daemon',
    'a key that only one server has',
  );
  await write();
  const before = linesIn();
  await bed.clock.sleep(3 * 86_400_000);
  for (const [index, each] of [...state.certificates, ...state.queues, ...state.daemons, ...state.ssh_keys].entries())
    each.id = `01JZ0000000000000000NEW${String(index).padStart(3, '0')}`;
  one(state.queues, ({ status }) => status === 'failed').status = 'stopped';
  expect((await bed.dnx(`audit --baseline ${FILE} --json`)).json()).toEqual([]);
  await write();
  expect(linesIn()).toEqual(before);
});

test.each([
  [
    'the token cannot read the list',
    ({ sandbox }: Bed): unknown => sandbox.faults.always({ path: '/servers/{server}/daemons' }, { status: 403 }),
  ],
  ['the site lists fail', ({ sandbox }: Bed): unknown => sandbox.faults.always({ path: '/servers/{server}/sites' }, { status: 500 })],
  ['the site is suspended', ({ sandbox }: Bed): unknown => Object.assign(one(sandbox.state.sites), { status: 'suspended' })],
  [
    'the server is being provisioned',
    ({ sandbox }: Bed): unknown => Object.assign(one(sandbox.state.servers), { status: 'provisioning', provisioned_at: null }),
  ],
] as const)('what was not checked, because %s, is not fixed, and stays in the baseline', async (_, prevent) => {
  plant('zero-downtime off', 'a stopped daemon', 'a stopped worker');
  await write();
  const before = linesIn();
  prevent(bed);
  const run = await bed.dnx(`audit --baseline ${FILE}`);
  expect(run.stderr).not.toContain('Fixed');
  await write();
  expect(linesIn()).toEqual(before);
});

test('a baseline of one token is good for another, though each does not count itself', async () => {
  plant('PostgreSQL open', 'a token with every ability');
  const other = { env: { DNX_TOKEN: bed.sandbox.mint(['*']) } };
  await expect(bed.dnx(`audit --baseline ${FILE} --update-baseline`, other)).toExit(0);
  const all = linesIn();
  expect(all.map(({ rule, resource }) => `${rule} ${resource}`)).toContain('token-all-abilities Sandbox');
  await expect(bed.dnx(`audit --baseline ${FILE} --update-baseline`)).toExit(0, { stderr: expect.not.stringContaining('Fixed') });
  expect(linesIn()).toEqual(expect.arrayContaining(all));
  for (const options of [{}, other]) {
    const run = await bed.dnx(`audit --baseline ${FILE} --fail-on low --json`, options);
    expect([run.code, run.json(), run.stderr]).toEqual([0, [], expect.not.stringContaining('Fixed')]);
  }
});

test('--server updates only what concerns this server', async () => {
  plant('PostgreSQL open', 'a stopped worker', 'a token with every ability');
  await write();
  const before = linesIn();
  plant('a stopped daemon');
  expect((await bed.dnx(`audit --server web-1 --baseline ${FILE} --update-baseline`)).stderr).toBe('✓ Wrote 4 findings to audit.jsonl\n');
  expect(linesIn()).toHaveLength(before.length + 1);
  expect(linesIn()).toEqual(expect.arrayContaining(before));
});

test('--update-baseline sorts the lines and keeps notes', async () => {
  plant('PostgreSQL open', 'a stopped worker', 'zero-downtime off', 'a token with every ability');
  await write();
  const lines = linesIn();
  const noted = lines.map((line, index) => JSON.stringify({ ...line, note: `accepted ${index}` }));
  writeFileSync(path(), `\ufeff${noted.toReversed().join('\r\n')}\r\n\r\n`);
  await write();
  expect(readFileSync(path(), 'utf8')).toBe(`${noted.join('\n')}\n`);
  expect(noted).toEqual(noted.toSorted());
});

test('no secret of a command line gets into a baseline', async () => {
  const daemon = one(bed.sandbox.state.daemons);
  Object.assign(daemon, { status: 'stopped', command: 'php artisan feed:read --token=hunter2 https://ada:hunter2@example.com' });
  await write();
  expect(readFileSync(path(), 'utf8')).toContain('"php artisan feed:read"');
  expect(readFileSync(path(), 'utf8')).not.toContain('hunter2');
  for (const format of ['table', 'json', 'sarif', 'junit', 'markdown'])
    expect((await bed.dnx(`audit -o ${format}`)).stdout).not.toContain('hunter2');
});

const good = '{"rule":"daemon-stopped","server":"web-1","site":null,"resource":null,"fingerprint":"0123"}';

test.each([
  [`${good}\n{"rule":`, 'line 2: This is not a JSON object.'],
  [`${good}\n\n[]`, 'line 3: This is not a JSON object.'],
  ['{"rule":"daemon-stopped"}', 'line 1: The fingerprint is missing.'],
  [`${good}\n{"fingerprint":"0123"}`, 'line 2: The rule is missing.'],
  [`${good}\n${good}\n${good.replace('"web-1"', '7')}`, 'line 3: The server is neither a text nor null.'],
  ['<<<<<<< HEAD', 'line 1: This is not a JSON object.'],
])('a broken baseline %j is a usage error with the line, before any request', async (text, problem) => {
  writeFileSync(path(), text);
  for (const line of [`audit --baseline ${FILE}`, `audit --baseline ${FILE} --update-baseline`]) {
    await expect(bed.dnx(line)).toExit(2, { stdout: '', calls: [], says: `Error: ${FILE}, ${problem}\n` });
    expect(readFileSync(path(), 'utf8')).toBe(text);
  }
});

test('a rule of a newer dnx is kept, and is neither fixed nor shown', async () => {
  writeFileSync(path(), `${good.replace('daemon-stopped', 'rule-of-tomorrow')}\n`);
  expect(await write()).toBe('✓ Wrote 1 finding to audit.jsonl\n');
  expect(linesIn()).toEqual([expect.objectContaining({ rule: 'rule-of-tomorrow' })]);
});

test('a baseline that is missing, no file, or cannot be written', async () => {
  mkdirSync(path('directory'));
  symlinkSync(path(), path('link'));
  for (const [line, code, words] of [
    ['audit --baseline nowhere.jsonl', 2, 'Baseline nowhere.jsonl does not exist.'],
    ['audit --update-baseline', 2, '--update-baseline needs --baseline.'],
    ['audit --baseline ""', 2, '--baseline is empty.'],
    ['audit --baseline directory', 2, 'directory'],
    ['audit --baseline link --update-baseline', 2, 'link is a symbolic link. Nothing was changed.'],
    ['audit --baseline /proc/nowhere/x --update-baseline', 1, 'Could not write /proc/nowhere/x'],
  ] as const) {
    const run = await bed.dnx(line);
    expect([run.code, run.stdout], `${line}\n${run.stderr}`).toEqual([code, '']);
    expect(run.stderr).toContain(words);
  }
});
