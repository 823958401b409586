import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type AnswerShape, type FieldShape, parseShapes, type Shapes } from '../../src/base/api-shapes.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { type Driver, drive } from './driver.ts';

const recorded = (name: 'mild' | 'wild'): Shapes => parseShapes(readFileSync(`test/shapes/${name}.json`, 'utf8'), name);

const field = (type: FieldShape['types'][number], more: Partial<FieldShape> = {}): FieldShape => ({
  types: [type],
  null: 'never',
  missing: 'never',
  ...more,
});
const id = field('string', { formats: ['ulid'] });
const meta = { current_page: 'integer', last_page: 'integer', per_page: 'integer', total: 'integer' } as const;
const list: AnswerShape = {
  status: 200,
  body: 'object',
  keys: ['data', 'links', 'meta'],
  holds: 'list',
  rows: 'some',
  fields: { id, name: field('string') },
  paging: { meta, per_page: 100, next: null },
  headers: {},
};
const servers = 'GET /servers?per_page=100&page=1';

/** What differs from `list`; undefined for what is not there. */
type Recorded = { readonly [K in keyof AnswerShape]?: AnswerShape[K] | undefined };

/** A sandbox of which only these answers were recorded. */
const shaped = (answers: Readonly<Record<string, Recorded>>, more: Partial<Shapes> = {}): Promise<Driver> =>
  drive({
    shapes: {
      version: 1,
      dnx: '1.0.0',
      month: '2026-12',
      host: 'other',
      answers: Object.fromEntries(Object.entries(answers).map(([key, answer]) => [key, { ...list, ...answer } as AnswerShape])),
      facts: {},
      ...more,
    },
  });

const { 'web-1': web1 } = seeded.servers;
const site = `/servers/${web1}/sites/${seeded.sites['shop.example.com']}`;
const inWild = async () => {
  const driver = await drive({ shapes: recorded('wild') });
  const [server] = (await driver.ask('GET /servers')).json as unknown as { id: number }[];
  const [first] = (await driver.ask(`GET /servers/${server?.id}/sites`)).json as unknown as Record<string, unknown>[];
  return { ...driver, server: server?.id, first };
};

test('what was not recorded stays as it is', async () => {
  const [plain, other] = [await drive(), await shaped({})];
  for (const path of ['/servers', '/user', site, '/servers/none', '/none', `${site}/releases`])
    expect((await other.ask(`GET ${path}`)).json).toEqual(
      JSON.parse(JSON.stringify((await plain.ask(`GET ${path}`)).json).replaceAll(plain.sandbox.url, other.sandbox.url)),
    );
});

test('ids are those that were recorded in rows, references, paths and bodies', async () => {
  const { ask, server, first, sandbox } = await inWild();
  expect([server, first?.id, first?.server_id, first?.git_repository_id].every(Number.isInteger)).toBe(true);
  expect(first?.server_id).toBe(server);
  const { json: shown } = await ask(`GET /servers/${server}/sites/${first?.id}`);
  expect(shown).toEqual(first);
  const body = { domain: 'new.example.com', git_repository_id: first?.git_repository_id };
  const made = await ask(`POST /servers/${server}/sites`, body);
  expect([made.status, made.json.git_repository_id]).toEqual([201, first?.git_repository_id]);
  expect(sandbox.state.sites.at(-1)?.git_repository_id).toBe(seeded.gitRepositories['example/shop']);
  expect((await ask(`DELETE /servers/${server}/sites/${made.json.id}`)).status).toBe(204);
});

