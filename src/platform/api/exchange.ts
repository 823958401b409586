import { DnxError } from '../../base/errors.ts';
import { toJson } from '../../base/json.ts';
import type { HttpResponse, Transport } from '../../machine/world.ts';
import type { ClientOptions, Query, SendOptions } from './api.ts';
import { isReadMethod } from './endpoint.ts';
import { textOf } from './response.ts';

/** Sends one request and resolves when the response headers arrive. */
export type Exchange = (method: string, path: string, options: SendOptions) => Promise<HttpResponse>;

/** Sends requests over one transport, which the first request opens. */
export function exchanging({ host, token, connect, clock, signal, userAgent, debug }: ClientOptions): Exchange {
  let open: Promise<Transport> | undefined;
  return async (method, path, { query, body, authenticated, file }) => {
    open ??= connect();
    const transport = await open;
    const started = clock.elapsed();
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': userAgent };
    headers['accept-encoding'] = file ? 'identity' : 'gzip, br';
    const secret = authenticated === false ? undefined : await token();
    if (secret !== undefined) headers.authorization = bearer(secret);
    if (!isReadMethod(method)) headers['content-type'] = 'application/json';
    const text = body === undefined ? undefined : toJson(body);
    // A path typed by the user may contain a query.
    const shown = path.split('?', 1)[0];
    debug(`> ${method} ${shown}`);
    const url = `${host}/api/v1${path}${queryString(query)}`;
    const response = await transport.request({ method, url, headers, body: text, signal }).catch(async (error: unknown) => {
      throw (await import('./unreachable.ts')).whileSending(error, method);
    });
    const remaining = response.headers['x-ratelimit-remaining'];
    const left = remaining && /^\d+$/.test(remaining) ? `, ${remaining} requests left` : '';
    debug(`< ${response.status} ${method} ${shown} ${Math.round(clock.elapsed() - started)} ms${left}`);
    // Error responses are printed, and some quote the token.
    return response.status >= 300 && secret !== undefined ? withoutToken(response, secret) : response;
  };
}

/** Refuses a token that is invalid in a header, because Node's own error would print it. */
function bearer(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new DnxError('unauthenticated', 'The token contains a space, a newline or another invalid character.', {
    hint: 'Use the token exactly as it was shown when it was created.',
  });
}

/** Shorter strings are not masked, because they could be ordinary words. */
const SHORTEST_SECRET = 8;

/** Masks the token, and its part after the `|`, in a response. */
function withoutToken(response: HttpResponse, token: string): HttpResponse {
  const secrets = [token, token.slice(token.indexOf('|') + 1)].filter((each) => each.length >= SHORTEST_SECRET);
  const masked = (text: string) => secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text);
  const headers = Object.entries(response.headers).map(([name, value]) => [name, value && masked(value)]);
  const body = async function* () {
    yield Buffer.from(masked(await textOf(response)));
  };
  return { ...response, headers: Object.fromEntries(headers), body: body() };
}

function queryString(query: Query = {}): string {
  const set = Object.entries(query).flatMap(([key, value]) => [value ?? []].flat().map((each): [string, string] => [key, String(each)]));
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
}
