import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { drive } from './driver.ts';

const shop = `/servers/${seeded.servers['web-1']}/sites/${seeded.sites['shop.example.com']}`;

test('a custom response repeats as often as requested, and nothing is performed', async () => {
  const { ask, sandbox } = await drive();
  const path = '/servers/{server}/daemons';
  sandbox.faults.next({ method: 'POST', path }, { status: 502, body: '<h1>Bad Gateway</h1>', headers: { 'Retry-After': '3' } }, 2);
  const before = sandbox.state.daemons.length;
  const create = () => ask(`POST /servers/${seeded.servers['web-1']}/daemons`, { command: 'x' });
  const first = await create();
  expect([first.status, first.text, first.headers.get('retry-after')]).toEqual([502, '<h1>Bad Gateway</h1>', '3']);
  expect((await create()).status).toBe(502);
  expect(sandbox.state.daemons).toHaveLength(before);
  expect((await create()).status).toBe(201);
});

test('always applies to matching requests until it is removed', async () => {
  const { ask, sandbox } = await drive();
  const stop = sandbox.faults.always({ path: /^\/servers\b/ }, { status: 503, body: { message: 'Down.' } });
  expect(await ask('GET /servers')).toMatchObject({ status: 503, json: { message: 'Down.' } });
  expect((await ask('GET /user')).status).toBe(200);
  stop();
  expect((await ask('GET /servers')).status).toBe(200);
  sandbox.faults.always({}, { status: 204, body: '' });
  expect((await ask('GET /user')).status).toBe(204);
  sandbox.faults.clear();
  expect((await ask('GET /user')).status).toBe(200);
});

test('drop does not perform the request, drop-after does', async () => {
  const { ask, sandbox } = await drive();
  const deploys = () => sandbox.state.deployments.length;
  sandbox.faults.next({ method: 'POST' }, 'drop');
  await expect(ask(`POST ${shop}/deploy`)).rejects.toThrow('fetch failed');
  expect(deploys()).toBe(0);
  sandbox.faults.next({ method: 'POST' }, 'drop-after');
  await expect(ask(`POST ${shop}/deploy`)).rejects.toThrow('fetch failed');
  expect(deploys()).toBe(1);
  expect(sandbox.calls.map((call) => call.status)).toEqual([0, 0]);
});

test('cut ends in the middle of the body', async () => {
  const { sandbox } = await drive();
  sandbox.faults.next({ path: '/servers' }, 'cut');
  const response = await fetch(`${sandbox.url}/api/v1/servers`, { headers: { Authorization: `Bearer ${sandbox.token}` } });
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow('terminated');
});

test('trickle is slow but complete', async () => {
  const { ask, sandbox } = await drive();
  sandbox.faults.next({ path: '/servers' }, 'trickle');
  expect((await ask('GET /servers')).list).toHaveLength(3);
});

test('a function changes a response', async () => {
  const { ask, sandbox } = await drive();
  sandbox.faults.next({ path: '/servers' }, (answer) => ({ ...answer, body: (answer.body as { data: unknown }).data }));
  expect(Array.isArray((await ask('GET /servers')).json)).toBe(true);
});

test.each([
  ['hang', 0],
  ['hang-after', 1],
] as const)('%s ends when the sandbox closes, and performs %d requests', async (fault, performed) => {
  const { ask, sandbox } = await drive();
  sandbox.faults.next({ method: 'POST' }, fault);
  const hanging = expect(ask(`POST ${shop}/deploy`)).rejects.toThrow('fetch failed');
  while (sandbox.calls.length === 0) await new Promise(setImmediate);
  await sandbox.close();
  await hanging;
  expect(sandbox.state.deployments.length).toBe(performed);
});

test('closing the sandbox interrupts a delayed response', async () => {
  const { ask, sandbox } = await drive({ latencyMs: 60_000 });
  const waiting = expect(ask('GET /user')).rejects.toThrow('fetch failed');
  while (sandbox.calls.length === 0) await new Promise(setImmediate);
  await sandbox.close();
  await waiting;
});
