import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseShapes, type Shapes } from '../../src/base/api-shapes.ts';

const key = 'GET /user';
const field = { types: ['string'], null: 'never', missing: 'never' };
const answer = { status: 200, body: 'object', keys: ['data'], holds: 'one', fields: { name: field }, headers: {} };
const shapes = {
  version: 1,
  dnx: '1.0.0',
  month: '2026-12',
  host: 'other',
  answers: { [key]: answer, 'GET /servers': { unread: 'not sent' } },
  facts: {},
};
const watched: Shapes['watched'] = [
  {
    words: ['up', 'building', 'up'],
    busy_after_s: 5,
    settled_after_s: null,
    moves: { last_deployed_at: 'end', updated_at: 'start', release: 'middle', live: 'never' },
    releases: 'one',
    webhooks: 'none',
    ended: 'good',
  },
];

const readAs = (value: unknown): unknown => parseShapes(typeof value === 'string' ? value : JSON.stringify(value), 'shapes.json');
const withAnswer = (changes: object): object => ({ ...shapes, answers: { [key]: { ...answer, ...changes } } });
const withField = (changes: object, name = 'name'): object => withAnswer({ fields: { [name]: { ...field, ...changes } } });

test('reads the files of this repository, and what is optional', () => {
  for (const name of ['mild', 'wild']) expect(() => readAs(readFileSync(`test/shapes/${name}.json`, 'utf8'))).not.toThrow();
  expect(readAs(`\ufeff${JSON.stringify({ ...shapes, watched })}`)).toEqual({ ...shapes, watched });
});

const place = (at: string): string => `shapes.json does not contain shapes at '${at}'.`;

test.each([
  ['no JSON', '{', 'shapes.json is not valid JSON.'],
  ['a list', [], 'shapes.json does not contain shapes.'],
  ['another version', { ...shapes, version: 2 }, 'shapes.json is from another version of dnx.'],
  ['a file that is too long', `"${'x'.repeat(1_000_000)}"`, 'shapes.json is too long for a file of shapes.'],
  ['nesting', `${'['.repeat(600)}${']'.repeat(600)}`, 'shapes.json is not valid JSON.'],
  ['an empty object', {}, place('version')],
  ['another member', { ...shapes, script: 'x' }, place('script')],
  ['another fact', { ...shapes, facts: { 'the moon is full': true } }, place('facts.the moon is full')],
  ['a fact that is none', { ...shapes, facts: { 'one release is live': 'yes' } }, place('facts.one release is live')],
  ['another host', { ...shapes, host: 'api.example.com' }, place('host')],
  ['another reason', { ...shapes, answers: { [key]: { unread: 'a value' } } }, place(`answers.${key}.unread`)],
  ['a status that is none', withAnswer({ status: 42 }), place(`answers.${key}.status`)],
  ['a body that is none', withAnswer({ body: '<script>' }), place(`answers.${key}.body`)],
  ['a value', withField({ value: 'secret' }), place(`answers.${key}.fields.name.value`)],
  ['a type that is none', withField({ types: ['function'] }), place(`answers.${key}.fields.name.types[0]`)],
  ['a word that is not printable', withField({ words: ['a\u001b[31m'] }), place(`answers.${key}.fields.name.words[0]`)],
  ['a name that is not printable', withField({}, 'a\u001b[31m'), place(`answers.${key}.fields, name 1`)],
  ['a prototype', JSON.stringify(withField({}, 'PROTO')).replace('PROTO', '__proto__'), place(`answers.${key}.fields, name 1`)],
  ['a constructor', withField({}, 'constructor'), place(`answers.${key}.fields, name 1`)],
  [
    'too many names',
    withAnswer({ fields: Object.fromEntries(Array.from({ length: 301 }, (_, at) => [`a${at}`, field])) }),
    place(`answers.${key}.fields`),
  ],
  ['a page size beyond reason', withAnswer({ paging: { meta: null, per_page: 1e9, next: null } }), place(`answers.${key}.paging.per_page`)],
  ['a time that is none', { ...shapes, watched: [{ ...watched[0], busy_after_s: -1 }] }, place('watched[0].busy_after_s')],
])('refuses %s', (_, value, message) => {
  expect(() => readAs(value)).toThrow(message);
});
