import { DnxError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { type Clock, type HttpResponse, NetworkFault, type Transport } from '../../machine/world.ts';
import { type Endpoint, fill } from './endpoint.ts';
import { failureOf } from './failure.ts';
import { type Reply, readReply } from './reply.ts';
import { drain } from './response.ts';

/** Query parameters; one that is undefined is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** What a request carries beside the parameters of its path. */
export interface SendOptions {
  readonly query?: Query | undefined;
  readonly body?: unknown;
  /** False: the caller has a loop of its own and wants to see each failure. Only a GET is ever retried after a fault or a 5xx. */
  readonly retry?: boolean;
  /** False for `POST /login`, the one call made without a token; a 429 on it is reported, not waited for. */
  readonly authenticated?: boolean;
}

/** The API as commands see it. Failures are DnxErrors. */
export interface Api {
  /** One request; a reply of any permitted shape. */
  send<T>(endpoint: Endpoint, params?: object, options?: SendOptions): Promise<Reply<T>>;
  /** Every page of a list, in order. */
  list<T>(endpoint: Endpoint, params?: object, options?: { readonly query?: Query; readonly retry?: boolean }): Promise<T[]>;
  /** The same API with another token, to check one before it is kept; and at another host, which gets that token alone. */
  as(token: string, host?: string): Api;
  /** One request to any path; its answer, whatever its status. */
  ask(method: string, path: string, options?: SendOptions): Promise<Reply>;
  /** The answer before its body is read, for downloads. Any status; sent once. */
  raw(method: string, path: string): Promise<HttpResponse>;
}

/** What the client is given. */
export interface ClientOptions {
  /** `https://deploynix.io`, without a path. */
  readonly host: string;
  readonly token: () => Promise<string>;
  readonly connect: () => Promise<Transport>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly userAgent: string;
  /** A line about an exchange: never a token, a body or a query. */
  readonly debug: (line: string) => void;
  /** Says why nothing happens for a while. */
  readonly notice: (line: string) => void;
  /** Milliseconds that one request may wait in all for the rate limit. */
  readonly patienceMs: number;
}

const PAGE_SIZE = 100;
const RETRIES_MS = [500, 1_000, 2_000];

/** The API over one transport: token, retries, paging, and the limit of about 60 requests a minute. */
export function createApi(options: ClientOptions): Api {
  const { clock, signal, debug } = options;
  let open: Promise<Transport> | undefined;
  let pausedUntil = 0;

  async function exchange(method: string, path: string, send: SendOptions): Promise<HttpResponse> {
    open ??= options.connect();
    const transport = await open;
    const started = clock.elapsed();
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': options.userAgent };
    if (send.authenticated !== false) headers.authorization = bearer(await options.token());
    const body = send.body === undefined ? undefined : JSON.stringify(send.body);
    if (method !== 'GET') headers['content-type'] = 'application/json';
    const url = `${options.host}/api/v1${path}${queryString(send.query)}`;
    debug(`> ${method} ${path}`);
    const response = await transport.request({ method, url, headers, body, signal });
    const remaining = response.headers['x-ratelimit-remaining'];
    debug(
      `< ${response.status} ${method} ${path} ${Math.round(clock.elapsed() - started)} ms${remaining ? `, ${remaining} requests left` : ''}`,
    );
    return response;
  }

  /** Waits for the limit's window together with every other request under way, then tries again. A 429 was not performed. */
  async function limited(method: string, path: string, send: SendOptions): Promise<HttpResponse> {
    let waited = 0;
    for (let attempt = 0; ; attempt++) {
      const pause = pausedUntil - clock.elapsed();
      if (pause > 0) {
        waited += pause;
        await clock.sleep(pause, signal);
        continue;
      }
      const response = await exchange(method, path, send);
      if (response.status !== 429 || send.authenticated === false) return response;
      const wait = retryAfter(response, clock.now()) ?? Math.min(60_000, 2_000 * 2 ** attempt);
      if (waited + wait > options.patienceMs) return response;
      await drain(response);
      if (pausedUntil <= clock.elapsed()) options.notice(`Deploynix allows no more requests now; going on in ${Math.ceil(wait / 1000)} s.`);
      pausedUntil = Math.max(pausedUntil, clock.elapsed() + wait);
    }
  }

  /** GET again after a fault or a 5xx; anything that changes something is sent once. */
  async function persistent<T>(method: string, path: string, send: SendOptions): Promise<Reply<T>> {
    const delays = method === 'GET' && send.retry !== false ? RETRIES_MS : [];
    for (let attempt = 0; ; attempt++) {
      const delay = delays[attempt];
      try {
        const reply = await readReply<T>(await limited(method, path, send));
        if (reply.status < 500 || delay === undefined) return reply;
      } catch (error) {
        if (!(error instanceof NetworkFault)) throw error;
        if (delay === undefined) throw unreachable(error, method, options.host);
      }
      await clock.sleep(delay ?? 0, signal);
    }
  }

  const send = async <T>(endpoint: Endpoint, params: object = {}, sendOptions: SendOptions = {}): Promise<Reply<T>> => {
    const { method, path } = fill(endpoint, params as Record<string, unknown>);
    const reply = await persistent<T>(method, path, sendOptions);
    if (reply.status >= 300) throw failureOf(reply, endpoint);
    if (reply.text !== undefined) throw notJson(endpoint);
    return reply;
  };

  return {
    send,
    ask: (method, path, askOptions = {}) => persistent(method, path, askOptions),
    as: (token, host = options.host) => createApi({ ...options, host, token: async () => token }),
    async list<T>(endpoint: Endpoint, params: object = {}, { query, retry }: { query?: Query; retry?: boolean } = {}): Promise<T[]> {
      const items: T[] = [];
      // Pages are counted: Laravel's `links.next` drops per_page and the filters.
      for (let page = 1, last = 1; page <= last; page++) {
        const reply = await send<T[]>(endpoint, params, {
          query: { ...query, page, per_page: PAGE_SIZE },
          ...(retry === undefined ? {} : { retry }),
        });
        if (Array.isArray(reply.data)) {
          for (const each of reply.data) if (each !== null) items.push(each);
        } else if (isObject(reply.data)) throw new DnxError('failed', 'Deploynix answered one thing where a list was asked for.');
        // An empty page is the end, whatever the number of pages that is claimed.
        last = Array.isArray(reply.data) && reply.data.length > 0 ? lastPage(reply.body) : page;
      }
      return items;
    },
    async raw(method, path) {
      try {
        return await limited(method, path, {});
      } catch (error) {
        throw error instanceof NetworkFault ? unreachable(error, method, options.host) : error;
      }
    },
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

function lastPage(body: unknown): number {
  const meta = isObject(body) && isObject(body.meta) ? body.meta : {};
  const last = Number(meta.last_page ?? 1);
  return Number.isSafeInteger(last) ? last : 1;
}

/** `Retry-After` in ms: seconds, or a date. */
function retryAfter(response: HttpResponse, now: number): number | undefined {
  const value = response.headers['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(ms, 1_000) : undefined;
}

function unreachable(fault: NetworkFault, method: string, host: string): DnxError {
  const lost = fault.sent && method !== 'GET';
  const message = lost
    ? `The request was sent to ${host}, but ${fault.message}: it may have been performed.`
    : `Cannot reach ${host}: ${fault.message}.`;
  const hint = lost ? 'Look at the current state before you try again.' : 'Look at the network, the proxy and DNX_HOST.';
  return new DnxError('network', message, { hint, cause: fault });
}

const notJson = (endpoint: string): DnxError =>
  new DnxError('failed', `The answer to ${endpoint} is not JSON.`, {
    hint: 'Is DNX_HOST the address of the API, and is no proxy in between?',
  });
