import { describe, expect, test } from 'vitest';
import { tree } from '../../src/commands/index.ts';
import { endpointsOf } from '../../src/features/schema/endpoints.ts';
import { PAGE_SIZE } from '../../src/platform/api/pages.ts';
import { exchanges } from '../support/recorded.ts';

const known = await endpointsOf(tree);
const sent = await exchanges();

const sentTo = (endpoint: string) => sent.filter(({ route }) => route === endpoint);
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();
const typeOf = (value: unknown) => (Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value);

describe('dnx knows what its commands send over HTTP', () => {
  test('to which endpoints', () => {
    expect(sorted(sent.map(({ route }) => route))).toEqual(sorted(known.map(({ operation }) => operation)));
  });

  test.each(known)('to $operation', ({ operation: endpoint, body: fields, query }) => {
    const body = fields.filter(({ option }) => option);
    const bodies = sentTo(endpoint).map((each) => each.body ?? {});
    expect(sorted(bodies.flatMap(Object.keys))).toEqual(sorted(body.map(({ name }) => name)));
    for (const { name, required, type } of body) {
      const having = bodies.filter((each) => each[name] !== undefined);
      if (required) expect([name, having.length]).toEqual([name, bodies.length]);
      expect([name, sorted(having.map((each) => typeOf(each[name])))]).toEqual([
        name,
        [['id', 'date-time'].includes(type) ? 'string' : type],
      ]);
    }
    const queries = sentTo(endpoint).map((each) => each.query);
    expect(sorted(queries.flatMap(Object.keys))).toEqual(sorted(query.map(({ name }) => name)));
  });

  test('in pages of the largest size', () => {
    expect(Math.max(...sent.map(({ query }) => Number(query.per_page ?? 0)))).toBe(PAGE_SIZE);
  });
});
