import { describe, expect, test } from 'vitest';
import { tree } from '../../src/commands/index.ts';
import { endpointsOf } from '../../src/features/contract/known.ts';
import { exchanges } from '../support/contract/recorded.ts';

const known = await endpointsOf(tree);
const sent = await exchanges();
const sentTo = (endpoint: string) => sent.filter(({ route }) => route === endpoint);
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

const typeOf = (value: unknown) => (Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value);

test('commands send requests only to the endpoints that dnx knows', () => {
  expect(sorted(sent.map(({ route }) => route))).toEqual(sorted(known.map(({ endpoint }) => endpoint)));
});

describe.each(known)('$endpoint', ({ endpoint, body, query }) => {
  test('gets the fields that dnx knows, and no others', () => {
    const bodies = sentTo(endpoint).map((each) => each.body ?? {});
    expect(sorted(bodies.flatMap(Object.keys))).toEqual(sorted(body.map(({ name }) => name)));
    for (const { name, required, type } of body) {
      const having = bodies.filter((each) => each[name] !== undefined);
      if (required) expect([name, having.length]).toEqual([name, bodies.length]);
      expect([name, sorted(having.map((each) => typeOf(each[name])))]).toEqual([name, [type === 'id' ? 'string' : type]]);
    }
  });

  test('gets the query parameters that dnx knows, and no others', () => {
    const queries = sentTo(endpoint).map((each) => each.query);
    expect(sorted(queries.flatMap(Object.keys))).toEqual(sorted(query.map(({ name }) => name)));
    for (const { name, most } of query.filter((each) => each.most !== undefined))
      expect([name, Math.max(...queries.map((each) => Number(each[name] ?? 0)))]).toEqual([name, most]);
  });
});
