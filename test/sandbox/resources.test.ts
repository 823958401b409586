import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { drive } from './driver.ts';

const web1 = `/servers/${seeded.servers['web-1']}`;
const db1 = `/servers/${seeded.servers['db-1']}`;
const shop = `${web1}/sites/${seeded.sites['shop.example.com']}`;
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVhc3kgdG8gcmVtZW1iZXIgYnV0IG5vdCBhIGtleSAh ada@laptop';

const cases: [path: string, body: object, answered: object, change: object | undefined][] = [
  [
    `${web1}/daemons`,
    { command: 'php worker' },
    { command: 'php worker', directory: null, user: 'deploynix', processes: 1, status: 'running' },
    { processes: '4' },
  ],
  [`${web1}/crontabs`, { command: 'ls', frequency: '*/5 * * * 1-5' }, { user: 'deploynix', status: 'active' }, { frequency: '0 0 1 1 *' }],
  [
    `${web1}/ssh-keys`,
    { name: 'laptop', public_key: key },
    { public_key: key, fingerprint: expect.stringMatching(/^SHA256:.{43}$/) },
    undefined,
  ],
  [`${web1}/network-rules`, { port: '8080' }, { port: 8080, protocol: 'tcp', action: 'allow', source: null, name: null }, undefined],
  [`${shop}/redirects`, { from: '/a', to: '/b' }, { from: '/a', to: '/b', type: 302 }, { type: 301 }],
  [`${shop}/queues`, {}, { connection: 'redis', queue: 'default', processes: 1, tries: 3, timeout: 60, sleep: 3 }, { tries: 5 }],
  [`${shop}/environment-variables`, { key: 'NEW_KEY', value: '' }, { key: 'NEW_KEY', value: '' }, { value: ' kept as it is ' }],
  [`${db1}/databases`, { name: 'reports' }, { name: 'reports', status: 'active', size: 0 }, undefined],
  [`${db1}/databases/${seeded.databases.shop}/users`, { username: 'ada', password: 'p' }, { username: 'ada' }, { password: 'q' }],
  ['/providers/credentials', { provider: 'vultr', name: 'Vultr', token: 't' }, { provider: 'vultr', name: 'Vultr' }, undefined],
  ['/git-providers', { provider: 'bitbucket', token: 't' }, { provider: 'bitbucket', name: 'Bitbucket', url: null }, { name: 'Ours' }],
  [
    '/git-repositories',
    { git_provider_id: seeded.gitProviders.github, name: 'example/new' },
    { name: 'example/new', auto_deploy_enabled: false, deploy_key: null },
    { name: 'example/newer' },
  ],
];

test.each(cases)('%s: create, show, update, delete', async (path, body, answered, change) => {
  const { ask } = await drive();
  const made = await ask(`POST ${path}`, { ...body, unknown_field: 1 });
  expect(made).toMatchObject({ status: 201, data: answered });
  expect(made.data).not.toHaveProperty('unknown_field');
  expect(made.data).not.toHaveProperty('token');
  const item = `${path}/${made.data.id}`;
  expect((await ask(`GET ${path}?per_page=100`)).list).toContainEqual(made.data);
  if (path !== '/providers/credentials') expect((await ask(`GET ${item}`)).data).toEqual(made.data);
  if (change === undefined) expect((await ask(`PUT ${item}`, {})).status).toBe(405);
  else {
    const shown = Object.fromEntries(Object.entries(change).filter(([name]) => name in made.data));
    const expected = path.endsWith('daemons') ? { processes: 4 } : shown;
    expect(await ask(`PUT ${item}`, change)).toMatchObject({ status: 200, data: { id: made.data.id, ...expected } });
  }
  const gone = await ask(`DELETE ${item}`);
  expect([gone.status, gone.text]).toEqual([204, '']);
  expect((await ask(`DELETE ${item}`)).status).toBe(404);
});

test('a name in use is rejected, except for its own row', async () => {
  const { ask } = await drive();
  expect((await ask(`POST ${shop}/environment-variables`, { key: 'APP_ENV', value: 'x' })).message).toBe('The key has already been taken.');
  expect((await ask(`POST ${db1}/databases`, { name: 'shop' })).message).toBe('The name has already been taken.');
  const domain = { domain: 'shop.example.com' };
  expect((await ask(`PUT ${shop}`, domain)).status).toBe(200);
  expect((await ask(`PUT ${web1}/sites/${seeded.sites['blog.example.com']}`, domain)).status).toBe(422);
});

test('a generated password is shown once', async () => {
  const { ask } = await drive();
  const users = `${db1}/databases/${seeded.databases.shop}/users`;
  const made = await ask(`POST ${users}`, { username: 'ada' });
  expect(made.data.password).toMatch(/^[0-9a-f]{24}$/);
  expect((await ask(`GET ${users}/${made.data.id}`)).data).not.toHaveProperty('password');
});

test('daemons and queue workers restart', async () => {
  const { ask, sandbox } = await drive();
  const daemon = sandbox.state.daemons.find(({ status }) => status === 'stopped');
  const queue = sandbox.state.queues.find(({ status }) => status === 'stopped');
  expect(await ask(`POST ${web1}/daemons/${daemon?.id}/restart`)).toMatchObject({
    status: 202,
    data: { id: daemon?.id, status: 'running' },
  });
  expect(await ask(`POST ${shop}/queues/${queue?.id}/restart`)).toMatchObject({ status: 202, data: { id: queue?.id, status: 'running' } });
});

test('repositories get a deploy key, and auto-deploy can be enabled and disabled', async () => {
  const { ask } = await drive();
  const blog = `/git-repositories/${seeded.gitRepositories['example/blog']}`;
  expect((await ask(`POST ${blog}/setup-deploy-key`)).data.deploy_key).toMatch(/^ssh-ed25519 \S+ deploynix$/);
  expect((await ask(`POST ${blog}/enable-auto-deploy`)).data.auto_deploy_enabled).toBe(true);
  expect((await ask(`POST ${blog}/disable-auto-deploy`)).data.auto_deploy_enabled).toBe(false);
});

test('a site remains when its repository is deleted', async () => {
  const { ask } = await drive();
  await ask(`DELETE /git-providers/${seeded.gitProviders.github}`);
  expect((await ask(`GET /git-repositories/${seeded.gitRepositories['example/shop']}`)).status).toBe(404);
  expect((await ask(`GET ${shop}`)).data).toMatchObject({ domain: 'shop.example.com', git_repository_id: null });
});

test('server certificates do not include those of sites', async () => {
  const { ask } = await drive();
  const { list } = await ask(`GET ${web1}/certificates`);
  expect(list.map((certificate) => certificate.domain)).toEqual(['*.example.com']);
  expect((await ask(`DELETE ${web1}/certificates/${list[0]?.id}`)).status).toBe(204);
});

test('providers list their offers', async () => {
  const { ask } = await drive();
  expect((await ask('GET /providers')).list).toContainEqual({ id: 'hetzner', name: 'Hetzner' });
  expect((await ask('GET /providers/hetzner/regions')).list).toContainEqual({ id: 'fsn1', name: 'Falkenstein' });
  expect((await ask('GET /providers/custom/sizes')).list).toEqual([]);
  expect((await ask('GET /providers/nowhere/images')).status).toBe(404);
});

test('logs are one text with several lines', async () => {
  const { ask } = await drive();
  const { content } = (await ask(`GET ${web1}/logs`)).data;
  expect(String(content).split('\n').length).toBeGreaterThan(3);
});
