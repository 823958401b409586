/** The words of a name that tell of a secret: a field, a variable, a parameter. The source of a pattern, without regard to case. */
export const SECRET_WORDS =
  '(?:pass(?!ed|ag|iv)(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|auth(?!or(?!iz))|credentials?|signature|dsn|webhook)';

const SECRET_NAME = new RegExp(
  `${SECRET_WORDS}|(?<!public)_key$|(?<!public|ssh)_keys$|(?:^|_)(?:pin|t?otp|salt|pepper|pw|psw|psk|creds?|bearer|jwt|cvv)(?:_|$)`,
  'i',
);

/** True for the name of a field or a variable that looks like a secret: `APP_KEY`, `clientSecret`. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);

/** The user and password in a URL. A password may contain anything; a number and a slash after a colon are a port. */
export const USERINFO = /(?<=\/\/)(?:[^\s/?#@:]*:(?!\d+(?:\/|$))\S*|[^\s/?#]*)@/g;

/** True for a URL with a user or a password. */
export const hasCredentials = (value: string): boolean => value.search(USERINFO) >= 0;

/** A whole word with one of these. It is looked for once, from where the word starts: a long one would take minutes otherwise. */
const SECRET_WORD = `(?<![\\w-])(?=[\\w-]*?${SECRET_WORDS})[\\w-]+`;

/** What hides a secret. */
export const HIDDEN = '***';

/** What in a text is a secret, and what is left of it: in a command, a URL, a line of a log. */
export const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/(:\/\/)[^\s'"/@]*:[^\s'"]*@/g, `$1${HIDDEN}@`],
  [/(:\/\/)[^\s'"/@:]+@/g, `$1${HIDDEN}@`],
  [/\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}/gi, `$1 ${HIDDEN}`],
  [/\b((?:proxy-)?authorization|(?<!-)x-[\w-]*(?:key|token)|cookie|set-cookie)(["']?\s*[:=]\s*)(?!\*).+/gi, `$1$2${HIDDEN}`],
  [
    new RegExp(`(${SECRET_WORD}["']?\\s*(?:=>|[:=])\\s*)(?!(?:YES|NO)\\b)("(?:[^"\\\\]|\\\\.)*"?|'[^']*'?|[^\\s,;&)}\\]]+)`, 'gi'),
    `$1${HIDDEN}`,
  ],
  [new RegExp(`((?<!\\S)(?=-)${SECRET_WORD}[ =])[^\\s,]\\S*`, 'gi'), `$1${HIDDEN}`],
  [/\b(mysql\w*|mariadb\S*)\b(.*?\s-p)(?![\s,])\S+/g, `$1$2${HIDDEN}`],
  [
    /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|xox[abprs]-|sk_live_|sk_test_|sk-(?:proj|ant)-|rk_live_|whsec_|SG\.|dop_v1_|AIza)[\w.-]{8,}/g,
    HIDDEN,
  ],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, HIDDEN],
  // JSON in Base64: a JWT, or a cookie of Laravel.
  [/\beyJ[\w+/=%-]{12,}(?:\.[\w-]+)*/g, HIDDEN],
  [/\b\d+\|\w{32,}/g, HIDDEN],
  [/\bbase64:[A-Za-z0-9+/=]{16,}/g, `base64:${HIDDEN}`],
  [/\$2[aby]\$\d\d\$[\w./]{20,}/g, HIDDEN],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*/g, HIDDEN],
  [/(\s(?:-u|--user)[ =]?["']?[^\s:]+:)(?=[^\s"'])\S+/g, `$1${HIDDEN}`],
  // A key for a user without a password, as Stripe's.
  [/(\s(?:-u|--user)[ =]?["']?)[^\s:"']+:(?=["'\s]|$)/g, `$1${HIDDEN}:`],
  [/\b((?:sshpass\s+-p|vault login|config(?:ure)? set [\w-]*(?:secret|token|key|password)[\w-]*)\s*)\S+/gi, `$1${HIDDEN}`],
  [/\b(redis-cli\b.{0,200}?\s-a|openssl\b.{0,200}?\s-k|ldap\w+\b.{0,200}?\s-w|docker login\b.{0,200}?\s-p)\s+\S+/g, `$1 ${HIDDEN}`],
  [
    /\b(zip\b.{0,200}?\s-P\s*|7z\w?\b.{0,200}?\s-p|curl\b.{0,200}?\s(?:-b|--cookie)[ =]?|echo\s+(?=\S+\s*\|\s*sudo\s+-S))\S+/g,
    `$1${HIDDEN}`,
  ],
  [/((?:[?&]|(?<!\S)--)(?:key|sig|hmac)[= ])(?=[^\s&#]*\d)[^\s&#]{6,}/gi, `$1${HIDDEN}`],
  [/(hooks\.slack\.com\/services|discord(?:app)?\.com\/api\/webhooks)\/\S+/g, `$1/${HIDDEN}`],
  [/(api\.telegram\.org\/bot)[^/\s]+/g, `$1${HIDDEN}`],
];

/** What nobody types: a UUID, or a long word of letters and digits. */
const RANDOM = /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b|\b(?=(?:[a-z]*\d){3})(?=(?:\d*[a-z]){3})\w{20,}/i;

/** What a shell or Laravel replaces, the names of artisan's commands, such as `auth:clear-resets`, and public keys. */
const HARMLESS_PARTS = /\bAAAA[BCEG][\w+/=]{16,}|\$\{\w+\}|(?<!\d)\$[A-Za-z_]\w*|\$\([^)]*\)|(?<=artisan )[\w-]+:[\w:-]+/g;

/** Longer texts may hold anything, and some patterns take the square of the length. */
const LONGEST = 4_096;

/** True for a command, URL or value in which something looks like a secret. A variable is none: `--password=$DB_PASSWORD`. */
export function holdsSecret(text: string): boolean {
  if (text.length > LONGEST) return true;
  const fixed = text.replaceAll(HARMLESS_PARTS, ',');
  return hasCredentials(fixed) || RANDOM.test(fixed) || SECRET_TEXTS.some(([pattern]) => fixed.search(pattern) >= 0);
}

/** Variables of Laravel that configure it and open nothing. */
const HARMLESS_NAMES = new RegExp(
  `^(?:${[
    'APP_(?:NAME|ENV|DEBUG|URL|TIMEZONE|LOCALE|FALLBACK_LOCALE|FAKER_LOCALE|MAINTENANCE_DRIVER|MAINTENANCE_STORE)',
    'ASSET_URL|BCRYPT_ROUNDS|LOG_(?:CHANNEL|STACK|LEVEL|DEPRECATIONS_CHANNEL)',
    'DB_(?:CONNECTION|HOST|PORT|DATABASE|USERNAME|CHARSET|COLLATION)',
    'SESSION_(?:DRIVER|LIFETIME|ENCRYPT|PATH|DOMAIN|SECURE_COOKIE|SAME_SITE|CONNECTION)',
    '(?:BROADCAST|QUEUE|FILESYSTEM|CACHE|SCOUT|OCTANE)_(?:CONNECTION|DRIVER|DISK|STORE|PREFIX|SERVER|HTTPS)',
    '(?:REDIS|MEMCACHED)_(?:CLIENT|HOST|PORT|DB|CACHE_DB|PREFIX|QUEUE)',
    'MAIL_(?:MAILER|SCHEME|HOST|PORT|ENCRYPTION|FROM_ADDRESS|FROM_NAME)',
    'AWS_(?:DEFAULT_REGION|BUCKET|USE_PATH_STYLE_ENDPOINT|ENDPOINT)|VITE_APP_NAME',
  ].join('|')})$`,
);

/** True for the value of a variable that anybody may read: of a known setting, or a flag, a short number or a plain word of what is no secret. */
export function isHarmless(name: string, value: string): boolean {
  // Only `${NAME}` is replaced in a value.
  if (/^[^\s/@:]+:[^\s@]+@/.test(value) || holdsSecret(value.replaceAll(/\$(?!\{)/g, '_'))) return false;
  return HARMLESS_NAMES.test(name) || (!isSecretName(name) && /^(?:true|false|null|\d{1,6}|[a-z]{1,20})$/.test(value));
}

/** A text with a checksum of it in a last line, which `line` makes: so dnx knows later whether anybody has edited what it wrote. */
export const withChecksum = (text: string, line: (sum: string) => string): string => `${text}\n${line(tokenFingerprint(text, ''))}\n`;

/** True for a text as `withChecksum` made it, in any version of dnx. */
export const isUnedited = (text: string, line: (sum: string) => string): boolean =>
  text === withChecksum(text.replace(/\n.*\n$/, ''), line);

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
