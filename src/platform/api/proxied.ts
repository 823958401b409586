import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool, request as send } from 'undici';
import { usage } from '../../base/errors.ts';
import type { Env, HttpRequest, HttpResponse, Transport } from '../../machine/world.ts';
import { faultOf, silence } from './fault.ts';
import { headTime, type Reading, responseOf } from './response.ts';

/** What the transport needs. `env` names the proxy. */
export interface ProxiedOptions extends Reading {
  readonly env: Env;
}

/** A transport on undici, through the proxy in HTTP_PROXY, HTTPS_PROXY and NO_PROXY (upper or lower case). Loaded only if one is set. */
export function proxiedTransport({ env, ...reading }: ProxiedOptions): Transport {
  const { limits, after } = reading;
  const dispatcher = dispatcherFor(env, limits.headMs);
  return {
    async request({ method, url, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
      signal.throwIfAborted();
      let sent = false;
      const onStart = () => {
        sent = true;
      };
      const noted = dispatcher.compose((dispatch) => (options, handler) => dispatch(options, noting(handler, onStart)));
      const stop = new AbortController();
      const abort = () => stop.abort(signal.reason);
      signal.addEventListener('abort', abort);
      const headMs = headTime(limits, body);
      const cancel = after(headMs, () => stop.abort(silence(headMs)));
      try {
        // undici ignores the signal until it is connected, and a proxy may stall that.
        const answer = await Promise.race([
          send(url, { method, headers: { ...headers }, body: body ?? null, signal: stop.signal, dispatcher: noted }),
          aborted(stop.signal),
        ]);
        answer.body.on('close', () => signal.removeEventListener('abort', abort));
        return responseOf({ status: answer.statusCode, headers: answer.headers }, answer.body, reading, signal);
      } catch (error) {
        signal.removeEventListener('abort', abort);
        throw signal.aborted ? signal.reason : faultOf(error, sent);
      } finally {
        cancel();
      }
    },
    async close() {
      // Not awaited: it waits for pending connections.
      dispatcher.destroy().catch(() => {});
    },
  };
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

/** A handler that also calls back when its request is written to a connection. */
const noting = (handler: Dispatcher.DispatchHandler, onStart: () => void): Dispatcher.DispatchHandler => ({
  onRequestStart(...args) {
    onStart();
    handler.onRequestStart?.(...args);
  },
  onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
  onResponseStart: (...args) => handler.onResponseStart?.(...args),
  onResponseData: (...args) => handler.onResponseData?.(...args),
  onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
  onResponseError: (...args) => handler.onResponseError?.(...args),
});

function dispatcherFor(env: Env, headMs: number): Dispatcher {
  // dnx has its own limits for headers and bodies.
  const timeouts = { headersTimeout: 0, bodyTimeout: 0, connectTimeout: headMs };
  const proxies = {
    httpProxy: proxyIn(env, env.http_proxy === undefined ? 'HTTP_PROXY' : 'http_proxy'),
    httpsProxy: proxyIn(env, env.https_proxy === undefined ? 'HTTPS_PROXY' : 'https_proxy'),
    noProxy: env.no_proxy ?? env.NO_PROXY,
  };
  const set = Object.fromEntries(Object.entries(proxies).filter(([, value]) => value));
  const clientFactory = (origin: URL, options: object) => tunnels(origin, { ...options, ...timeouts, headersTimeout: headMs });
  return Object.keys(set).length > 0 ? new EnvHttpProxyAgent({ ...timeouts, ...set, clientFactory }) : new Agent(timeouts);
}

/** The URL of a proxy; without a scheme it is http, as in curl. Errors omit the value, which may contain a password. */
function proxyIn(env: Env, name: string): string | undefined {
  const value = env[name];
  if (!value) return undefined;
  const hint = 'Set it to a URL such as http://proxy.example.com:3128, or unset it.';
  const url = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(url) || !isProxy(new URL(url))) throw usage(`${name} is not a valid proxy URL.`, hint);
  const { protocol } = new URL(url);
  if (!['http:', 'https:'].includes(protocol)) throw usage(`${name} is a ${protocol}// proxy; dnx supports http:// and https://.`, hint);
  return url;
}

/** False for URLs that undici rejects: with a path, or a user that cannot be decoded. */
function isProxy({ username, password, hostname, pathname, search, hash }: URL): boolean {
  try {
    decodeURIComponent(`${username}${password}`);
    return hostname !== '' && ['', '/'].includes(pathname) && search === '' && hash === '';
  } catch {
    return false;
  }
}

/** The connections to a proxy. Replaces UND_ERR_SOCKET, on which undici (7.30) retries forever. */
function tunnels(origin: URL, options: object): Dispatcher {
  const pool = new Pool(origin, options);
  const open: (target: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData> = pool.connect.bind(pool);
  const refusal = (message: string, cause?: unknown) => Object.assign(new Error(message, { cause }), { code: 'EPROXY' });
  const connect = async (target: Dispatcher.ConnectOptions) => {
    const answer = await open(target).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'UND_ERR_SOCKET' ? refusal('the proxy closed the connection', error) : error;
    });
    if (answer.statusCode === 200) return answer;
    answer.socket.destroy();
    throw refusal(answer.statusCode === 407 ? 'the proxy requires a username and password' : `the proxy returned ${answer.statusCode}`);
  };
  return Object.assign(pool, { connect });
}
