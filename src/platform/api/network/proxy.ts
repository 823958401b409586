import type { Agent, ClientRequest } from 'node:http';
import { isIP, isIPv6, type Socket } from 'node:net';
import { getBuiltinModule } from 'node:process';
import { usage } from '../../../base/errors.ts';
import { type Env, NetworkFault } from '../../../machine/world.ts';
import { agentOptions, type Connecting, whenReady } from './connection.ts';
import { DENIED, noConnection, PROXY } from './fault.ts';
import { anyProxyName, ownProxyName, proxyExceptions, proxyUrl, type Scheme, staysHere } from './no-proxy.ts';

/** An HTTP proxy. */
export interface HttpProxy {
  readonly url: URL;
  /** Where to connect to it. */
  readonly address: { readonly protocol: string; readonly hostname: string; readonly port: string | null; readonly servername: string };
  /** Its credentials, if any. */
  readonly headers: Readonly<Record<string, string>>;
  /** The fault if it answered with this status. */
  readonly refusal: (status: number) => NetworkFault;
  /** Makes an agent of `node:https` open its connections through the proxy, with CONNECT. */
  readonly tunnel: (agent: Agent, connecting: Connecting) => void;
}

/** The proxy of a URL; undefined if it is reached directly. */
export type ProxyOf = (url: URL) => HttpProxy | undefined;

/** Reads the proxies of the environment. Errors omit their values, which may contain a password. */
export function proxiesIn(env: Env): ProxyOf {
  const read = (name: string | undefined) => (name === undefined ? undefined : proxyIn(name, env[name] ?? ''));
  const own = { 'http:': read(ownProxyName(env, 'http:')), 'https:': read(ownProxyName(env, 'https:')) };
  const exempt = proxyExceptions(env.no_proxy || env.NO_PROXY || '');
  return (url) => {
    const proxy = exempt(url) ? undefined : (own[url.protocol as Scheme] ?? read(anyProxyName(env)));
    return proxy && staysHere(url, proxy.url) ? undefined : proxy;
  };
}

function proxyIn(name: string, value: string): HttpProxy {
  const hint = 'Set it to a URL such as http://proxy.example.com:3128, or unset it.';
  const text = proxyUrl(value);
  const credentials = URL.canParse(text) ? credentialsIn(new URL(text)) : undefined;
  if (credentials === undefined) throw usage(`${name} is not a valid proxy URL.`, hint);
  const url = new URL(text);
  const { protocol, port } = url;
  if (!['http:', 'https:'].includes(protocol)) throw usage(`${name} is a ${protocol}// proxy; dnx supports http:// and https://.`, hint);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const proxy: HttpProxy = {
    url,
    address: { protocol, hostname, port: port || null, servername: isIP(hostname) ? '' : hostname },
    headers: credentials === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` },
    refusal: (status) => refusal(status, credentials !== ''),
    tunnel: (agent, connecting) => tunnelThrough(proxy, agent, connecting),
  };
  return proxy;
}

/** `user:password`, or nothing. Undefined for a URL with a path, or with a user that cannot be decoded. */
function credentialsIn({ username, password, hostname, pathname, search, hash }: URL): string | undefined {
  if (hostname === '' || !['', '/'].includes(pathname) || search !== '' || hash !== '') return undefined;
  try {
    return username === '' && password === '' ? '' : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    return undefined;
  }
}

function refusal(status: number, known: boolean): NetworkFault {
  const wrong = known ? 'the proxy rejected the username and password' : 'the proxy requires a username and password';
  // tinyproxy returns 401 for a wrong password.
  const denied = status === 407 || status === 401;
  return new NetworkFault(denied ? wrong : `the proxy returned ${status}`, { sent: false, reason: denied ? DENIED : PROXY });
}

/** TLS in the tunnel has the same time limit as the proxy, and an agent that is destroyed ends what is still waiting for the proxy. */
function tunnelThrough(proxy: HttpProxy, agent: Agent, connecting: Connecting): void {
  const { connectMs, after } = connecting;
  const secure = agent.createConnection.bind(agent);
  const destroy = agent.destroy.bind(agent);
  const pending = new Set<ClientRequest>();

  agent.createConnection = (options, callback = () => {}) => {
    const host = isIPv6(options.host ?? '') ? `[${options.host}]` : options.host;
    const authority = `${host}:${options.port ?? 443}`;
    const { Agent, request } = getBuiltinModule(proxy.url.protocol === 'https:' ? 'node:https' : 'node:http');
    const headers = { host: authority, connection: 'keep-alive', ...proxy.headers };
    const asking = request({ ...proxy.address, method: 'CONNECT', path: authority, headers, agent: new Agent(agentOptions(connecting)) });
    let late = () => asking.destroy(noConnection(connectMs)) as unknown;
    const cancel = after(connectMs, () => late());
    const fail = (error: Error) => {
      cancel();
      callback(error, undefined as never);
    };
    pending.add(asking);
    asking.once('close', () => pending.delete(asking));
    asking.on('error', async (error) => fail((await import('./unreachable.ts')).proxyFault(error)));
    asking.once('connect', ({ statusCode = 0 }, socket: Socket) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return fail(proxy.refusal(statusCode));
      }
      const tunnel = secure({ ...options, socket } as typeof options) as Socket;
      late = () => tunnel.destroy(noConnection(connectMs));
      socket.on('error', (error) => tunnel.destroy(error));
      tunnel.once('close', cancel);
      whenReady(tunnel, cancel);
      callback(null, tunnel);
    });
    asking.end();
    return undefined;
  };

  agent.destroy = () => {
    for (const each of pending) each.destroy();
    destroy();
  };
}
