/** The words of a name that tell of a secret: a field, a variable, a parameter. The source of a pattern, without regard to case. */
export const SECRET_WORDS =
  '(?:pass(?!ed|ag|iv)(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|auth(?!or)|credentials?|signature|dsn)';

const SECRET_NAME = new RegExp(`${SECRET_WORDS}|(?<!public)_key$`, 'i');

/** True for the name of a field or a variable that looks like a secret: `APP_KEY`, `clientSecret`. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);

/** The user and password in a URL. A password may contain anything; a number and a slash after a colon are a port. */
export const USERINFO = /(?<=\/\/)(?:[^\s/?#@:]*:(?!\d+(?:\/|$))\S*|[^\s/?#]*)@/g;

/** True for a URL with a user or a password. */
export const hasCredentials = (value: string): boolean => value.search(USERINFO) >= 0;

/**
 * Identifies a token at a host in caches and state files, which must not contain it: a 53-bit checksum (cyrb53) in hexadecimal.
 * Not cryptographic, because a token has far more bits, and loading node:crypto takes 2 ms.
 */
export function tokenFingerprint(token: string, host: string): string {
  const text = `${host}\n${token}`;
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(16).padStart(14, '0');
}
