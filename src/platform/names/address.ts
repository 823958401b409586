import { usage } from '../../base/errors.ts';
import { type Endpoint, type Method, parameters, segment } from '../api/endpoint.ts';
import { isId, type Targets } from './names.ts';

/** What follows `/api/v1` in a URL: the path, and the query as it was written. */
export interface Address {
  readonly path: string;
  /** With its question mark; empty where there is none. */
  readonly search: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
}

/** `servers?page=2`, `/api/v1/servers` or a whole URL of this host, as the API knows it. The token goes to no other host. */
export function addressOf(word: string, host: string): Address {
  const url = URL.canParse(word) && word.includes('://') ? new URL(word) : undefined;
  const whole = url && `${url.origin}${url.pathname}${url.search}`;
  if (whole !== undefined && !whole.startsWith(`${host}/`)) {
    const other = url?.origin === new URL(host).origin ? word : url?.origin;
    throw usage(`${other} is not the host of this API.`, `The token is for ${host}; --host chooses another.`);
  }
  const [before = '', ...after] = (whole?.slice(host.length) ?? word).split('?');
  const path = `/${decodeBraces(before).replace(/^\/+/, '')}`.replace(/^\/api\/v1(?=\/|$)/, '');
  if (/\s|#|(^|\/)\.\.(\/|$)/.test(path) || path.length < 2)
    throw usage(`“${word}” is not a path of the API.`, 'Give one such as /servers/{server}/sites.');
  const search = after.length > 0 ? `?${after.join('?')}` : '';
  const parameters = new URLSearchParams(search);
  return { path, search, query: Object.fromEntries([...parameters.keys()].map((key) => [key, parameters.getAll(key)])) };
}

/** A URL writes `{server}` as `%7Bserver%7D`. */
const decodeBraces = (path: string): string => path.replaceAll(/%7b/gi, '{').replaceAll(/%7d/gi, '}');

/** The path with `{server}` and `{site}` as ids. */
export async function fillPlaceholders(address: Address, resolve: (path: string) => Promise<Targets>): Promise<Address> {
  const names = parameters(address.path);
  const other = names.find((name) => name !== 'server' && name !== 'site');
  if (other) throw usage(`{${other}} has to be given in the path itself.`, 'Only {server} and {site} are filled in.');
  if (names.length === 0) return address;
  const targets = await resolve(address.path);
  return { ...address, path: address.path.replace(/\{(\w+)\}/g, (_, name: string) => segment(targets[name]?.id ?? '')) };
}

/** The operation that a word names, whatever ids are in it: what it needs can be told before it is asked. */
export function operationOf(method: string, word: string): Endpoint {
  const [before = ''] = decodeBraces(word)
    .replace(/^https?:\/\/[^/]*(.*?(?=\/api\/v1(\/|$)))?/, '')
    .split('?');
  const path = before.replace(/^\/*/, '/').replace(/^\/api\/v1(?=\/|$)/, '');
  const parts = path.split('/').map((part) => (isId(part) ? '{id}' : part));
  return `${method.toUpperCase() as Method} ${parts.join('/') as `/${string}`}`;
}
