import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { seeded, timings } from '../../src/sandbox/index.ts';
import { drive } from './driver.ts';

const web1 = `/servers/${seeded.servers['web-1']}`;
const shop = `${web1}/sites/${seeded.sites['shop.example.com']}`;
const completed = seeded.backups['shop database, completed'];

test('a server is provisioned, or fails if its name says so', async () => {
  const { ask, pass } = await drive();
  const body = { name: 'web-3', provider: 'hetzner', region: 'hel1' };
  const made = await ask('POST /servers', body);
  expect(made).toMatchObject({
    status: 201,
    data: { status: 'provisioning', region: 'hel1', ip_address: null, provisioned_at: null, sites_count: 0 },
  });
  expect(made.data.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  const failing = await ask('POST /servers', { ...body, name: 'fail-1' });
  pass(timings.serverProvisions);
  const { data } = await ask(`GET /servers/${made.data.id}`);
  expect(data).toMatchObject({ status: 'active', provisioned_at: '2026-04-16T10:30:20Z', ip_address: '203.0.113.1' });
  expect((await ask(`GET /servers/${failing.data.id}`)).data).toMatchObject({ status: 'failed', provisioned_at: null });
  expect(await ask(`POST /servers/${failing.data.id}/provision`)).toMatchObject({ status: 202, data: { status: 'provisioning' } });
});

test('a plan limits servers without naming a field', async () => {
  const { ask, sandbox } = await drive();
  sandbox.state.plan.max_servers = 3;
  const refused = await ask('POST /servers', { name: 'web-3', provider: 'hetzner' });
  expect([refused.status, refused.errors]).toEqual([422, undefined]);
  expect(refused.message).toContain('limit of 3 servers');
});

test('deleting a server deletes everything on it', async () => {
  const { ask, sandbox } = await drive();
  expect((await ask(`DELETE ${web1}`)).status).toBe(204);
  expect((await ask(`GET ${web1}`)).status).toBe(404);
  const { sites, releases, queues, crontabs, environment_variables } = sandbox.state;
  expect(sites.map((site) => site.server_id)).toEqual(Array(3).fill(seeded.servers['web-2']));
  const left = new Set(sites.map((site) => site.id));
  for (const row of [...releases, ...queues, ...environment_variables]) expect(left).toContain(row.site_id);
  expect(crontabs).toHaveLength(1);
});

test('a site is installed, and its server counts it', async () => {
  const { ask, pass } = await drive();
  const made = await ask(`POST ${web1}/sites`, { domain: 'new.example.com' });
  expect(made).toMatchObject({ status: 201, data: { status: 'installing', server_id: seeded.servers['web-1'] } });
  expect((await ask(`GET ${web1}`)).data.sites_count).toBe(4);
  expect((await ask(`POST ${web1}/sites`, { domain: 'new.example.com' })).message).toBe('The domain has already been taken.');
  pass(timings.siteInstalls);
  expect((await ask(`GET ${web1}/sites/${made.data.id}`)).data.status).toBe('active');
});

test('a certificate is issued or fails with a reason', async () => {
  const { ask, pass } = await drive();
  const good = await ask(`POST ${shop}/certificates`, { domain: 'www.example.com' });
  const bad = await ask(`POST ${shop}/certificates`, { domain: 'fail.example.com' });
  expect(good).toMatchObject({ status: 201, data: { type: 'letsencrypt', status: 'pending', expires_at: null } });
  pass(timings.certificateIssues);
  expect((await ask(`GET ${shop}/certificates/${good.data.id}`)).data).toMatchObject({
    status: 'active',
    expires_at: '2026-07-15T10:30:10Z',
  });
  expect((await ask(`GET ${shop}/certificates/${bad.data.id}`)).data).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('DNS'),
  });
  expect((await ask(`POST ${shop}/certificates`, { domain: 'x.example.com', type: 'custom' })).errors).toEqual({
    certificate: ['The certificate field is required when type is custom.'],
    private_key: ['The private key field is required when type is custom.'],
  });
});

test('a backup is created and listed', async () => {
  const { ask, pass } = await drive();
  const made = await ask('POST /backups/application', { site_id: seeded.sites['shop.example.com'] });
  expect(made).toMatchObject({ status: 201, data: { type: 'application', status: 'pending', size: null, completed_at: null } });
  const look = async () => (await ask('GET /backups')).list[0];
  pass(timings.backupBegins);
  expect(await look()).toMatchObject({ id: made.data.id, status: 'in_progress' });
  expect((await ask(`GET /backups/${made.data.id}/download`)).status).toBe(422);
  pass(timings.backupRuns);
  expect(await look()).toMatchObject({ status: 'completed', completed_at: '2026-04-16T10:30:08Z', size: expect.any(Number) });
  expect((await ask('POST /backups/application', { site_id: 'nowhere' })).errors).toEqual({
    site_id: ['The selected site id is invalid.'],
  });
});

test('the list of backups can be filtered', async () => {
  const { ask } = await drive();
  const { list } = await ask('GET /backups?status=completed&type=application');
  expect(list).toHaveLength(2);
  expect((await ask('GET /backups?status=done')).errors).toEqual({ status: ['The selected status is invalid.'] });
});

test('a download is a gzip file of the listed size, the same every time', async () => {
  const { sandbox, ask } = await drive();
  const download = () =>
    fetch(`${sandbox.url}/api/v1/backups/${completed}/download`, { headers: { Authorization: `Bearer ${sandbox.token}` } });
  const response = await download();
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('content-type')).toBe('application/gzip');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="shop-20260415-103000.sql.gz"');
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  const { list } = await ask(`GET /servers/${seeded.servers['db-1']}/databases/${seeded.databases.shop}/backups`);
  expect(list.find((backup) => backup.id === completed)?.size).toBe(bytes.length);
  expect(gunzipSync(bytes).length).toBeGreaterThan(100_000);
  expect(bytes.equals(Buffer.from(await (await download()).arrayBuffer()))).toBe(true);
});

test('a backup is verified and restored', async () => {
  const { ask, pass } = await drive();
  expect(await ask(`POST /backups/${completed}/verify`)).toMatchObject({ status: 200, data: { id: completed, status: 'completed' } });
  expect(await ask(`POST /backups/${completed}/restore`)).toMatchObject({ status: 202, data: { status: 'completed' } });
  const look = async () => (await ask('GET /backups')).list.find((backup) => backup.id === completed)?.status;
  pass(timings.restoreBegins);
  expect(await look()).toBe('in_progress');
  pass(timings.restoreRuns);
  expect(await look()).toBe('restored');
});

test('the .env on the server is imported into the variables', async () => {
  const { ask } = await drive();
  const path = `${shop}/environment-variables`;
  expect(await ask(`POST ${path}/pull`)).toMatchObject({ status: 202, message: expect.any(String) });
  const { list } = await ask(`GET ${path}?per_page=100`);
  const value = (key: string) => list.find((variable) => variable.key === key)?.value;
  expect([value('DB_PASSWORD'), value('LOG_LEVEL'), value('APP_NAME'), value('MAIL_ENCRYPTION')]).toEqual([
    's3cret from the server',
    'warning',
    'Example Shop',
    '',
  ]);
});
