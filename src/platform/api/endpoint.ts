import { usage } from '../../base/errors.ts';

/** The methods that the API reference uses. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** An operation as written in the API reference: `GET /servers/{server}`. */
export type Endpoint = `${Method} /${string}`;

/** True for a method that changes nothing. */
export const isReadMethod = (method: string): boolean => method === 'GET';

/** True for an operation that changes nothing. */
export const isRead = (endpoint: string): boolean => isReadMethod(endpoint.split(' ', 1)[0] ?? '');

/** The names of an endpoint's path parameters, as a type. */
export type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

/** The path parameters of an endpoint: `'GET /servers/{server}/sites/{site}'` -> `{ server: string; site: string }`. */
export type Params<E extends string> = { readonly [K in Names<E>]: string };

/** The names of an endpoint's path parameters, in order. */
export const parameters = (endpoint: string): string[] => [...endpoint.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');

/** Percent-encodes an id as a path segment. Refuses `..`, which leads to the parent, and lone surrogates, which cannot be encoded. */
export function segment(id: string): string {
  if (['', '.', '..'].includes(id) || /[\ud800-\udfff]/u.test(id)) throw usage(`'${id}' is not a valid id.`);
  return encodeURIComponent(id);
}

/** The method and path of an endpoint, with its parameters filled in. */
export function fill(endpoint: Endpoint, params: Readonly<Record<string, unknown>>): { method: Method; path: string } {
  const [method, pattern] = endpoint.split(' ') as [Method, string];
  const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (typeof value !== 'string') throw new Error(`${endpoint} needs {${name}}`);
    return segment(value);
  });
  return { method, path };
}
