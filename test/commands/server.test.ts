import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { missingId, testGroup } from '../support/cases.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];

testGroup('server', {
  list: {
    line: 'list',
    table: ['NAME', 'web-1', '203.0.113.10', 'hetzner', 'fsn1', 'db-1'],
    json: [{ id: web1, name: 'web-1', sites_count: 3 }, { name: 'web-2' }, { name: 'db-1' }],
    ability: 'server:read',
  },
  show: {
    line: 'show web-1',
    table: ['Name         web-1', 'SSH          ssh deploynix@203.0.113.10', 'PHP          8.3'],
    json: { id: web1, provider: 'hetzner', monitoring_enabled: true },
    ability: 'server:read',
    missing: `show ${missingId}`,
  },
  create: {
    line: 'create web-3 --provider hetzner --region fsn1 --size cx32 --php-version 8.4',
    table: ['Name         web-3', 'Status       active', 'Size         cx32'],
    json: { name: 'web-3', status: 'active', region: 'fsn1', php_version: '8.4', provisioned_at: expect.any(String) },
    says: 'server web-3: provisioning',
    ability: 'server:create',
    missing: 'create web-3 --provider hetzner --credential-id Nothing',
    invalid: ['create web-3 --provider hetzner --region mars', 'region'],
  },
  update: {
    line: 'update web-1 --name web-one --no-monitoring-enabled',
    table: ['Name         web-one', 'Monitoring   no'],
    json: { id: web1, name: 'web-one', monitoring_enabled: false },
    ability: 'server:update',
    missing: `update ${missingId} --name x`,
    invalid: ['update web-1 -F monitoring_enabled=perhaps', 'monitoring_enabled'],
  },
  delete: {
    line: 'delete web-1 --confirm web-1',
    table: ['Deleted server web-1'],
    json: { id: web1, deleted: true },
    ability: 'server:delete',
    missing: `delete ${missingId} --confirm ${missingId}`,
  },
  logs: {
    line: 'logs web-1',
    table: ['nginx: configuration test is successful\n', 'status: active\n'],
    json: { content: expect.stringContaining('ufw') },
    ability: 'server:read',
    missing: `logs ${missingId}`,
  },
  restart: {
    line: 'restart web-1 --yes',
    table: ['✓ Restarting server web-1\n'],
    json: { id: web1, status: 'active' },
    ability: 'server:update',
    missing: `restart ${missingId} --yes`,
  },
  provision: {
    line: 'provision web-2 --yes',
    table: ['Name         web-2', 'Status       active'],
    json: { name: 'web-2', status: 'active' },
    says: 'Provisioning server web-2',
    ability: 'server:update',
    missing: `provision ${missingId} --yes`,
  },
});

const bed = perTest(openBed);

const posts = (calls: readonly string[]) => calls.filter((call) => call.startsWith('POST'));

test('create exits 1 if the server fails, and still prints it as JSON', async () => {
  const run = await bed.dnx('server create fail-1 --provider hetzner --json');
  expect(run.json()).toMatchObject({ name: 'fail-1', status: 'failed' });
  expect(run.stderr).toContain('Creation of server fail-1 failed after ');
  expect(run).toExit(1);
});

test('create --no-wait sends one request after the list', async () => {
  const run = await bed.dnx('server create web-3 --provider hetzner --no-wait --json');
  expect(run.json()).toMatchObject({ status: 'provisioning' });
  expect(run.calls).toEqual(['GET /servers', 'POST /servers']);
  expect(run).toExit(0, { waited: 0 });
});

test.each([
  ['--timeout', '--timeout 5s', {}],
  ['DNX_TIMEOUT', '', { DNX_TIMEOUT: '5s' }],
])('%s ends the wait and names the command that shows the server', async (_, option, env) => {
  const run = await bed.dnx(`server create web-3 --provider hetzner ${option}`, { env });
  expect(run.stderr).toMatch(/the creation of server web-3 continues\n {2}Check it with: dnx server show \w+\n$/);
  expect(run).toExit(124, { stdout: '', waited: 5_000 });
});

test('an empty DNX_TIMEOUT is ignored', async () => {
  const run = await bed.dnx('server create web-3 --provider hetzner --json', { env: { DNX_TIMEOUT: '' } });
  expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ status: 'active' })]);
});

test('create with a token that cannot read servers does not follow, and creates nothing with --wait', async () => {
  const env = { DNX_TOKEN: bed.sandbox.mint(['server:create']) };
  const unwatched = await bed.dnx('server create web-3 --provider hetzner', { env });
  expect(unwatched.stderr).toContain('This token cannot follow the creation of server web-3: Token is missing the ability server:read');
  expect(unwatched.stdout).toContain('provisioning');
  expect(unwatched).toExit(0);
  const demanded = await bed.dnx('server create web-4 --provider hetzner --wait', { env });
  expect(demanded).toExit(5);
  expect(posts(demanded.calls)).toEqual([]);
});

test.each([
  ['', 0],
  ['--wait', 1],
])('create %s cannot follow a server if the response has no id', async (option, code) => {
  bed.sandbox.faults.next({ method: 'POST', path: '/servers' }, { status: 202, body: { message: 'Queued.' } });
  const run = await bed.dnx(`server create web-3 --provider hetzner ${option}`);
  expect(run.stderr).toContain('The response has no id, so the creation of server web-3 cannot be followed.');
  expect(run).toMatchObject({ code, waited: 0 });
});

