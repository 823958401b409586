import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnswerShape, type FieldShape, parseShapes, shapesFile } from '../../src/base/api-shapes.ts';
import { formatOf, formats, knownTexts } from '../../src/base/api-texts.ts';
import { isObject } from '../../src/base/json.ts';
import { isHarmlessWord, type Observed, openRecorder } from '../../src/features/probe/record.ts';
import { volume } from '../support/volume.ts';

const KEY = 'GET /things';
const known = new Set([
  'id',
  'name',
  'plainTextToken',
  'created_at',
  'status',
  'state',
  'type',
  'commit_hash',
  'last_deployed_at',
  'deploy_key',
  'ssh_user',
  'port',
]);

function recorder(observed: Partial<Observed>, endpoint = KEY) {
  const opened = openRecorder(known);
  opened.add(KEY, endpoint, { status: 200, headers: {}, body: undefined, text: undefined, ...observed });
  return opened;
}

const shapeOf = (observed: Partial<Observed>): AnswerShape => recorder(observed).answers()[KEY] as AnswerShape;
const listOf = (...data: unknown[]) => shapeOf({ body: { data } });
const fieldOf = (name: string, ...values: unknown[]): FieldShape | undefined =>
  listOf(...values.map((value) => ({ id: 1, [name]: value }))).fields?.[name];

describe('bodies', () => {
  test.each<[Partial<Observed>, Partial<AnswerShape>]>([
    [{ body: { data: [] } }, { body: 'object', keys: ['data'], holds: 'list', rows: 'none' }],
    [{ body: [{ id: 1 }] }, { body: 'array', holds: 'list', rows: 'one' }],
    [{ body: { data: ['a', 'b'] } }, { holds: 'list', rows: 'some' }],
    [{ body: { data: { id: 1 } } }, { holds: 'one', keys: ['data'] }],
    [{ body: { id: 1, name: 'x' } }, { holds: 'one', keys: [] }],
    [{ body: { data: { APP_KEY: 'x', APP_NAME: 'y' } } }, { holds: 'map', other_fields: 'some' }],
    [{ body: { APP_KEY: 'x' } }, { holds: 'map', other_fields: 'one' }],
    [{ body: { data: {}, tenant: 1 } }, { holds: 'one', other_keys: 'one' }],
    [{ body: { message: 'Deployment started.' } }, { keys: ['message'], message: 'other' }],
    [{}, { body: 'none' }],
    [{ large: true }, { body: 'large' }],
    [{ text: ' <!DOCTYPE html>' }, { body: 'html' }],
    [{ text: 'Bad gateway' }, { body: 'text' }],
    [{ body: 'word' }, { body: 'text' }],
  ])('%j', (observed, expected) => {
    const shape = shapeOf(observed);
    expect(shape).toMatchObject(expected);
    for (const name of ['holds', 'fields', 'other_fields', 'other_keys'] as const)
      if (!(name in expected) && name !== 'fields') expect(shape[name]).toBeUndefined();
  });

  test('an error has no fields', () => {
    expect(shapeOf({ status: 422, body: { message: 'The given data was invalid.', errors: { name: ['x'] }, hint: 'x' } })).toEqual({
      status: 422,
      body: 'object',
      keys: ['errors', 'message'],
      other_keys: 'one',
      headers: {},
      message: 'data invalid',
    });
  });

  test('a read without a response has its reason, and the reads are sorted', () => {
    const opened = recorder({});
    opened.skip('GET /others', 'no id was seen');
    expect(Object.entries(opened.answers())).toEqual([
      ['GET /others', { unread: 'no id was seen' }],
      [KEY, { status: 200, body: 'none', headers: {} }],
    ]);
  });
});

describe('fields', () => {
  test('types, nulls and missing fields are those of the rows together', () => {
    expect(listOf({ id: 1, name: null }, { id: 'x', name: null, created_at: 'y' }, { id: 2n, name: null }).fields).toEqual({
      created_at: { types: ['string'], null: 'never', missing: 'sometimes', formats: ['word'] },
      id: { types: ['integer', 'string'], null: 'never', missing: 'never', formats: ['word'] },
      name: { types: [], null: 'always', missing: 'never' },
    });
    expect(fieldOf('name', 1.5, true, [], {}, null)).toEqual({
      types: ['array', 'boolean', 'number', 'object'],
      null: 'sometimes',
      missing: 'never',
    });
  });

  test('a time may be a number', () => {
    expect(fieldOf('created_at', 1_790_000_000, 1_790_000_000_000, 5)?.formats).toEqual(['unix time', 'unix time in ms']);
  });

  test('a hostile name is not kept', () => {
    const rows = JSON.parse(
      '[{"id":1,"__proto__":{"name":1},"constructor":1,"toString":2,"a.b":1,"":1},{"id":2,"__proto__":1,"constructor":1}]',
    );
    const opened = recorder({ body: { data: rows } });
    expect(opened.answers()).toMatchObject({ [KEY]: { other_fields: 'some' } });
    expect(Object.keys((opened.answers()[KEY] as AnswerShape).fields ?? {})).toEqual(['id']);
  });
});

