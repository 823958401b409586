import { usage } from '../../base/errors.ts';

/** The host where nothing names another. */
export const DEFAULT_HOST = 'https://deploynix.io';

/** The origin of the API. A token must not travel in the clear, so plain http is refused except to this machine. */
export function hostOf(value: string): string {
  const url = tryUrl(value.includes('://') ? value : `https://${value}`);
  if (!url || !['http:', 'https:'].includes(url.protocol) || !url.hostname)
    throw usage(`“${value}” is not a host.`, 'Give a URL such as https://deploynix.io.');
  if (url.username || url.password) throw usage('A host must not hold a user name or password.');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usage(`Refusing to send a token in the clear to ${url.origin}.`, `Use https://${url.host}.`);
  }
  return url.origin;
}

/** True for a name of this very machine. */
export const isLoopback = (name: string): boolean => name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);

function tryUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}
