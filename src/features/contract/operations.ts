import { type ContractFinding, shortList } from './difference.ts';
import type { KnownEndpoint } from './known.ts';
import { collectionsIn, collectionsOf, type PlacedOperation, PREFIX, pathPattern, pattern } from './paths.ts';

/** Operations that only dnx or only the document has, and another path before all of them. A whole resource is one difference. */
export function operationDifferences(
  document: readonly PlacedOperation[],
  prefix: string,
  endpoints: readonly KnownEndpoint[],
): ContractFinding[] {
  const there = new Set(document.map(({ key }) => key));
  const here = new Set(endpoints.map(({ endpoint }) => pattern(endpoint)));
  const missing = endpoints.filter(({ endpoint }) => !there.has(pattern(endpoint)));
  const added = document.filter(({ key }) => !here.has(key) && !isOtherUpdate(key, there, here));
  const other = prefix === '' || prefix === PREFIX ? [] : [stated('/', `the paths begin with ${prefix}; dnx uses ${PREFIX}`)];
  const server = other.map((each): ContractFinding => ({ ...each, kind: 'server' }));
  if (missing.length === endpoints.length) {
    const operations = missing.map(({ endpoint }) => endpoint);
    return [...server, { ...stated('/', 'none of the operations of dnx is in the document'), operations }];
  }
  const methods = methodsOf(document);
  return [
    ...server,
    ...byResource(
      missing.map(({ endpoint, commands }) => stated(endpoint, lacking(endpoint, methods), commands)),
      endpoints.map(({ endpoint }) => endpoint),
      (count) => `not in the document: ${count} operations`,
    ),
    ...byResource(
      added.map(({ operation }) => stated(operation, 'no command; use dnx api')),
      document.map(({ operation }) => operation),
      (count) => `no commands for ${count} operations; use dnx api`,
    ),
  ];
}

const stated = (operation: string, difference: string, commands: readonly string[] = []): ContractFinding => ({
  basis: 'stated',
  kind: 'operation',
  operation,
  name: null,
  difference,
  commands,
});

/** Laravel serves every update as PUT and as PATCH. */
function isOtherUpdate(key: string, there: ReadonlySet<string>, here: ReadonlySet<string>): boolean {
  const put = key.replace(/^PATCH /, 'PUT ');
  return put !== key && there.has(put) && here.has(put);
}

/** The methods of each path in a document. */
function methodsOf(document: readonly PlacedOperation[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  for (const { key, described } of document) {
    const path = pathPattern(key);
    const others = methods.get(path);
    if (others) others.push(described.method);
    else methods.set(path, [described.method]);
  }
  return methods;
}

function lacking(operation: string, methods: ReadonlyMap<string, readonly string[]>): string {
  const others = methods.get(pathPattern(operation));
  return others ? `not in the document, which has ${shortList(others)}` : 'not in the document';
}

/** Tells the operations of a resource as one, if all that there are of it are among these. */
function byResource(apart: readonly ContractFinding[], all: readonly string[], whole: (count: number) => string): ContractFinding[] {
  const collections = collectionsIn(all);
  const counts = (operations: readonly string[]) => {
    const found = new Map<string, number>();
    for (const each of operations.flatMap((operation) => collectionsOf(operation, collections)))
      found.set(each, (found.get(each) ?? 0) + 1);
    return found;
  };
  const total = counts(all);
  const found = counts(apart.map(({ operation }) => operation));
  const resources = new Map<string, ContractFinding[]>();
  const alone: ContractFinding[] = [];
  for (const each of apart) {
    const above = collectionsOf(each.operation, collections);
    const complete = above.find((collection) => found.get(collection) === total.get(collection) && (total.get(collection) ?? 0) > 1);
    if (complete === undefined) alone.push(each);
    else resources.set(complete, [...(resources.get(complete) ?? []), each]);
  }
  return [
    ...[...resources.values()].map((same) => {
      const operations = same.map(({ operation }) => operation);
      const shortest = operations.reduce((one, other) => (other.length < one.length ? other : one));
      const path = shortest.slice(shortest.indexOf(' ') + 1).replace(/\/\{[^/]*\}$/, '');
      return { ...stated(path, whole(same.length), [...new Set(same.flatMap(({ commands }) => commands))]), operations };
    }),
    ...alone,
  ];
}
