import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { isLoopback } from '../../../machine/settings/host.ts';
import type { Env } from '../../../machine/world.ts';

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

const own = { 'http:': ['http_proxy', 'HTTP_PROXY'], 'https:': ['https_proxy', 'HTTPS_PROXY'] } as const;
const any = ['all_proxy', 'ALL_PROXY'] as const;

/** A scheme for which there can be a proxy. */
export type Scheme = keyof typeof own;

/** The variable with the proxy for a scheme. As in curl, the first that is not empty counts. */
export const ownProxyName = (env: Env, scheme: Scheme): string | undefined => own[scheme].find((name) => env[name]);

/** The variable with the proxy for any other scheme. */
export const anyProxyName = (env: Env): string | undefined => any.find((name) => env[name]);
