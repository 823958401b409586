import { isIP } from 'node:net';
import { usage } from '../../base/errors.ts';
import { type Env, NetworkFault } from '../../machine/world.ts';
import { DENIED, PROXY } from './fault.ts';
import { exceptions, proxyUrl, staysHere } from './no-proxy.ts';
import { anyProxyName, ownProxyName, type Scheme } from './proxy-names.ts';

/** An HTTP proxy. */
export interface HttpProxy {
  readonly url: URL;
  /** Where to connect to it. */
  readonly address: { readonly protocol: string; readonly hostname: string; readonly port: string | null; readonly servername: string };
  /** Its credentials, if any. */
  readonly headers: Readonly<Record<string, string>>;
  /** The fault if it answered with this status. */
  readonly refusal: (status: number) => NetworkFault;
}

/** The proxy of a URL; undefined if it is reached directly. */
export type ProxyOf = (url: URL) => HttpProxy | undefined;

/** Reads the proxies of the environment. Errors omit their values, which may contain a password. */
export function proxiesIn(env: Env): ProxyOf {
  const read = (name: string | undefined) => (name === undefined ? undefined : proxyIn(name, env[name] ?? ''));
  const own = { 'http:': read(ownProxyName(env, 'http:')), 'https:': read(ownProxyName(env, 'https:')) };
  const exempt = exceptions(env.no_proxy || env.NO_PROXY || '');
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
  const hostname = bare(url.hostname);
  return {
    url,
    address: { protocol, hostname, port: port || null, servername: isIP(hostname) ? '' : hostname },
    headers: credentials === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` },
    refusal: (status) => refusal(status, credentials !== ''),
  };
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

/** A host name without the brackets of an IPv6 address. */
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');
