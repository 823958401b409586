import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import type { LookupFunction } from 'node:net';
import { getBuiltinModule } from 'node:process';
import { urlToHttpOptions } from 'node:url';
import { attempt, usage } from '../../../base/errors.ts';
import { type Env, type HttpRequest, type HttpResponse, NetworkFault, type Timer, type Transport } from '../../../machine/world.ts';
import { agentOptions, type Connecting, connectAhead, defaultTrust, limitConnections, whenReady } from './connection.ts';
import { silence } from './fault.ts';
import type { HttpProxy, ProxyOf } from './proxy.ts';
import { type BodyReading, headTime, type Limits, responseOf } from './response.ts';

const MB = 1_000_000;
/** Just below the longest string in Node. */
const MOST_MB = 500;
const LIMITS: Limits = { connectMs: 10_000, headMs: 30_000, silenceMs: 30_000, bodyMs: 300_000, bodyBytes: 64 * MB };

/** What the network needs. */
export interface NetworkNeeds {
  readonly env: Env;
  readonly after: Timer;
  /** The absolute path of a file with certificates to trust. */
  readonly caFile: string | undefined;
  /** For requests that nobody waits for. */
  readonly background?: boolean | undefined;
  /** The time in ms; without it, no connection is opened before a request. */
  readonly elapsed?: (() => number) | undefined;
  readonly limits?: Partial<Limits>;
}

/** Opens a transport that uses the proxies of the environment, and trusts the certificates in `caFile` too. */
export async function openNetwork({ env, after, caFile, background, elapsed, limits: changed }: NetworkNeeds): Promise<Transport> {
  const limits = { ...LIMITS, bodyBytes: mostBytes(env), ...changed };
  const proxyOf = namesProxy(env) ? (await import('./proxy.ts')).proxiesIn(env) : undefined;
  const trust = caFile === undefined ? undefined : (await import('./tls.ts')).readTrust(caFile, env.NODE_EXTRA_CA_CERTS);
  return httpTransport({ limits, after, proxyOf, trust, elapsed, lookup: background ? backgroundLookup : undefined });
}

/** True if a variable may name a proxy. */
const namesProxy = (env: Env): boolean => Object.keys(env).some((name) => /^(https?|all)_proxy$/i.test(name) && env[name]);

/** DNX_MAX_RESPONSE in bytes: a whole number of MB. */
function mostBytes({ DNX_MAX_RESPONSE: value }: Env): number {
  if (!value) return LIMITS.bodyBytes;
  const most = /^\d{1,3}(?= ?(MB)?$)/i.exec(value)?.[0];
  if (most && Number(most) >= 1 && Number(most) <= MOST_MB) return Number(most) * MB;
  throw usage(`DNX_MAX_RESPONSE is not a valid size: '${value}'.`, `Set it to a size from 1MB to ${MOST_MB}MB, such as 256MB.`);
}

/**
 * Looks up the addresses of a name with a resolver that ends with dnx. The system's lookup runs in a thread, for which `exit` waits: up to
 * 10 s without a network. It reads no hosts file.
 */
const backgroundLookup: LookupFunction = (name, { all }, callback) => {
  const resolver = new (getBuiltinModule('node:dns').Resolver)();
  const found = (family: 4 | 6) => (error: Error | null, addresses: readonly string[]) => {
    const [first] = addresses ?? [];
    if (error || first === undefined) {
      if (family === 4) resolver.resolve6(name, found(6));
      else callback(error ?? new Error('no address'), '');
    } else if (all)
      callback(
        null,
        addresses.map((address) => ({ address, family })),
      );
    else callback(null, first, family);
  };
  resolver.resolve4(name, found(4));
};

/** What the transport needs. */
export interface TransportOptions extends BodyReading, Partial<Pick<Connecting, 'trust' | 'lookup'>> {
  /** The proxy of a URL; without it, all connections are direct. */
  readonly proxyOf?: ProxyOf | undefined;
  /** The time in ms; without it, no connection is opened before a request. */
  readonly elapsed?: (() => number) | undefined;
}

