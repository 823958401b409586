import { DnxError } from '../../base/errors.ts';
import type { HttpResponse, Transport } from '../../machine/world.ts';
import type { ClientOptions, Query, SendOptions } from './api.ts';

/** One request and the head of its answer. */
export type Exchange = (method: string, path: string, options: SendOptions) => Promise<HttpResponse>;

/** Requests over one connection, which is opened with the first of them. */
export function exchanging({ host, token, connect, clock, signal, userAgent, debug }: ClientOptions): Exchange {
  let open: Promise<Transport> | undefined;
  return async (method, path, { query, body, authenticated }) => {
    open ??= connect();
    const transport = await open;
    const started = clock.elapsed();
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': userAgent };
    if (authenticated !== false) headers.authorization = bearer(await token());
    if (method !== 'GET') headers['content-type'] = 'application/json';
    const text = body === undefined ? undefined : JSON.stringify(body);
    debug(`> ${method} ${path}`);
    const response = await transport.request({ method, url: `${host}/api/v1${path}${queryString(query)}`, headers, body: text, signal });
    const remaining = response.headers['x-ratelimit-remaining'];
    const left = remaining ? `, ${remaining} requests left` : '';
    debug(`< ${response.status} ${method} ${path} ${Math.round(clock.elapsed() - started)} ms${left}`);
    return response;
  };
}

/** What cannot stand in a header would otherwise be an error of node, and the token in its words. */
function bearer(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new DnxError('unauthenticated', 'The token holds a space, a newline or another character that no token has.', {
    hint: 'Give the token alone, as it was shown when it was created.',
  });
}

function queryString(query: Query = {}): string {
  const set = Object.entries(query).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, String(value)]]));
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
}
