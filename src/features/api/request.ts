import { usage } from '../../base/errors.ts';
import { orList } from '../../base/text.ts';
import type { Words } from '../../cli/language/command.ts';
import { seeHelp } from '../../cli/run/line.ts';
import { type Endpoint, type Method, parameters, segment } from '../../platform/api/endpoint.ts';
import type { Targets } from '../../platform/names/names.ts';
import { operationAt } from '../../platform/operations.ts';

/** The HTTP methods of `dnx api`. */
export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

interface RequestWords {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly input?: string | undefined;
}

/** A request of `dnx api`. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
}

const methodIn = (word: string): string | undefined => methods.find((method) => method === word.toUpperCase());

/** The method and path. Without a method it is GET, even with -F: a change must be asked for. */
export function requestOf({ method: first, path, input }: RequestWords): ApiRequest {
  if (first === undefined || (path === undefined && methodIn(first))) throw usage('Missing <path>.', undefined, seeHelp('api'));
  if (path !== undefined) return { method: checked(first, path), path };
  if (input !== undefined)
    throw usage('--input needs a method: without one, dnx sends a GET, which has no body.', 'For example: dnx api POST PATH --input FILE');
  return { method: 'GET', path: first };
}

function checked(first: string, path: string): string {
  const method = methodIn(first);
  if (method !== undefined) return method;
  const other = methodIn(path);
  if (other !== undefined) throw usage('The method comes before the path.', `For example: dnx api ${other} PATH`);
  throw usage(`'${first}' is not an HTTP method.`, `Use ${orList(methods)}.`);
}

/** The operation of a command line; none without a request. */
export function requestedOperations({ method, path, rate, schema }: Words): readonly Endpoint[] {
  if (rate || schema || typeof method !== 'string') return [];
  if (typeof path === 'string') return [operationOf(method, path)];
  return methodIn(method) ? [] : [operationOf('GET', method)];
}

/** A path below `/api/v1` and its query. */
export interface Address {
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
}

/** What URLs drop, read as a slash, or resolve. */
const UNUSABLE = /[\s#\\\p{Cc}]|%2f|(^|\/)\.{1,2}(\/|$)/iu;

/** Parses `servers?page=2`, `/api/v1/servers` or a URL of this host. Refuses another host, because the token is not for it. */
export function addressOf(word: string, host: string): Address {
  const url = URL.canParse(word) && word.includes('://') ? new URL(word) : undefined;
  const whole = url && `${url.origin}${url.pathname}${url.search}`;
  if (whole !== undefined && !whole.startsWith(`${host}/`)) {
    const other = url?.origin === new URL(host).origin ? word : url?.origin;
    throw usage(`${other} is a different host.`, `The token is for ${host}. Use --host for another one.`);
  }
  const [before = '', ...after] = (whole?.slice(host.length) ?? word).split('?');
  const path = plainPath(before);
  if (UNUSABLE.test(path) || path.length < 2) throw usage(`'${word}' is not an API path.`, 'Use one such as /servers/{server}/sites.');
  const search = after.length > 0 ? `?${after.join('?')}` : '';
  const parameters = new URLSearchParams(search);
  return { path, search, query: Object.fromEntries([...parameters.keys()].map((key) => [key, parameters.getAll(key)])) };
}

/** The path that a server takes another spelling for, so that nothing that is known of it is missed: `/api/v1/%73ervers/` -> `/servers`. */
function plainPath(path: string): string {
  const plain = path.replaceAll(/%[2-7][\da-f]/gi, (code) =>
    /[\w.~{}-]/.test(decodeURIComponent(code)) ? decodeURIComponent(code) : code,
  );
  return `/${plain.split('/').filter(Boolean).join('/')}`.replace(/^\/api\/v1(?=\/|$)/, '');
}

/** Replaces `{server}` and `{site}` with ids. */
export async function fillPlaceholders(address: Address, resolve: (path: string) => Promise<Targets>): Promise<Address> {
  const names = parameters(address.path);
  const other = names.find((name) => name !== 'server' && name !== 'site');
  if (other) throw usage(`Cannot fill in {${other}}.`, 'Replace it with an id; only {server} and {site} are filled in.');
  if (names.length === 0) return address;
  const targets = await resolve(address.path);
  return { ...address, path: address.path.replace(/\{(\w+)\}/g, (_, name: string) => segment(targets[name]?.id ?? '')) };
}

/** The operation of a path that contains ids or placeholders, to look up the ability it needs. Laravel serves every update as PUT and as PATCH. */
export function operationOf(method: string, word: string): Endpoint {
  const [before = ''] = word.replace(/^https?:\/\/[^/]*(.*?(?=\/api\/v1(\/|$)))?/, '').split('?');
  const path = plainPath(before);
  const verb = method.toUpperCase().replace('PATCH', 'PUT') as Method;
  return operationAt(verb, path)?.call ?? (`${verb} ${path}` as Endpoint);
}
