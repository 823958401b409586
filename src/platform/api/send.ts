import { DnxError } from '../../base/errors.ts';
import { fromJson, isObject, toJson } from '../../base/json.ts';
import { hostName } from '../../machine/settings/host.ts';
import { type HttpResponse, NetworkFault, type Transport } from '../../machine/world.ts';
import type { ClientOptions, Exchange, Query, Reply, SendOptions } from './api.ts';
import { isReadMethod } from './endpoint.ts';
import { rateLimited, retryAfter } from './limit/limiter.ts';
import { bodyText } from './network/response.ts';

const MOST_RETRIES = 3;
/** The longest first pause; it doubles for each further one, up to 4 s. */
const FIRST_MS = 1_000;
/** A retry starts at most this long after the first failure. */
const TOTAL_MS = 30_000;

type Send = <T>(method: string, path: string, options: SendOptions) => Promise<Reply<T>>;

/** How requests leave: `send` with retries, shown while they last, and `exchange` once, with an unread body. Both keep the rate limit. */
export function openSending(options: ClientOptions): { readonly send: Send; readonly exchange: Exchange } {
  const { gate, host, observer, requests, token } = options;
  const limited = rateLimited(options, exchanging(options));
  return {
    async exchange(method, path, send) {
      refuseChange(options, method, path);
      return limited(method, path, send);
    },
    async send<T>(method: string, path: string, send: SendOptions) {
      refuseChange(options, method, path);
      if (isReadMethod(method) || !gate) return sent<T>(method, path, send);
      return gate.change(
        method,
        path,
        send,
        () => sent<T>(method, path, send),
        (place) => sent('GET', place, {}),
      );
    },
  };

  async function sent<T>(method: string, path: string, send: SendOptions): Promise<Reply<T>> {
    // The user may have to unlock a keychain first, which is no slow request.
    if (send.authenticated !== false) await token();
    const end = requests.begin(host, send.retry === false);
    let status = 0;
    try {
      const reply = await retried<T>(options, limited, method, path, send);
      status = reply.status;
      if (status < 300 && isReadMethod(method)) gate?.read(path, reply.data);
      return reply;
    } finally {
      end();
      // A lost response and a 5xx do not say whether something changed.
      if (!isReadMethod(method) && (status < 400 || status >= 500)) {
        observer?.changed(method, path);
        if (options.changes) options.changes.sent += 1;
      }
    }
  }
}

/** Retries a GET after a network fault or a 5xx, with full jitter; any other request is sent once. */
async function retried<T>(options: ClientOptions, exchange: Exchange, method: string, path: string, send: SendOptions): Promise<Reply<T>> {
  const { clock, signal, host, requests } = options;
  const most = isReadMethod(method) && send.retry !== false && !send.casual ? MOST_RETRIES : 0;
  let since: number | undefined;
  for (let retry = 1; ; retry++) {
    const outcome = await attempt<T>(exchange, method, path, send);
    if (!(outcome instanceof NetworkFault) && outcome.status < 500) return outcome;
    since ??= clock.elapsed();
    const pause = retry <= most && (await isTemporary(outcome)) ? pauseBefore(retry, outcome, options) : Number.POSITIVE_INFINITY;
    if (clock.elapsed() + pause > since + TOTAL_MS) {
      if (outcome instanceof NetworkFault) throw (await import('./network/unreachable.ts')).unreachable(outcome, method, host);
      return outcome;
    }
    const reason = outcome instanceof NetworkFault ? outcome.message : `server error ${outcome.status}`;
    const resume = requests.retrying(`${hostName(host)}: ${reason}`, pause, `${retry} of ${most}`);
    await clock.sleep(pause, signal).finally(resume);
  }
}

/** Sends a request once. A network fault is returned. */
async function attempt<T>(exchange: Exchange, method: string, path: string, send: SendOptions): Promise<Reply<T> | NetworkFault> {
  let response: HttpResponse | undefined;
  try {
    response = await exchange(method, path, send);
    return await readReply<T>(response);
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw response ? (await import('./network/unreachable.ts')).whileSending(error, method) : error;
    // The status is enough to know that a change failed.
    if (!isReadMethod(method) && response && response.status >= 300) return emptyReply(response);
    return error;
  }
}