test('ids may be UUIDs, and keep their meaning over a restart', async () => {
  const uuid = field('string', { formats: ['uuid'] });
  const answers = { [servers]: { fields: { id: uuid, name: field('string') } } };
  const { ask } = await shaped(answers);
  const [first] = (await ask('GET /servers')).list;
  expect(first?.id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  const again = await shaped(answers);
  expect((await again.ask(`GET /servers/${first?.id}`)).data).toEqual(first);
});

test('times have the recorded format', async () => {
  const seenAs = async (created_at: FieldShape) =>
    (await (await shaped({ [servers]: { fields: { id, created_at } } })).ask('GET /servers')).list[0]?.created_at;
  const iso = (await (await drive()).ask('GET /servers')).list[0]?.created_at as string;
  expect(await seenAs(field('string', { formats: ['0000-00-00T00:00:00.000000Z'] }))).toBe(iso.replace('Z', '.000000Z'));
  expect(await seenAs(field('string', { formats: ['0000-00-00 00:00:00'] }))).toBe(iso.replace('T', ' ').replace('Z', ''));
  expect(await seenAs(field('string', { formats: ['0000-00-00T00:00:00+00:00'] }))).toBe(iso.replace('Z', '+00:00'));
  expect(await seenAs(field('integer', { formats: ['unix time'] }))).toBe(Date.parse(iso) / 1_000);
  expect(await seenAs(field('integer', { formats: ['unix time in ms'] }))).toBe(Date.parse(iso));
});

test('a status has a recorded word of its phase, and the busy words of a deployment that was watched', async () => {
  const status = field('string', { words: ['up', 'suspended', 'broken with errors'] });
  const answers = { 'GET /servers/{server}/sites/{site}': { holds: 'one', keys: ['data'], fields: { id, status } } } as const;
  const moves = { last_deployed_at: 'end', updated_at: 'start', release: 'start', live: 'end' } as const;
  const watched = [
    { words: ['up', 'building', 'up'], busy_after_s: 2, settled_after_s: 10, moves, releases: 'one', webhooks: 'none', ended: 'good' },
  ] as const;
  const { ask, pass, sandbox } = await shaped(answers, { watched });
  const word = async () => (await ask(`GET ${site}`)).data.status;
  const words = [await word()];
  await ask(`POST ${site}/deploy`);
  pass(4_000);
  words.push(await word());
  pass(60_000);
  words.push(await word());
  await ask(`POST ${site}/suspend`);
  words.push(await word());
  sandbox.deployElsewhere(seeded.sites['blog.example.com'], { fails: true });
  pass(60_000);
  words.push((await ask(`GET /servers/${web1}/sites/${seeded.sites['blog.example.com']}`)).data.status);
  expect(words).toEqual(['up', 'building', 'up', 'suspended', 'broken with errors']);
});

test('fields are missing, renamed, new, null and of the recorded types', async () => {
  const fields = {
    id,
    uuid: field('string', { formats: ['uuid'] }),
    is_current: field('integer'),
    name: field('string', { null: 'always' }),
    branch: field('string', { null: 'sometimes' }),
    commit_hash: field('string', { missing: 'sometimes' }),
    duration: field('integer', { null: 'sometimes' }),
  };
  const { ask } = await shaped({ 'GET /servers/{server}/sites/{site}/releases?per_page=100': { fields, other_fields: 'some' } });
  const { list: releases } = await ask(`GET ${site}/releases`);
  const all = (name: string): unknown[] => releases.map((release) => (name in release ? release[name] : 'missing'));
  expect(releases.every((release) => Object.keys(release).length >= 8 && !('active' in release) && !('status' in release))).toBe(true);
  expect(all('is_current').toSorted()).toEqual([0, 0, 0, 0, 1]);
  expect(new Set(all('name'))).toEqual(new Set([null]));
  expect(new Set(all('branch'))).toEqual(new Set([null, 'main']));
  expect(all('commit_hash')).toContain('missing');
  expect(new Set(all('commit_hash')).size).toBeGreaterThan(1);
  expect(new Set(all('duration'))).toEqual(new Set([null, 1]));
});

test('what is null at rest and has a value during work keeps it', async () => {
  const fields = { id, scheduled_deploy_at: { types: [], null: 'always', missing: 'never' } } as const;
  const { ask } = await shaped({ 'GET /servers/{server}/sites?per_page=100': { fields } });
  await ask(`POST ${site}/schedule-deploy`, { scheduled_at: '2030-01-01T00:00:00Z' });
  expect((await ask(`GET ${site}`)).data.scheduled_deploy_at).toBe('2030-01-01T00:00:00Z');
});

test('the reason of a failure is shown, though none was recorded', async () => {
  const fields = { id, status: field('string', { words: ['active'] }), reason: { types: [], null: 'always', missing: 'never' } } as const;
  const { ask, pass } = await shaped({ 'GET /servers/{server}/sites/{site}/certificates?per_page=1': { fields } });
  await ask(`POST ${site}/certificates`, { domain: 'fail.example.com', type: 'letsencrypt' });
  pass(600_000);
  expect((await ask(`GET ${site}/certificates`)).list.map(({ reason }) => reason)).toContainEqual(expect.stringContaining('NXDOMAIN'));
});

test('ids may be words, which the paths take', async () => {
  const fields = { id: field('string', { formats: ['slug'] }), command: field('string') };
  const { ask } = await shaped({ 'GET /servers/{server}/crontabs?per_page=1': { fields } });
  const [first] = (await ask(`GET /servers/${web1}/crontabs`)).list;
  expect(first?.id).toMatch(/^id-[\da-f]{16}$/);
  expect((await ask(`DELETE /servers/${web1}/crontabs/${first?.id}`)).status).toBe(204);
});

test('a field that only some rows have is missing in every second one, as long as the sandbox runs', async () => {
  const fields = { id, name: field('string', { missing: 'sometimes' }) };
  const { ask } = await shaped({
    [servers]: { fields },
    'GET /servers/{server}': { holds: 'one', keys: ['data'], rows: undefined, fields },
  });
  const named = async () => (await ask('GET /servers')).list.map((server) => 'name' in server);
  expect([await named(), await named()]).toEqual([
    [true, false, true],
    [true, false, true],
  ]);
});

test('a word that was not kept stands for what no kept word says', async () => {
  const status = field('string', { words: ['completed'], other_words: 'one' });
  const { ask } = await shaped({ 'GET /backups?per_page=100': { fields: { id, status } } });
  const words = new Set((await ask('GET /backups')).list.map((backup) => backup.status));
  expect(words).toContain('zq');
  expect(words).not.toContain('failed');
});

test('values that were hidden are masked', async () => {
  const answers = {
    'GET /servers/{server}/sites/{site}/environment-variables?per_page=1': {
      rows: 'one',
      fields: { id, key: field('string'), value: field('string') },
    },
  } as const;
  const { ask } = await shaped(answers, { facts: { 'values of variables are shown': false } });
  expect((await ask(`GET ${site}/environment-variables`)).list.map(({ value }) => value)).toContain('********');
});

const envelopes: readonly (readonly [string, Partial<AnswerShape>, object])[] = [
  ['a bare array', { body: 'array', keys: [] }, [{ name: 'web-1' }, { name: 'web-2' }, { name: 'db-1' }]],
  ['rows alone', { keys: ['data'] }, { data: { length: 3 } }],
  [
    'a paginator',
    { keys: ['current_page', 'data', 'next_page_url', 'total'] },
    { current_page: 1, total: 3, next_page_url: null, data: { length: 3 } },
  ],
  ['an object by name', { keys: [], holds: 'one', fields: { servers: field('array') } }, { servers: { length: 3 } }],
  [
    'an object by name beside its pages',
    { keys: ['links', 'meta'], holds: 'one', fields: { links: field('object'), meta: field('object'), servers: field('array') } },
    { servers: { length: 3 }, meta: { total: 3 }, links: { next: null } },
  ],
  ['an object by key', { keys: ['data'], holds: 'map' }, { data: { 'web-1': { name: 'web-1' } } }],
  [
    'counts in strings',
    { paging: { meta: { total: 'string', path: 'string', links: 'array' }, per_page: 100, next: null } },
    { meta: { total: '3', links: [] } },
  ],
];

test.each(envelopes)('a list may be %s', async (_, answer, expected) => {
  const { ask } = await shaped({ [servers]: answer });
  expect((await ask('GET /servers')).json).toMatchObject(expected);
});

test('a list that was too long to be read is long', async () => {
  const { ask } = await shaped({ [servers]: { body: 'large', keys: undefined, holds: undefined, paging: undefined } });
  const { list: rows, text } = await ask('GET /servers');
  expect([rows.length, text.length > 64_000]).toEqual([3, true]);
});

test('a resource may be bare, also as the response to a change', async () => {
  const { ask, server } = await inWild();
  expect(await ask(`GET /servers/${server}`)).toMatchObject({ json: { id: server, name: 'web-1' } });
  expect(await ask(`PUT /servers/${server}`, { name: 'web-9' })).toMatchObject({ status: 200, json: { id: server, name: 'web-9' } });
});

test('pages have the recorded size and links', async () => {
  const size = (per_page: number): Partial<AnswerShape> => ({ paging: { meta, per_page, next: ['cursor', 'page'] } });
  const clamped = await shaped({ [servers]: size(2), 'GET /servers?per_page=1&page=1': size(1) });
  const { json } = await clamped.ask('GET /servers?per_page=100');
  expect(json).toMatchObject({
    meta: { per_page: 2, total: 3 },
    links: { next: `${clamped.sandbox.url}/api/v1/servers?cursor=next&page=2` },
  });
  expect((await clamped.ask('GET /servers?per_page=1')).list).toHaveLength(1);
  const fixed = await shaped({ [servers]: size(2), 'GET /servers?per_page=1&page=1': size(2) });
  expect((await fixed.ask('GET /servers?per_page=1')).list).toHaveLength(2);
});

test('a query that the sandbox refuses is taken where it was', async () => {
  const { ask } = await shaped({ 'GET /servers?per_page=101': {}, 'GET /backups?status=dnx-none': { rows: 'none' } });
  expect(await ask('GET /servers?per_page=500')).toMatchObject({ status: 200, json: { meta: { per_page: 100 } } });
  expect(await ask('GET /backups?status=dnx-none')).toMatchObject({ status: 200, list: [] });
});

test('errors have the recorded form and status', async () => {
  const { ask, server } = await inWild();
  expect(await ask('GET /user', undefined, { token: null })).toMatchObject({ status: 401, json: { error: 'Unauthenticated.' } });
  expect(await ask(`GET /servers/${server}/sites/1`)).toMatchObject({ status: 404, json: { code: 404, error: 'Not Found' } });
  expect(await ask('GET /none')).toMatchObject({ status: 404, text: expect.stringContaining('<html>') });
  expect(await ask('POST /servers', {})).toMatchObject({ status: 422, json: { errors: { name: ['The name field is required.'] } } });
  const mild = await drive({ shapes: recorded('mild') });
  expect(await mild.ask('POST /servers', {})).toMatchObject({ json: { message: 'The given data was invalid.' } });
  expect(await mild.ask(`GET ${site}/deploy`)).toMatchObject({ status: 405, json: { message: expect.stringContaining('not supported') } });
});

test('a login page, a redirect, and an answer about nothing are those that were recorded', async () => {
  const html: Recorded = { body: 'html', keys: undefined, holds: undefined, headers: { 'content-type': 'text/html' } };
  const { ask } = await shaped({
    'GET /user': html,
    'GET /user without a token': { ...html, status: 302, body: 'none', headers: { 'content-type': 'text/html', location: 'path' } },
    'GET /servers/{none}': { keys: ['data'], holds: undefined, fields: undefined },
  });
  expect(await ask('GET /user')).toMatchObject({ status: 200, text: expect.stringContaining('<html>') });
  const redirect = await ask('GET /user', undefined, { token: null });
  expect([redirect.status, redirect.headers.get('location'), redirect.text]).toEqual([302, '/login', '']);
  expect(await ask('GET /servers/none')).toMatchObject({ status: 200, json: { data: null } });
});

test('an operation that was refused is refused', async () => {
  const refused = { status: 403, keys: ['message'], message: 'ability missing' };
  const { ask } = await shaped({ 'GET /servers/{server}/databases?per_page=100': refused });
  expect(await ask(`GET /servers/${web1}/databases`)).toMatchObject({ status: 403, json: { message: 'Invalid ability provided.' } });
});

test('the rate limit is the recorded one, in the recorded headers', async () => {
  const driver = await drive({ shapes: recorded('wild'), rateLimit: undefined } as object);
  const { headers } = await driver.ask('GET /user');
  expect([headers.get('ratelimit-limit'), headers.get('x-ratelimit-limit')]).toEqual(['120', null]);
  const mild = await drive({ shapes: recorded('mild'), rateLimit: 10 });
  expect((await mild.ask('GET /user')).headers.has('x-ratelimit-limit')).toBe(false);
});
