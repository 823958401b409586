import { expect, test } from 'vitest';
import { SEED_EMAIL, seeded } from '../../src/sandbox/index.ts';
import { drive, START } from './driver.ts';

test('60 requests a minute per token, then 429 until the window ends', async () => {
  const { ask, pass, sandbox } = await drive({ rateLimit: 60 });
  const first = await ask('GET /user');
  expect([first.headers.get('x-ratelimit-limit'), first.headers.get('x-ratelimit-remaining')]).toEqual(['60', '59']);
  for (let n = 1; n < 60; n += 1) await ask('GET /user');
  pass(20_500);
  const refused = await ask('GET /user');
  expect(refused).toMatchObject({ status: 429, json: { message: 'Too Many Attempts.' } });
  expect(refused.headers.get('retry-after')).toBe('40');
  expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
  expect(refused.headers.get('x-ratelimit-reset')).toBe(String(START / 1_000 + 60));
  expect((await ask('GET /user', undefined, { token: sandbox.mint([]) })).status).toBe(200);
  pass(39_500);
  expect((await ask('GET /user')).status).toBe(200);
});

test('five logins a minute, successful or not', async () => {
  const { ask, pass } = await drive();
  const attempt = () => ask('POST /login', { email: SEED_EMAIL, password: 'wrong' }, { token: null });
  for (let n = 0; n < 5; n += 1) expect((await attempt()).status).toBe(422);
  expect((await attempt()).status).toBe(429);
  pass(60_000);
  expect((await attempt()).status).toBe(422);
});

test('ten new tokens a minute, ten downloads an hour', async () => {
  const { ask, pass } = await drive();
  const create = () => ask('POST /tokens', { name: 'CI' });
  const download = () => ask(`GET /backups/${seeded.backups['shop database, completed']}/download`);
  for (let n = 0; n < 10; n += 1) expect([(await create()).status, (await download()).status]).toEqual([201, 200]);
  expect((await create()).status).toBe(429);
  const refused = await download();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3600']);
  pass(60_000);
  expect([(await create()).status, (await download()).status]).toEqual([201, 429]);
});

test('the window can be shorter', async () => {
  const { ask, pass } = await drive({ rateLimit: 2, rateWindowMs: 5_000 });
  const statuses = async () => [(await ask('GET /user')).status, (await ask('GET /user')).status, (await ask('GET /user')).status];
  expect(await statuses()).toEqual([200, 200, 429]);
  pass(5_000);
  expect(await statuses()).toEqual([200, 200, 429]);
});
