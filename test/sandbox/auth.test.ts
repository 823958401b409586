import { expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD, seeded } from '../../src/sandbox/index.ts';
import { drive } from './driver.ts';

const login = { email: SEED_EMAIL, password: SEED_PASSWORD };

test('a request without a valid token is unauthenticated', async () => {
  const { ask, sandbox } = await drive();
  for (const token of [null, 'nonsense', '1|nonsense', `9${sandbox.token}`]) {
    expect(await ask('GET /user', undefined, { token })).toMatchObject({ status: 401, json: { message: 'Unauthenticated.' } });
  }
});

test('login creates a token with every ability, or with the requested ones', async () => {
  const { ask } = await drive();
  const all = await ask('POST /login', login, { token: null });
  expect(all).toMatchObject({ status: 200, json: { user: { name: 'Ada Lovelace', email: SEED_EMAIL } } });
  const token = String(all.json.token);
  expect(token).toMatch(/^\d+\|[0-9a-f]{40}$/);
  expect((await ask('GET /servers', undefined, { token })).status).toBe(200);

  const few = String((await ask('POST /login', { ...login, abilities: ['site:deploy'] }, { token: null })).json.token);
  const site = `/servers/${seeded.servers['web-1']}/sites/${seeded.sites['shop.example.com']}`;
  expect((await ask(`GET ${site}`, undefined, { token: few })).status).toBe(403);
  expect(await ask(`POST ${site}/deploy`, undefined, { token: few })).toMatchObject({
    status: 202,
    json: { message: 'Deployment started.' },
  });
});

test('login rejects wrong credentials and unknown abilities', async () => {
  const { ask } = await drive();
  expect(await ask('POST /login', { ...login, password: 'wrong' }, { token: null })).toMatchObject({
    status: 422,
    errors: { email: ['These credentials do not match our records.'] },
  });
  expect(await ask('POST /login', { ...login, abilities: ['server:read', 'server:fly'] }, { token: null })).toMatchObject({
    status: 422,
    errors: { 'abilities.1': ['The selected abilities.1 is invalid.'] },
  });
  expect((await ask('POST /login', {}, { token: null })).errors).toEqual({
    email: ['The email field is required.'],
    password: ['The password field is required.'],
  });
});

test('logout revokes its token immediately', async () => {
  const { ask, sandbox } = await drive();
  const token = sandbox.mint(['*']);
  expect((await ask('POST /logout', undefined, { token })).status).toBe(200);
  expect((await ask('GET /user', undefined, { token })).status).toBe(401);
});

test('tokens are created, shown once, listed and deleted', async () => {
  const { ask, pass } = await drive();
  const made = await ask('POST /tokens', { name: 'CI', abilities: ['site:deploy'] });
  expect(made).toMatchObject({ status: 201, data: { name: 'CI', abilities: ['site:deploy'], last_used_at: null } });
  const token = String(made.json.token);
  expect(token.startsWith(`${made.data.id}|`)).toBe(true);

  pass(60_000);
  await ask('GET /user', undefined, { token });
  const listed = (await ask('GET /tokens')).list.find((row) => row.id === made.data.id);
  expect(listed).toEqual({
    id: made.data.id,
    name: 'CI',
    abilities: ['site:deploy'],
    last_used_at: '2026-04-16T10:31:00Z',
    created_at: '2026-04-16T10:30:00Z',
  });
  expect((await ask(`DELETE /tokens/${made.data.id}`, undefined, { token })).status).toBe(204);
  expect((await ask('GET /user', undefined, { token })).status).toBe(401);
});

test("another user's token is not found", async () => {
  const { ask, sandbox } = await drive();
  const viewer = sandbox.mint(['*'], { role: 'viewer' });
  expect((await ask('GET /tokens', undefined, { token: viewer })).list).toHaveLength(1);
  expect((await ask('DELETE /tokens/2', undefined, { token: viewer })).status).toBe(404);
});

test('a plan without api_access rejects every request', async () => {
  const { ask, sandbox } = await drive();
  sandbox.state.plan.api_access = false;
  const refused = await ask('GET /user');
  expect(refused.status).toBe(403);
  expect(refused.message).toContain('plan');
});

test('a client that does not accept JSON is treated like a browser', async () => {
  const { ask } = await drive();
  const html = { headers: { Accept: '*/*' } };
  const guest = await ask('GET /user', undefined, { ...html, token: null });
  expect([guest.status, guest.headers.get('location')]).toEqual([302, '/login']);
  expect((await ask('POST /servers', {}, html)).status).toBe(302);
  const missing = await ask('GET /servers/nowhere', undefined, html);
  expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8']);
  expect((await ask('GET /user', undefined, html)).status).toBe(200);
});
