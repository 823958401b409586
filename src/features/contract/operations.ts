import { type Finding, several } from './finding.ts';
import type { KnownEndpoint } from './known.ts';
import { type Placed, PREFIX, pattern } from './paths.ts';

type Place = Pick<Finding, 'operation' | 'commands'>;

const splitAt = (operation: string): readonly [method: string, path: string] => {
  const at = operation.indexOf(' ');
  return [operation.slice(0, at), operation.slice(at + 1)];
};

/** Operations that only dnx or only the document has. A whole resource is one difference. */
export function operationsApart(document: readonly Placed[], endpoints: readonly KnownEndpoint[]): Finding[] {
  const there = new Set(document.map(({ key }) => key));
  const here = new Set(endpoints.map(({ endpoint }) => pattern(endpoint)));
  const missing = endpoints.filter(({ endpoint }) => !there.has(pattern(endpoint)));
  const added = document.filter(({ key }) => !here.has(key) && !isOtherUpdate(key, there, here));
  if (missing.length === endpoints.length) {
    const operations = missing.map(({ endpoint }) => endpoint);
    return [{ ...stated('/', 'none of the operations of dnx is in the document', []), operations }];
  }
  const methods = methodsOf(document);
  return [
    ...byResource(
      missing.map(({ endpoint, commands }) => ({ operation: endpoint, commands })),
      endpoints.map(({ endpoint }) => endpoint),
      (count) => `not in the document: ${count} operations`,
      ({ operation }) => lacking(operation, methods),
    ),
    ...byResource(
      added.map(({ operation }) => ({ operation, commands: [] })),
      document.map(({ operation }) => operation),
      (count) => `no commands for ${count} operations; use dnx api`,
      () => 'no command; use dnx api',
    ),
  ];
}

/** Laravel serves every update as PUT and as PATCH. */
const isOtherUpdate = (key: string, there: ReadonlySet<string>, here: ReadonlySet<string>): boolean => {
  const put = key.replace(/^PATCH /, 'PUT ');
  return put !== key && there.has(put) && here.has(put);
};

/** The methods of each path in a document. */
function methodsOf(document: readonly Placed[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  for (const { key } of document) {
    const [method, path] = splitAt(key);
    methods.set(path, [...(methods.get(path) ?? []), method]);
  }
  return methods;
}

function lacking(operation: string, methods: ReadonlyMap<string, readonly string[]>): string {
  const [, path] = splitAt(pattern(operation));
  const others = methods.get(path) ?? [];
  return others.length > 0 ? `not in the document, which has ${several(others)}` : 'not in the document';
}

const stated = (operation: string, text: string, commands: readonly string[]): Finding => ({
  basis: 'stated',
  kind: 'operation',
  operation,
  name: null,
  text,
  commands,
});

/** Tells the operations of a resource as one, if all that there are of it are among these. */
function byResource(
  apart: readonly Place[],
  all: readonly string[],
  whole: (count: number) => string,
  single: (place: Place) => string,
): Finding[] {
  const collections = collectionsIn(all);
  const total = countIn(all, collections);
  const found = countIn(
    apart.map(({ operation }) => operation),
    collections,
  );
  const groups = new Map<string, Place[]>();
  const alone: Place[] = [];
  for (const place of apart) {
    const collection = above(place.operation, collections).find(
      (each) => found.get(each) === total.get(each) && (total.get(each) ?? 0) > 1,
    );
    if (collection === undefined) alone.push(place);
    else groups.set(collection, [...(groups.get(collection) ?? []), place]);
  }
  return [
    ...[...groups].map(([, places]) => {
      const operations = places.map(({ operation }) => operation);
      const [, path] = splitAt(operations.reduce((one, other) => (other.length < one.length ? other : one)));
      return { ...stated(path.replace(/\/\{[^/]*\}$/, ''), whole(places.length), commandsOf(places)), operations };
    }),
    ...alone.map((place) => stated(place.operation, single(place), place.commands)),
  ];
}

const commandsOf = (places: readonly Place[]): readonly string[] => [...new Set(places.flatMap(({ commands }) => commands))];

/** The paths with a `/{…}` below them, without the names of parameters. */
export const collectionsIn = (operations: readonly string[]): ReadonlySet<string> =>
  new Set(
    operations.flatMap((each) => {
      const [, path] = splitAt(pattern(each));
      return [...path.matchAll(/\/\{\}/g)].map(({ index }) => path.slice(0, index));
    }),
  );

/** The collections of an operation, the outermost first. */
function above(operation: string, collections: ReadonlySet<string>): readonly string[] {
  const [, path] = splitAt(pattern(operation));
  const ends = [...path.matchAll(/\//g)].map(({ index }) => index).slice(1);
  return [...ends.map((end) => path.slice(0, end)), path].filter((each) => collections.has(each));
}

function countIn(operations: readonly string[], collections: ReadonlySet<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const each of operations)
    for (const collection of above(each, collections)) counts.set(collection, (counts.get(collection) ?? 0) + 1);
  return counts;
}

/** The collection that an operation belongs to: `/servers/{}/daemons`. */
export function collectionOf(operation: string, collections: ReadonlySet<string>): string {
  return above(operation, collections).at(-1) ?? splitAt(pattern(operation))[1];
}

/** The document's path before all others, if it says so and dnx uses another. */
export const otherPrefix = (prefix: string): Finding[] =>
  prefix === '' || prefix === PREFIX
    ? []
    : [
        {
          basis: 'stated',
          kind: 'server',
          operation: '/',
          name: null,
          text: `the paths begin with ${prefix}; dnx uses ${PREFIX}`,
          commands: [],
        },
      ];