/** Full jitter, on top of what the server asks for. */
function pauseBefore(retry: number, outcome: Reply | NetworkFault, { random, clock }: ClientOptions): number {
  const asked = outcome instanceof NetworkFault || !outcome.headers['retry-after'] ? 0 : (retryAfter(outcome, clock.now()) ?? 0);
  return asked + random() * FIRST_MS * 2 ** (retry - 1);
}

/** True for a response, which is a 5xx, and for a fault that a retry may avoid. */
const isTemporary = async (outcome: Reply | NetworkFault): Promise<boolean> =>
  !(outcome instanceof NetworkFault) || !(await import('./network/unreachable.ts')).isFinal(outcome);

/** If only reading is allowed, refuses every request but GET. All requests pass here, before they read the token and wait for the rate limit. */
function refuseChange({ readOnly }: Pick<ClientOptions, 'readOnly'>, method: string, path: string): void {
  if (readOnly && !isReadMethod(method)) throw readOnly(`${method} ${path.split('?', 1)[0]}`);
}

function exchanging({ host, base = '/api/v1', token, connect, clock, signal, userAgent, debug }: ClientOptions): Exchange {
  let open: Promise<Transport> | undefined;
  return async (method, path, { query, body, authenticated, file, onSend, mostBytes }) => {
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
    const url = `${host}${base}${path}${queryString(query)}`;
    onSend?.();
    const response = await transport.request({ method, url, headers, body: text, signal, mostBytes }).catch(async (error: unknown) => {
      throw (await import('./network/unreachable.ts')).whileSending(error, method);
    });
    const remaining = response.headers['x-ratelimit-remaining'];
    const left = remaining && /^\d+$/.test(remaining) ? `, ${remaining} requests left` : '';
    const tookMs = Math.round(clock.elapsed() - started);
    debug(`< ${response.status} ${method} ${shown} ${tookMs} ms${left}`);
    const timed = { ...response, tookMs };
    // Error responses are printed, and some quote the token.
    return response.status >= 300 && secret !== undefined ? withoutToken(timed, secret) : timed;
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

function withoutToken(response: HttpResponse, token: string): HttpResponse {
  const secrets = [token, token.slice(token.indexOf('|') + 1)].filter((each) => each.length >= SHORTEST_SECRET);
  const masked = (text: string) => secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text);
  const headers = Object.entries(response.headers).map(([name, value]) => [name, value && masked(value)]);
  const body = async function* () {
    yield Buffer.from(masked(await bodyText(response)));
  };
  return { ...response, headers: Object.fromEntries(headers), body: body() };
}

function queryString(query: Query = {}): string {
  const set = Object.entries(query).flatMap(([key, value]) => [value ?? []].flat().map((each): [string, string] => [key, String(each)]));
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
}

/** A response without its body. */
export const emptyReply = ({ status, headers, tookMs, limited }: Omit<HttpResponse, 'body' | 'file' | 'discard'>): Reply<never> => ({
  status,
  headers,
  tookMs,
  limited,
  body: undefined,
  data: undefined,
  message: undefined,
  text: undefined,
});

/** Parses a body: `{data}`, `{message}`, `{message,data}`, a bare object or array, or nothing. */
export async function readReply<T>(response: HttpResponse): Promise<Reply<T>> {
  const { status } = response;
  // Some servers send a byte order mark.
  const text = (await bodyText(response)).replace(/^\ufeff/, '');
  const nothing = emptyReply(response);
  if (text.trim() === '') return nothing;
  let body: unknown;
  try {
    body = fromJson(text);
  } catch (error) {
    if (!(error instanceof RangeError)) return { ...nothing, text };
    // The status is enough to know why a request failed.
    if (status >= 300) return nothing;
    const cause = new NetworkFault(error.message, { sent: true });
    throw new DnxError('failed', `Could not read the response (${status}): ${error.message}.`, { cause });
  }
  return { ...nothing, body, ...unwrap<T>(body) };
}

function unwrap<T>(body: unknown): { data: T | undefined; message: string | undefined } {
  if (!isObject(body)) return { data: (body ?? undefined) as T | undefined, message: undefined };
  const message = typeof body.message === 'string' ? body.message : undefined;
  if ('data' in body) return { data: (body.data ?? undefined) as T | undefined, message };
  const bare = Object.keys(body).some((key) => key !== 'message');
  return { data: bare ? (body as T) : undefined, message };
}