describe('names and words', () => {
  test.each([
    ['plainTextToken', true],
    ['deployment_status', true],
    ['last_commit_sha', true],
    ['ssh_port', true],
    ['acme_status', false],
    ['Status', false],
    ['APP_NAME', false],
    ['__proto__', false],
    ['constructor', false],
    ['', false],
    ['status_', false],
  ])('%s is harmless as a name: %s', (name, isHarmless) => {
    expect(Object.keys(listOf({ id: 1, [name]: 1 }).fields ?? {}).includes(name)).toBe(isHarmless);
    // Without an id, it may be the name of a variable.
    expect(Object.keys(listOf({ [name]: 1 }).fields ?? {}).includes(name)).toBe(known.has(name));
  });

  test.each([
    ['active', true],
    ['in_progress', true],
    ['in-progress', true],
    ['In progress', true],
    ['In Progress', true],
    ['iN progress', false],
    [' active', false],
    ['active_', false],
    ['ACTIVE', true],
    ['OK', false],
    ['rolled_back_in_progress', true],
    ['new_rolled_back_in_progress', false],
    ['Active', true],
    ['aCtIvE', false],
    ['deploy failed', true],
    ['failed_for_acme', false],
    ['acme', false],
    ['active\n', false],
    ['', false],
  ])('%j is harmless as a word: %s', (word, isHarmless) => {
    expect(isHarmlessWord(word)).toBe(isHarmless);
  });

  test('the other words of a status are counted, and those of other fields are not looked at', () => {
    expect(fieldOf('status', 'active', 'acme', '17|x')).toMatchObject({ words: ['active'], other_words: 'some' });
    expect(fieldOf('state', 'Acme Inc.')).toMatchObject({ other_words: 'one' });
    expect(fieldOf('type', 'application')).not.toHaveProperty('words');
    expect(recorder({ body: { data: [{ id: 1, type: 'application' }] } }, 'GET /backups').answers()[KEY]).toMatchObject({
      fields: { type: { words: ['application'] } },
    });
  });
});

test.each([
  ['01KPXYZQ3V9G8R5T2M7N4B6C1D', 'ulid'],
  ['8f3e9d71-6c2b-4a57-9b8d-e17f65c3a942', 'uuid'],
  ['17', 'integer'],
  ['8.4', 'version'],
  ['203.0.113.7', 'ipv4'],
  ['2001:db8::1', 'ipv6'],
  ['10.0.0.0/8', 'cidr'],
  ['ada@example.com', 'e-mail'],
  ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ada', 'ssh key'],
  ['SHA256:abc+/x', 'fingerprint'],
  ['0123456789abcdef0123456789abcdef01234567', 'commit'],
  ['https://example.com/x', 'url'],
  ['*/5 * * * *', 'cron'],
  ['/public', 'path'],
  ['acme/shop', 'repository'],
  ['shop.example.com', 'host name'],
  ['main', 'word'],
  ['cx-22', 'slug'],
  ['••••1234', 'mask'],
  ['a\nb', 'lines'],
  ['Fix the cart', 'text'],
  ['', 'empty'],
  ['x'.repeat(600), 'long'],
  ['20260318_143200', '00000000_000000'],
  ['2026-12-01T02:00:00Z', '0000-00-00T00:00:00Z'],
  ['2026-12-01T02:00:00.123456Z', '0000-00-00T00:00:00.000000Z'],
  ['2026-12-01T02:00:00-08:00', '0000-00-00T00:00:00+00:00'],
  ['2026-12-01 02:00:00', '0000-00-00 00:00:00'],
  ['2026-12-01', '0000-00-00'],
])('the format of %j is %s', (text, format) => {
  expect(formatOf(text)).toBe(format);
});

test.each(formats)('%s is the format of its example', (format, _, example) => {
  expect(formatOf(example)).toBe(format);
});

/** What a schema says of texts and names: lists of words, or patterns. */
function rulesIn(schema: unknown, at = ''): readonly string[] {
  if (!isObject(schema)) return [];
  const { type, properties, additionalProperties: others, propertyNames: names, items, anyOf = [], enum: words } = schema;
  const isClosed = type !== 'object' || others === false || isObject(names);
  const isBound = type !== 'string' || words !== undefined || typeof schema.pattern === 'string';
  const inside = [
    ...Object.entries(properties ?? {}),
    ...Object.entries({ name: names, value: others || undefined, item: items }),
    ...(anyOf as object[]).map((one) => ['', one]),
  ];
  return [
    ...(isClosed && isBound ? [] : [`${at} is open`]),
    ...(schema.pattern === undefined ? [] : [at]),
    ...inside.flatMap(([name, member]) => rulesIn(member, `${at}.${name}`)),
  ];
}

