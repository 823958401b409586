import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { tree } from '../../src/commands/index.ts';
import { type ContractDifference, differenceText } from '../../src/features/contract/difference.ts';
import { endpointsOf } from '../../src/features/contract/known.ts';
import { sandboxOperations } from '../../src/sandbox/operations.ts';
import { damaged } from '../support/contract/damage.ts';
import { sandboxDocument } from '../support/contract/openapi.ts';
import { type Planted, planted } from '../support/contract/planted.ts';
import { exchanges } from '../support/contract/recorded.ts';
import { always, coinOf, restyled } from '../support/contract/restyle.ts';
import { styles } from '../support/contract/styles.ts';
import { openBed } from '../support/dnx.ts';
import { sampled, seedOf, volume } from '../support/volume.ts';

const known = await endpointsOf(tree);
const sent = await exchanges();
const document = await sandboxDocument();
const bed = await openBed({ rateLimit: 0 });
afterAll(() => bed.close());

async function compared(text: string, line = 'doctor --contract openapi.json --exit-code') {
  writeFileSync(join(bed.directory, 'openapi.json'), text);
  return bed.dnx(line);
}

test('the document that describes the sandbox has no differences', async () => {
  const run = await compared(JSON.stringify(document));
  expect([run.stdout, run.stderr, run.code]).toEqual([
    '',
    `${sandboxOperations.length} operations, 0 differences (0 in assumptions of dnx)\nNo differences.\n`,
    0,
  ]);
});

describe('another style is no difference', () => {
  test.each(sampled(Object.keys(styles), 8, 31))('%s', async (name) => {
    const run = await compared(JSON.stringify(restyled(document, [name], always)));
    expect([run.stdout, run.code]).toEqual(['', 0]);
  });

  test('all at once', async () => {
    const run = await compared(JSON.stringify(restyled(document, Object.keys(styles), always)));
    expect([run.stdout, run.code]).toEqual(['', 0]);
  });

  test('YAML of OpenAPI 3.0', async () => {
    const run = await compared(stringify({ ...document, openapi: '3.0.3' }, { aliasDuplicateObjects: false }));
    expect([run.stdout, run.code]).toEqual(['', 0]);
  });

  test('any of them, in some places', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(Object.keys(styles)), fc.nat(), async (names, seed) => {
        const run = await compared(JSON.stringify(restyled(document, names, coinOf(seed))));
        expect([run.stdout, run.code]).toEqual(['', 0]);
      }),
      { seed: seedOf(31), numRuns: volume(20, 2) },
    );
  });

  test('does not hide a difference either', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(Object.keys(styles)),
        fc.constantFrom(...planted.filter(([name]) => name !== 'another version')),
        fc.nat(),
        async (names, [, each], seed) => {
          const changed = structuredClone(document);
          each.plant(changed);
          const found = await differences(restyled(changed, names, coinOf(seed)));
          expect(isFound(each, found), JSON.stringify(found)).toBe(true);
        },
      ),
      { seed: seedOf(47), numRuns: volume(30, 3) },
    );
  });
});

/** The differences that are found, as JSON. */
async function differences(changed: object): Promise<ContractDifference[]> {
  const run = await compared(JSON.stringify(changed), 'doctor --contract openapi.json --exit-code --json');
  const found = run.json<ContractDifference[]>();
  expect([run.code, found.length > 0, run.calls]).toEqual([found.length > 0 ? 10 : 0, run.code === 10, []]);
  return found;
}

const isFound = ({ finds }: Planted, found: readonly ContractDifference[]): boolean =>
  found.some(
    (each) =>
      each.kind === finds.kind &&
      each.name === finds.name &&
      (each.operation === finds.operation || each.operations.includes(finds.operation)) &&
      finds.says.test(differenceText(each)),
  );

describe('a planted difference is found', () => {
  test.each(sampled(planted, 20, 47))('%s', async (_, each) => {
    const changed = structuredClone(document);
    each.plant(changed);
    const found = await differences(changed);
    expect(isFound(each, found), JSON.stringify(found, null, 1)).toBe(true);
    // A renamed field is a missing one and an added one.
    expect(found.length, JSON.stringify(found, null, 1)).toBeLessThan(3);
  });

  test('among all others', async () => {
    const changed = structuredClone(document);
    const together = planted.filter(([, { alone }]) => !alone);
    for (const [, each] of together) each.plant(changed);
    const found = await differences(changed);
    expect(together.filter(([, each]) => !isFound(each, found)).map(([name]) => name)).toEqual([]);
    expect(found.length).toBeLessThan(1.3 * together.length);
  });
});

test('a damaged document is either read or rejected', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue(), { minLength: 1 }),
      fc.nat(),
      fc.integer({ min: 6, max: 12 }),
      async (values, seed, rarity) => {
        const coin = coinOf(seed);
        const rarely = () => Array.from({ length: rarity }, coin).every(Boolean);
        let next = 0;
        const junk = () => values[next++ % values.length];
        const run = await compared(JSON.stringify(damaged(document, junk, rarely)), 'doctor --contract openapi.json --json');
        expect([0, 2], run.stderr).toContain(run.code);
      },
    ),
    { seed: seedOf(59), numRuns: volume(25, 2) },
  );
});

const sentTo = (endpoint: string) => sent.filter(({ route }) => route === endpoint);
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();
const typeOf = (value: unknown) => (Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value);

describe('dnx knows what its commands send over HTTP', () => {
  test('to which endpoints', () => {
    expect(sorted(sent.map(({ route }) => route))).toEqual(sorted(known.map(({ endpoint }) => endpoint)));
  });

  test.each(known)('to $endpoint', ({ endpoint, body, query }) => {
    const bodies = sentTo(endpoint).map((each) => each.body ?? {});
    expect(sorted(bodies.flatMap(Object.keys))).toEqual(sorted(body.map(({ name }) => name)));
    for (const { name, required, type } of body) {
      const having = bodies.filter((each) => each[name] !== undefined);
      if (required) expect([name, having.length]).toEqual([name, bodies.length]);
      expect([name, sorted(having.map((each) => typeOf(each[name])))]).toEqual([name, [type === 'id' ? 'string' : type]]);
    }
    const queries = sentTo(endpoint).map((each) => each.query);
    expect(sorted(queries.flatMap(Object.keys))).toEqual(sorted(query.map(({ name }) => name)));
    for (const { name, most } of query.filter((each) => each.most !== undefined))
      expect([name, Math.max(...queries.map((each) => Number(each[name] ?? 0)))]).toEqual([name, most]);
  });
});