/** A transport on `node:http(s)` with keep-alive, directly or through a proxy. It loads in 6 to 9 ms, undici in 22 to 34. */
export function httpTransport({ proxyOf, trust, lookup, elapsed, ...reading }: TransportOptions): Transport {
  const { limits, after } = reading;
  const routes = openRoutes({ connectMs: limits.connectMs, after, trust, lookup }, proxyOf);
  return {
    async request({ method, url, headers, body, signal, at, mostBytes: bodyBytes = limits.bodyBytes }: HttpRequest): Promise<HttpResponse> {
      const tls = at === undefined ? undefined : await import('./tls.ts');
      const route = routes.to(new URL(url), at);
      signal.throwIfAborted();
      const message = await new Promise<IncomingMessage>((resolve, reject) => {
        let sent = false;
        let cancel = () => {};
        const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
        const outgoing = route.request({ ...route.options, method, headers: { ...headers, ...length, ...route.headers } });
        const abort = () => {
          // Like the option `signal`, but a millisecond faster.
          outgoing.destroy(signal.reason);
          // A destroyed request without a connection fails only when it gets one.
          reject(signal.reason);
        };
        signal.addEventListener('abort', abort);
        outgoing.on('close', () => {
          cancel();
          signal.removeEventListener('abort', abort);
        });
        outgoing.on('socket', (socket) =>
          whenReady(socket, () => {
            sent = true;
            const headMs = headTime(limits, body);
            cancel = after(headMs, () => outgoing.destroy(silence(headMs)));
          }),
        );
        outgoing.on('response', (response) => {
          cancel();
          // Otherwise a reset would look like the end of a body without a length. What follows a complete response does not matter.
          outgoing.on('error', (error) => response.complete || response.destroy(error));
          const refusal = route.refusal(response);
          if (!refusal) return resolve(response);
          response.on('error', () => {}).destroy();
          reject(refusal);
        });
        // A 101, which dnx never requests. Without a listener, Node drops the connection and the request never ends.
        outgoing.on('upgrade', (_, socket) => {
          socket.destroy();
          reject(new NetworkFault('the host switched to another protocol', { sent: true, reason: 'HPE_UPGRADE' }));
        });
        outgoing.on('error', (error) => (signal.aborted ? reject(signal.reason) : route.faultOf(error, sent).then(reject, reject)));
        outgoing.end(body);
      });
      const bounded = { after, limits: { ...limits, bodyBytes } };
      const response = responseOf({ status: message.statusCode ?? 0, headers: message.headers }, message, bounded, signal);
      return tls ? { ...response, certificate: tls.certificateOf(message.socket, new URL(url).hostname) } : response;
    },
    open: async (url) => elapsed && routes.open(new URL(url), elapsed),
    close: async () => routes.close(),
  };
}

interface Route {
  readonly request: typeof import('node:http').request;
  readonly options: RequestOptions;
  /** Headers for a proxy that passes the request on, or for another address. */
  readonly headers: Readonly<Record<string, string>>;
  /** The fault if the proxy refused the request instead. */
  readonly refusal: (response: IncomingMessage) => NetworkFault | undefined;
  readonly faultOf: (error: unknown, sent: boolean) => Promise<NetworkFault>;
}

/** The fault of a request without a proxy. What explains it is loaded only then. */
const faultOf: Route['faultOf'] = async (error, sent) => (await import('./unreachable.ts')).faultOf(error, sent);

function openRoutes(connecting: Connecting, proxyOf: ProxyOf | undefined) {
  const agents = new Map<string, Agent>();
  let takeAhead: ReturnType<typeof connectAhead> | undefined;

  /** What sends requests with this protocol, on the connections of this name: tunnels if they go `through` a proxy. */
  function connected(
    name: string,
    protocol: string,
    { through, keepAlive = true }: { through?: HttpProxy | undefined; keepAlive?: boolean },
  ) {
    // Lazy: https loads tls. `import` would copy every export.
    const { Agent, request } = getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
    let agent = agents.get(name);
    if (!agent) {
      const trust = protocol === 'https:' && !connecting.trust ? defaultTrust() : {};
      agent = new Agent({ keepAlive, maxSockets: 8, ...trust, ...agentOptions(connecting) });
      agents.set(name, agent);
      if (through) through.tunnel(agent, connecting);
      else limitConnections(agent, connecting);
      if (name === 'https:') takeAhead?.(agent);
    }
    return { request, agent };
  }

  return {
    to(url: URL, at: string | undefined): Route {
      // Without a tunnel, a proxy connects to the host of the request.
      const proxy = at !== undefined && url.protocol === 'http:' ? undefined : proxyOf?.(url);
      const options = urlToHttpOptions(url);
      if (!proxy || url.protocol === 'https:') {
        const { request, agent } = connected(proxy ? `tunnel ${proxy.url.href}` : url.protocol, url.protocol, { through: proxy });
        const elsewhere = at === undefined ? {} : { hostname: at, servername: url.hostname, rejectUnauthorized: false };
        const headers: Route['headers'] = at === undefined ? {} : { host: url.host };
        return { request, options: { ...options, ...elsewhere, agent }, headers, refusal: () => undefined, faultOf };
      }
      // Some proxies close a connection after each response without saying so, and would lose the next request.
      const { request, agent } = connected(`proxy ${proxy.url.href}`, proxy.url.protocol, { keepAlive: false });
      return {
        request,
        options: { ...options, ...proxy.address, path: `${url.origin}${url.pathname}${url.search}`, agent },
        headers: { host: url.host, ...proxy.headers },
        refusal: ({ statusCode }) => (statusCode === 407 ? proxy.refusal(statusCode) : undefined),
        faultOf: async (error, sent) => (sent ? faultOf(error, sent) : (await import('./unreachable.ts')).proxyFault(error)),
      };
    },
    /** Only over TLS, whose round trips are worth it, and not through a proxy, which would get its credentials. */
    async open(url: URL, elapsed: () => number) {
      if (url.protocol !== 'https:' || proxyOf?.(url)) return;
      takeAhead = connectAhead(url, {
        ...connecting,
        elapsed,
        // What this loads takes longer than the rest of dnx. A certificate that is wrong fails the request.
        onDeparture: () => void attempt(() => connected(url.protocol, url.protocol, {})),
      });
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}