test('a file of shapes has room for closed lists, names of fields, words of statuses, and nothing else', () => {
  const listed = 'answers.value..fields.value';
  expect(rulesIn(shapesFile)).toEqual([
    '.dnx',
    '.month',
    '.answers.name',
    '.answers.value..fields.name',
    `.${listed}.formats.item`,
    `.${listed}.words.item`,
    '.watched.item.words.item',
  ]);
});

test('a page has the types of its counts, its size and the parameters of its next page', () => {
  const paging = (body: object) => shapeOf({ body: { data: [], ...body } }).paging;
  expect(
    paging({ meta: { total: 3, from: null, per_page: '15', acme: 1 }, links: { next: 'https://x.example/?page=2&tenant=9&per_page=1' } }),
  ).toEqual({ meta: { from: 'null', per_page: 'string', total: 'integer' }, per_page: 15, next: ['other', 'page', 'per_page'] });
  expect(paging({ per_page: 100, next_page_url: '/x?page=2' })).toEqual({ meta: null, per_page: 100, next: ['page'] });
  expect(paging({ meta: { per_page: 7_391 }, links: { next: null } })).toMatchObject({ per_page: null, next: null });
  expect(shapeOf({ body: [] }).paging).toEqual({ meta: null, per_page: null, next: null });
});

test('headers are those of a closed list, by kind', () => {
  const headers = {
    date: 'Tue, 01 Dec 2026 02:00:00 GMT',
    'content-type': 'application/json; charset=utf-8',
    'x-ratelimit-limit': '60',
    'x-ratelimit-remaining': '17',
    'x-ratelimit-reset': '1790000000',
    'retry-after': 'soon',
    etag: 'W/"x"',
    location: 'https://x.example/login',
    server: 'acme',
    'set-cookie': 'acme=1',
    allow: 'POST, get, ACME',
  };
  expect(shapeOf({ status: 405, headers })).toMatchObject({
    headers: {
      'content-type': 'application/json',
      date: 'http-date',
      etag: 'weak',
      'retry-after': 'other',
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': 'integer',
      'x-ratelimit-reset': 'unix time',
    },
    allow: ['GET', 'POST'],
  });
  expect(shapeOf({ headers: { 'x-ratelimit-limit': '7391' } }).headers).toEqual({ 'x-ratelimit-limit': 'integer' });
});

test.each(knownTexts.map(({ name, example, status = 404 }) => [name, status, example] as const))(
  'the text %s is recognized',
  (name, status, message) => {
    expect(shapeOf({ status, body: { message } }).message).toBe(name);
    expect(shapeOf({ status, body: { message: 'Whatever.' } }).message).toBe('other');
  },
);

test('random responses leave nothing of their texts', () => {
  const text = fc.string({ unit: fc.constantFrom('q', 'z', 'j', 'Q', '_', '-', ' ', '.', '/', ':', '@', '|', '%', '\\'), maxLength: 40 });
  const name = fc.oneof(
    text,
    fc.constantFrom('id', 'status', 'name', 'data', 'meta', 'links', 'next', 'message', 'errors', 'per_page', '__proto__'),
  );
  const mixed = text.map((word) => `status_${word}`);
  const body = fc.object({ key: fc.oneof(name, mixed), values: [text, fc.integer(), fc.constant(null)], maxDepth: 3 });
  const rows = fc.array(body, { maxLength: 4 });
  const header = fc.dictionary(
    fc.constantFrom('etag', 'date', 'allow', 'location', 'content-type', 'x-ratelimit-limit', 'retry-after'),
    text,
  );
  const responses = fc.record({
    status: fc.constantFrom(200, 404),
    headers: header,
    body: fc.oneof(
      body,
      rows,
      rows.map((data) => ({ data })),
      body.map((data) => ({ data })),
      fc.constant(undefined),
    ),
    text: fc.option(text, { nil: undefined }),
  });
  fc.assert(
    fc.property(responses, (observed) => {
      const answers = recorder(observed).answers();
      expect(JSON.stringify(answers)).not.toMatch(/[qzj]{2}|[qzj]_|_[qzj]/i);
      const file = { version: 1, dnx: '0.1.0', month: '2026-12', host: 'other', answers, facts: {} };
      expect(parseShapes(JSON.stringify(file), 'shapes.json')).toEqual(file);
    }),
    { numRuns: volume(20_000, 500), seed: 1 },
  );
}, 120_000);
