import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { refuseUnknownRoutes } from '../support/routes.ts';
import { drive } from './driver.ts';

const { 'web-1': web1, 'web-2': web2 } = seeded.servers;
const shop = seeded.sites['shop.example.com'];

test('a missing resource is a 404, as is one under the wrong parent', async () => {
  const { ask } = await drive();
  expect(await ask('GET /servers/nowhere')).toMatchObject({
    status: 404,
    json: { message: 'No query results for model [App\\Models\\Server] nowhere' },
  });
  expect(await ask(`GET /servers/${web2}/sites/${shop}`)).toMatchObject({
    status: 404,
    message: `No query results for model [App\\Models\\Site] ${shop}`,
  });
  expect((await ask(`GET /servers/${web1}/sites/${shop}/queues/nowhere`)).status).toBe(404);
  expect((await ask('GET /servers/a%2Fb')).message).toBe('No query results for model [App\\Models\\Server] a/b');
});

test('a wrong method is a 405 that lists the allowed ones', async () => {
  const { ask } = await drive();
  const refused = await ask('PATCH /servers/x', {});
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, DELETE']);
  expect(refused.message).toContain('api/v1/servers/{server}');
  expect((await ask('GET /backups/application')).status).toBe(405);
});

test('an unknown route is a 404 in the words of Laravel', async () => {
  const { ask } = await drive();
  const path = `/backups/${seeded.backups['shop database, completed']}`;
  expect(await ask(`GET ${path}`)).toMatchObject({ status: 404, message: `The route api/v1${path} could not be found.` });
  expect((await ask(`GET ${path}`, undefined, { headers: { Accept: 'text/html' } })).text).toContain('<!DOCTYPE html>');
});

test('a test in which dnx requests an unknown route fails', async () => {
  const path = `/servers/${web1}/sites/${shop}`;
  expect(() => refuseUnknownRoutes([path, `${path}/queues/x/restart`, '/servers'])).not.toThrow();
  expect(() => refuseUnknownRoutes(['/servers', '/backups/x', `${path}/`])).toThrow(`have: /backups/x, ${path}/`);
});

test('a body must be a JSON object with the JSON content type', async () => {
  const { ask } = await drive();
  expect(await ask('POST /servers', '{"name":')).toMatchObject({ status: 400, message: 'The request body is not valid JSON.' });
  expect((await ask('POST /servers', [1])).status).toBe(400);
  expect((await ask('POST /servers', 'name=x', { headers: { 'Content-Type': 'text/plain' } })).status).toBe(400);
});

test.each([
  ['/servers', {}, { name: ['The name field is required.'], provider: ['The provider field is required.'] }],
  ['/servers', { name: '  ', provider: null }, { name: ['The name field is required.'], provider: ['The provider field is required.'] }],
  ['/servers', { name: 'x', provider: 'nowhere' }, { provider: ['The selected provider is invalid.'] }],
  ['/servers', { name: 'x', provider: 'hetzner', region: 'fra1' }, { region: ['The selected region is invalid.'] }],
  ['/servers', { name: 'x', provider: 'hetzner', php_version: '5.6' }, { php_version: ['The selected php version is invalid.'] }],
  ['/servers', { name: 'x', provider: 'custom' }, { ip_address: ['The ip address field is required when provider is custom.'] }],
  ['/servers', { name: 'x', provider: 'custom', ip_address: '1.2' }, { ip_address: ['The ip address field must be a valid IP address.'] }],
  ['/servers', { name: 7, provider: 'hetzner' }, { name: ['The name field must be a string.'] }],
  ['/servers', { name: 'x'.repeat(256), provider: 'hetzner' }, { name: ['The name field must not be greater than 255 characters.'] }],
  [`/servers/${web1}/network-rules`, { port: 'http' }, { port: ['The port field must be an integer.'] }],
  [`/servers/${web1}/network-rules`, { port: 1.5 }, { port: ['The port field must be an integer.'] }],
  [`/servers/${web1}/network-rules`, { port: 0 }, { port: ['The port field must be at least 1.'] }],
  [`/servers/${web1}/network-rules`, { port: 70_000 }, { port: ['The port field must not be greater than 65535.'] }],
  [`/servers/${web1}/crontabs`, { command: 'ls', frequency: '* * * *' }, { frequency: ['The frequency field format is invalid.'] }],
  [`/servers/${web1}/ssh-keys`, { name: 'x', public_key: 'no key' }, { public_key: ['The public key field format is invalid.'] }],
  ['/tokens', { name: 'x', abilities: 'all' }, { abilities: ['The abilities field must be an array.'] }],
  ['/git-providers', { provider: 'custom', token: 't', url: 'no url' }, { url: ['The url field must be a valid URL.'] }],
])('POST %s rejects %j with the messages of Laravel', async (path, body, errors) => {
  const { ask } = await drive();
  expect(await ask(`POST ${path}`, body)).toMatchObject({ status: 422, errors });
});

test('the message counts the other errors', async () => {
  const { ask } = await drive();
  expect((await ask('POST /servers', {})).message).toBe('The name field is required. (and 1 more error)');
  expect((await ask('POST /login', { abilities: ['x'] }, { token: null })).message).toBe(
    'The email field is required. (and 2 more errors)',
  );
});

test('an update validates like a create, keeps missing fields, and clears with null', async () => {
  const { ask } = await drive();
  const site = `/servers/${web1}/sites/${shop}`;
  expect((await ask(`PUT /servers/${web1}`, { monitoring_enabled: 'maybe' })).errors).toEqual({
    monitoring_enabled: ['The monitoring enabled field must be true or false.'],
  });
  expect((await ask(`PUT /servers/${web1}`, { name: null })).message).toBe('The name field is required.');
  expect((await ask(`PUT /servers/${web1}`, { provider: 'aws' })).data).toMatchObject({ name: 'web-1', provider: 'hetzner' });
  expect((await ask(`PUT ${site}`, { git_repository_id: null })).data).toMatchObject({ git_repository_id: null, branch: 'main' });
});

test('lists have pages with meta, and links that drop per_page and filters', async () => {
  const { ask, sandbox } = await drive();
  const path = `/servers/${web1}/sites/${shop}/environment-variables`;
  const first = await ask(`GET ${path}?per_page=5`);
  expect(first.list).toHaveLength(5);
  expect(first.json.meta).toEqual({ current_page: 1, from: 1, last_page: 3, per_page: 5, to: 5, total: 14 });
  const at = (page: number) => `${sandbox.url}/api/v1${path}?page=${page}`;
  expect(first.json.links).toEqual({ first: at(1), last: at(3), next: at(2), prev: null });
  const last = await ask(`GET ${path}?page=3&per_page=5`);
  expect(last.json).toMatchObject({ meta: { from: 11, to: 14 }, links: { next: null, prev: at(2) } });
  expect((await ask(`GET ${path}?page=9`)).json).toMatchObject({ data: [], meta: { from: null, to: null, per_page: 15, last_page: 1 } });
  expect((await ask(`GET ${path}?per_page=101`)).errors).toEqual({ per_page: ['The per page field must not be greater than 100.'] });
  expect((await ask('GET /backups?status=completed&per_page=2')).json.links).toMatchObject({
    next: `${sandbox.url}/api/v1/backups?page=2`,
  });
});
