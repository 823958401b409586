import type { Described } from './described.ts';
import type { KnownEndpoint } from './known.ts';

/** What dnx puts before each path. */
export const PREFIX = '/api/v1';

/** A path without the names of its parameters, to compare paths. */
export const pattern = (path: string): string => path.replace(/\{[^{}]*\}/g, '{}').replace(/(?<=.)\/+$/, '');

/** An operation of a document, by the path that the API reference would give it. */
export interface Placed {
  /** `GET /servers/{server}` */
  readonly operation: string;
  /** The same without the names of parameters. */
  readonly key: string;
  readonly described: Described;
}

/** Places the operations of a document, and finds the path that they have in common. */
export function placed(
  operations: readonly Described[],
  endpoints: readonly KnownEndpoint[],
): { readonly all: readonly Placed[]; readonly prefix: string } {
  const prefix = prefixOf(operations, endpoints);
  const all = operations.map((described) => {
    const path = withoutPrefix(described.path, prefix);
    return { operation: `${described.method} ${path}`, key: `${described.method} ${pattern(path)}`, described };
  });
  return { all, prefix };
}

function withoutPrefix(path: string, prefix: string): string {
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : path;
  return (rest.startsWith('/') ? rest : `/${rest}`).replace(/(?<=.)\/+$/, '');
}

/** The prefix without which the most operations are those that dnx knows. */
function prefixOf(operations: readonly Described[], endpoints: readonly KnownEndpoint[]): string {
  const paths = new Set(endpoints.map(({ endpoint }) => pattern(endpoint.slice(endpoint.indexOf('/')))));
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
