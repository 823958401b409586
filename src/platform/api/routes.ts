import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { getBuiltinModule } from 'node:process';
import { urlToHttpOptions } from 'node:url';
import type { NetworkFault } from '../../machine/world.ts';
import { agentOptions, type Connecting, limit } from './connection.ts';
import type { HttpProxy, ProxyOf } from './proxy.ts';

/** How a request reaches its host. */
export interface Route {
  readonly request: typeof import('node:http').request;
  readonly options: RequestOptions;
  /** Headers for a proxy that passes the request on. */
  readonly headers: Readonly<Record<string, string>>;
  /** The fault if the proxy refused the request instead. */
  readonly refusal: (response: IncomingMessage) => NetworkFault | undefined;
  /** The fault of a request that failed. */
  readonly faultOf: (error: unknown, sent: boolean) => Promise<NetworkFault>;
}

/** The fault of a request without a proxy. What explains it is loaded only then. */
const faultOf: Route['faultOf'] = async (error, sent) => (await import('./unreachable.ts')).faultOf(error, sent);

/** Finds the route of each URL, and keeps the connections. */
export function openRoutes(connecting: Connecting, proxyOf?: ProxyOf) {
  const agents = new Map<string, Agent>();

  /** The agent with this name. Its connections are tunnels if they go `through` a proxy. */
  async function agentFor(
    name: string,
    protocol: string,
    { through, keepAlive = true }: { readonly through?: HttpProxy | undefined; readonly keepAlive?: boolean },
  ): Promise<Pick<Route, 'request'> & { readonly agent: Agent }> {
    // Lazy: https loads tls. `import` would copy every export.
    const { Agent, request } = getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
    const known = agents.get(name);
    if (known) return { request, agent: known };
    const agent = new Agent({ keepAlive, maxSockets: 8, ...agentOptions(connecting) });
    agents.set(name, agent);
    if (through) (await import('./tunnel.ts')).tunnelThrough(agent, through, connecting);
    else limit(agent, connecting);
    return { request, agent };
  }

  return {
    async to(url: URL): Promise<Route> {
      const proxy = proxyOf?.(url);
      const options = urlToHttpOptions(url);
      if (!proxy || url.protocol === 'https:') {
        const { request, agent } = await agentFor(proxy ? `tunnel ${proxy.url.href}` : url.protocol, url.protocol, { through: proxy });
        return { request, options: { ...options, agent }, headers: {}, refusal: () => undefined, faultOf };
      }
      // Some proxies close a connection after each response without saying so, and would lose the next request.
      const { request, agent } = await agentFor(`proxy ${proxy.url.href}`, proxy.url.protocol, { keepAlive: false });
      return {
        request,
        options: { ...options, ...proxy.address, path: `${url.origin}${url.pathname}${url.search}`, agent },
        headers: { host: url.host, ...proxy.headers },
        refusal: ({ statusCode }) => (statusCode === 407 ? proxy.refusal(statusCode) : undefined),
        faultOf: async (error, sent) => (sent ? faultOf(error, sent) : (await import('./unreachable.ts')).proxyFault(error)),
      };
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}
