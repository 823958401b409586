import { usage } from '../../base/errors.ts';

/** The default host. */
export const DEFAULT_HOST = 'https://deploynix.io';
/** The default profile. */
export const DEFAULT_PROFILE = 'default';

/** ` (profile work)`, for sentences; empty for the default profile. */
export const profileNote = (profile: string): string => (profile === DEFAULT_PROFILE ? '' : ` (profile ${profile})`);

/** A DNS name or an IPv4 address, or an IPv6 address in brackets. URLs allow more. */
const NAME = /^(\[[\da-f:.]+\]|[a-z\d_][\w-]*(\.[\w-]+)*\.?)$/;

/** Parses a host into a URL without `/api/v1`. Refuses plain http except to loopback, because it would expose the token. */
export function hostOf(value: string): string {
  const url = tryUrl(value.includes(':/') ? value : `https://${value}`);
  if (!url || !['http:', 'https:'].includes(url.protocol) || !NAME.test(url.hostname))
    throw usage(`'${value}' is not a host.`, 'Use a URL such as https://deploynix.io.');
  if (url.username || url.password) throw usage('A host cannot contain a username or password.');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usage(`Refusing to send the token unencrypted to ${url.origin}.`, `Use https://${url.host}.`);
  }
  if (url.search || url.hash) throw usage(`'${value}' is not a host.`, 'Remove the part after ? or #.');
  const path = url.pathname.replaceAll('@', '%40').replace(/\/+$/, '');
  return `${url.origin}${path.replace(/\/api\/v1$/, '')}`;
}

/** The display name of a host: `deploynix.io`. */
export const hostName = (host: string): string => host.replace(/^https?:\/\//, '');

/** True for a loopback name or address. */
export const isLoopback = (name: string): boolean => name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);

function tryUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}
