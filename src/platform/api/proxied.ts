import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool, request as send } from 'undici';
import type { Env, HttpRequest, HttpResponse, Transport } from '../../machine/world.ts';
import { faultOf } from './fault.ts';
import { responseOf } from './response.ts';

/** What the transport is given: the environment names the proxy. */
export interface ProxiedOptions {
  readonly env: Env;
  /** Milliseconds without a byte from the other side until the connection counts as dead. */
  readonly idleMs: number;
}

/** undici through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, upper or lower case. Loaded only when one is set. */
export function proxiedTransport({ env, idleMs }: ProxiedOptions): Transport {
  const proxies = {
    httpProxy: env.http_proxy ?? env.HTTP_PROXY,
    httpsProxy: env.https_proxy ?? env.HTTPS_PROXY,
    noProxy: env.no_proxy ?? env.NO_PROXY,
  };
  const timeouts = { headersTimeout: idleMs, bodyTimeout: idleMs, connectTimeout: idleMs };
  const set = Object.fromEntries(Object.entries(proxies).filter(([, value]) => value));
  const dispatcher =
    Object.keys(set).length > 0 ? new EnvHttpProxyAgent({ ...timeouts, ...set, clientFactory: tunnels }) : new Agent(timeouts);
  return {
    async request({ method, url, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
      signal.throwIfAborted();
      try {
        const answer = await send(url, { method, headers: { ...headers }, body: body ?? null, signal, dispatcher });
        return responseOf(answer.statusCode, answer.headers, answer.body, signal);
      } catch (error) {
        // undici does not tell whether the request left, so the careful answer is that it did, unless connecting failed.
        throw signal.aborted ? signal.reason : faultOf(error, { sent: true, seconds: idleMs / 1000 });
      }
    },
    close: () => dispatcher.destroy(),
  };
}

/** The connections to a proxy. undici (7.30) would ask one that hangs up again at once, and for ever: it must get an error of another kind. */
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
    throw refusal(answer.statusCode === 407 ? 'the proxy wants a user name and password' : `the proxy answered ${answer.statusCode}`);
  };
  return Object.assign(pool, { connect });
}
