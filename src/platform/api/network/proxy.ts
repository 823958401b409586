import type { Agent, ClientRequest } from 'node:http';
import { BlockList, isIP, isIPv4, isIPv6, type Socket } from 'node:net';
import { getBuiltinModule } from 'node:process';
import { usage } from '../../../base/errors.ts';
import { isLoopback } from '../../../machine/settings/host.ts';
import { type Env, NetworkFault } from '../../../machine/world.ts';
import { agentOptions, type Connecting, whenReady } from './connection.ts';
import { DENIED, noConnection, PROXY } from './fault.ts';

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
  const byScheme = { 'http:': read(ownProxyName(env, 'http:')), 'https:': read(ownProxyName(env, 'https:')) };
  const exempt = proxyExceptions(env.no_proxy || env.NO_PROXY || '');
  return (url) => {
    const proxy = exempt(url) ? undefined : (byScheme[url.protocol as Scheme] ?? read(anyProxyName(env)));
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

/**
 * Reads NO_PROXY: names (with or without a leading dot or `*.`, for the name and everything below it), addresses, CIDR ranges, each
 * with an optional port, or `*`.
 */
export function proxyExceptions(value: string): (url: URL) => boolean {
  const entries = value
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  return (url) => entries.some((entry) => covers(entry, url));
}

/** True for a request to this machine, which a proxy on another one must not get: it would get the token, over plain HTTP. */
export const staysHere = ({ hostname }: URL, proxy: URL): boolean => isLoopback(hostname) && !isLoopback(proxy.hostname);

/** Without a scheme, a proxy is http, as in curl. */
export const proxyUrl = (value: string): string => (value.includes('://') ? value : `http://${value}`);

function covers(entry: string, { hostname, port, protocol }: URL): boolean {
  if (entry === '*') return true;
  const [, bracketed, plain = '', wantedPort] = /^(?:\[([^\]]*)\]|([^\s[\]]*?))(?::(\d+))?$/.exec(withBrackets(entry)) ?? [];
  if (wantedPort !== undefined && wantedPort !== (port || (protocol === 'https:' ? '443' : '80'))) return false;
  const host = hostname.replace(/^\[|\]$|\.$/g, '');
  const name = bracketed ?? plain;
  const [base = '', bits] = name.split('/');
  if (isIPv4(base) || isIPv6(base)) return inRange(host, base, bits);
  const domain = name.replace(/^\*?\.|\.$/g, '');
  return domain !== '' && !isIP(host) && (host === domain || host.endsWith(`.${domain}`));
}

/** An IPv6 address or range in brackets, so that its colons do not look like a port. */
const withBrackets = (entry: string): string => (isIPv6(entry.split('/')[0] ?? '') ? `[${entry}]` : entry);

function inRange(host: string, base: string, bits: string | undefined): boolean {
  const family = isIPv4(base) ? 'ipv4' : 'ipv6';
  if (!(family === 'ipv4' ? isIPv4 : isIPv6)(host)) return false;
  const most = family === 'ipv4' ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return false;
  const length = bits === undefined ? most : Number(bits);
  if (length > most) return false;
  const range = new BlockList();
  range.addSubnet(base, length, family);
  return range.check(host, family);
}

const variablesOf = { 'http:': ['http_proxy', 'HTTP_PROXY'], 'https:': ['https_proxy', 'HTTPS_PROXY'] } as const;
const any = ['all_proxy', 'ALL_PROXY'] as const;

/** A scheme for which there can be a proxy. */
export type Scheme = keyof typeof variablesOf;

/** The variable with the proxy for a scheme. As in curl, the first that is not empty counts. */
export const ownProxyName = (env: Env, scheme: Scheme): string | undefined => variablesOf[scheme].find((name) => env[name]);

/** The variable with the proxy for any other scheme. */
export const anyProxyName = (env: Env): string | undefined => any.find((name) => env[name]);