test('Ctrl-C stops following the creation, not the creation itself', async () => {
  const run = await bed.dnx('server create web-3 --provider hetzner', { interruptAt: 6_000 });
  expect(run.stderr).toMatch(/^Stopped watching; the creation of server web-3 continues\.\n {2}Check it with: dnx server show \w+/m);
  expect(run).toExit(130);
});

test('Ctrl-C during provision keeps the results so far', async () => {
  const run = await bed.dnx('server provision web-1 web-2 db-1 --yes --json', { interruptAt: 30_000 });
  expect(run).toExit(130);
  expect(run.json()).toMatchObject([
    { name: 'web-1', status: 'active' },
    { error: { code: 'interrupted' } },
    { error: { message: 'Not started: dnx was interrupted.' } },
  ]);
  expect(posts(run.calls)).toHaveLength(2);
  expect(run.stderr).toMatch(/Stopped watching; the \w+ of server web-2 continues\..*Check it with: dnx server show \w+/);
});

test('provision does not report success while the server is unchanged', async () => {
  bed.sandbox.faults.next({ method: 'POST', path: '/servers/{server}/provision' }, { status: 202, body: { message: 'Queued.' } });
  await expect(bed.dnx(`server provision ${web1} --yes --timeout 1m`)).toExit(124);
});

test("create prints the API's message about a plan limit", async () => {
  bed.sandbox.state.plan.max_servers = 3;
  const run = await bed.dnx('server create web-3 --provider hetzner');
  expect(run.stderr).toContain('You have reached the limit of 3 servers on the Professional plan.');
  expect(run).toExit(7);
});

test('create takes a credential by name, and other fields from -F and --data', async () => {
  await expect(bed.dnx("server create web-3 --provider hetzner --credential-id 'Hetzner production' --no-wait")).toExit(0);
  const typed = await bed.dnx(`server create web-4 --data '{"provider":"hetzner"}' -F monitoring_enabled:=true --no-wait --json`);
  expect(typed.json()).toMatchObject({ provider: 'hetzner', monitoring_enabled: true });
});

test.each(['web-2', 'WEB-1', 'yes'])('delete requires the name of the server, not %s', async (confirmed) => {
  const run = await bed.dnx(`server delete web-1 --yes --confirm ${confirmed}`);
  expect(run.stderr).toContain("Expected 'web-1'.");
  expect(run.calls).toEqual(['GET /servers']);
  expect(run).toExit(2);
});

test('delete does not accept one name for several servers', async () => {
  await expect(bed.dnx('server delete web-1 web-2 --confirm web-1')).toExit(2, { calls: [] });
});

test.each([
  [{ data: 'one line' }, 'one line\n'],
  [{ data: ['first', 'second'] }, 'first\nsecond\n'],
  [{ data: { logs: 'kept under another name' } }, 'kept under another name\n'],
  [{ data: null }, 'No logs.\n'],
])('logs prints a response of any shape: %j', async (body, printed) => {
  bed.sandbox.faults.always({ path: '/servers/{server}/logs' }, { status: 200, body });
  expect((await bed.dnx(`server logs ${web1}`)).stdout).toBe(printed);
});

test('restart prints one table for several servers, and the error counts the failures', async () => {
  bed.sandbox.faults.next({ method: 'POST', path: '/servers/{server}/restart' }, { status: 409, body: { message: 'web-1 is busy.' } });
  const run = await bed.dnx('server restart web-1 web-2 db-1 --yes');
  expect(run.stdout).toMatch(/^SERVER +RESULT\nweb-1 +.*busy.*\nweb-2 +restarted\ndb-1 +restarted\n$/);
  expect(run.stderr).toBe('Error: 1 of 3 servers failed\n');
  expect(run).toExit(12);
});

test('restart names the server of an error in JSON', async () => {
  bed.sandbox.faults.next({ method: 'POST', path: '/servers/{server}/restart' }, { status: 409, body: { message: 'web-1 is busy.' } });
  const run = await bed.dnx('server restart web-1 web-2 --yes --json');
  expect(run.json<object[]>()[0]).toMatchObject({ id: web1, name: 'web-1', error: { status: 409 } });
});

test('provision --no-wait prints the status of several servers', async () => {
  const run = await bed.dnx('server provision web-1 web-2 --yes --no-wait');
  expect(run.stdout).toMatch(/^SERVER +RESULT\nweb-1 +provisioning\nweb-2 +provisioning\n$/);
});

const order =
  '--provider hetzner --credential-id 01JQ8Z4T9G00000000CRED0001 --region fsn1 --size cx22 --image ubuntu-24.04 --type cache --no-wait';
const typing = (typed: string) => ({ typed, columns: 100, env: { TERM: 'dumb' } });

test('a typed name that no host can have is asked for again', async () => {
  const run = await bed.dnx(`server create ${order}`, typing('bad name!\nweb-9\ny\n'));
  expect(run.stderr).toContain('Use letters, digits, dots and hyphens, as in web-1.\n? Server name: ');
  expect([run.code, bed.sandbox.state.servers.at(-1)?.name]).toEqual([0, 'web-9']);
});

test('a name on the command line is left to the API', async () => {
  expect((await bed.dnx(['server', 'create', 'bad name!', ...order.split(' ')])).calls).toContain('POST /servers');
});

test('--yes answers the question before the order, and is allowed where there is none', async () => {
  await expect(bed.dnx(`server create ${order} --yes`, typing('web-9\n'))).toExit(0, { stderr: expect.not.stringContaining('(y/N)') });
  await expect(bed.dnx(`server create web-10 ${order} -y`)).toExit(0);
});
