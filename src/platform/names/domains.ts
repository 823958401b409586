/** Host names compare without case, one trailing dot, and the difference between Unicode and punycode. */
export function sameDomain(one: string, other: string): boolean {
  return one === other || domainKey(one) === domainKey(other);
}

/** The one spelling that all spellings of a host name share: `München.example.` -> `xn--mnchen-3ya.example`. */
export function domainKey(name: string): string {
  const whole = name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
  return isAscii(whole) ? whole.toLowerCase() : (punycodeOf(whole) ?? whole.toLowerCase());
}

/** The domain in a URL that was pasted, such as `https://shop.example.com/cart`, or before a slash at its end. Any other word is unchanged. */
export function withoutUrl(word: string): string {
  if (/^https?:\/\/./i.test(word) && URL.canParse(word)) return new URL(word).hostname;
  return word.replace(/^([^/\s]+\.[^/\s]+)\/+$/, '$1');
}

/** True for a host name alone: no port, path or wildcard, and no letter that could end it in a URL or a command line. */
export function isHost(name: string): boolean {
  const key = domainKey(name);
  return /^[a-z0-9_][a-z0-9._-]*$/.test(key) && URL.canParse(`http://${key}`);
}

const isAscii = (text: string): boolean => !/\P{ASCII}/u.test(text);

/** Undefined for what is not a host name alone. */
function punycodeOf(name: string): string | undefined {
  const url = `http://${name}`;
  if (/[\s/\\?#@:%]/u.test(name) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname;
}
