import type { Described } from './document.ts';

/** What dnx puts before each path. */
export const PREFIX = '/api/v1';

/** A path or operation without the names of its parameters, to compare them. */
export const pattern = (path: string): string => path.replace(/\{[^{}]*\}/g, '{}').replace(/(?<=.)\/+$/, '');

/** The path of an operation, without the names of its parameters. */
export const pathPattern = (operation: string): string => pattern(operation.slice(operation.indexOf(' ') + 1));

/** An operation of a document, by the path that the API reference would give it. */
export interface PlacedOperation {
  /** `GET /servers/{server}` */
  readonly operation: string;
  /** The same without the names of parameters. */
  readonly key: string;
  readonly described: Described;
}

/** Places the operations of a document, and finds the path that they have in common. `known`: the operations of dnx. */
export function placeOperations(
  operations: readonly Described[],
  known: readonly string[],
): { readonly all: readonly PlacedOperation[]; readonly prefix: string } {
  const prefix = prefixOf(operations, known);
  const all = operations.map((described) => {
    const { method, path } = described;
    const rest = path.startsWith(prefix) ? path.slice(prefix.length) : path;
    const operation = `${method} ${rest.startsWith('/') ? rest : `/${rest}`}`.replace(/(?<= .+)\/+$/, '');
    return { operation, key: pattern(operation), described };
  });
  return { all, prefix };
}

/** The prefix without which the most operations are those that dnx knows. */
function prefixOf(operations: readonly Described[], known: readonly string[]): string {
  const paths = new Set(known.map(pathPattern));
  const votes = new Map<string, number>();
  for (const { path } of operations) {
    const place = pattern(path);
    for (let at = 0; at >= 0; at = place.indexOf('/', at + 1)) {
      const prefix = place.slice(0, at);
      if (prefix.includes('{')) break;
      if (paths.has(place.slice(at))) votes.set(prefix, (votes.get(prefix) ?? 0) + 1);
    }
  }
  const [best] = [...votes].sort(([one, votesOfOne], [other, votesOfOther]) => votesOfOther - votesOfOne || one.length - other.length);
  return best?.[0] ?? (operations.some(({ path }) => path.startsWith(`${PREFIX}/`)) ? PREFIX : '');
}

/** The collections among operations, which are the paths with a `/{…}` below them: `/servers/{}/daemons`. */
export const collectionsIn = (operations: readonly string[]): ReadonlySet<string> =>
  new Set(operations.map(pathPattern).flatMap((path) => [...path.matchAll(/\/\{\}/g)].map(({ index }) => path.slice(0, index))));

/** The collections that an operation belongs to, the outermost first. */
export function collectionsOf(operation: string, collections: ReadonlySet<string>): readonly string[] {
  const path = pathPattern(operation);
  const ends = [...path.matchAll(/\//g)].map(({ index }) => index).slice(1);
  return [...ends, path.length].map((end) => path.slice(0, end)).filter((each) => collections.has(each));
}
