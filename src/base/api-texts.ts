import { isMask } from './text.ts';
import { timeOf } from './time.ts';

// What is recorded of a text is the name of its kind, which is one of a closed list.

/** What a text may be. The first that matches counts; without a pattern, the text is the name. */
type Kinds = readonly (readonly [name: string, pattern?: RegExp, ...rest: unknown[]])[];

const kindOf = (text: string, kinds: Kinds): string =>
  kinds.find(([name, pattern]) => pattern?.test(text) ?? text === name)?.[0] ?? 'other';

/** A text of an error that dnx recognizes. */
interface KnownText {
  readonly name: string;
  readonly pattern: RegExp;
  /** The only status with which it is recognized. */
  readonly status?: number;
  /** What the pattern matches. */
  readonly example: string;
}

export const knownTexts: readonly KnownText[] = [
  { name: 'unauthenticated', pattern: /^Unauthenticated\.?$/i, example: 'Unauthenticated.' },
  { name: 'record not found', pattern: /^No query results for model\b/, example: 'No query results for model [App\\Models\\Record].' },
  { name: 'route not found', pattern: /^The route .+ could not be found\.$/s, example: 'The route api/v1/none could not be found.' },
  { name: 'not found', pattern: /^(?:(?:resource|record) )?not found\.?$/i, example: 'Not Found' },
  {
    name: 'method not supported',
    pattern: /^The \w+ method is not supported for (?:this )?route\b/,
    example: 'The GET method is not supported for route api/v1/none. Supported methods: POST.',
  },
  { name: 'ability missing', pattern: /^Invalid abilit(?:y|ies) provided\.?$/, example: 'Invalid ability provided.' },
  { name: 'action unauthorized', pattern: /^This action is unauthorized\.?$/, example: 'This action is unauthorized.' },
  { name: 'forbidden', pattern: /^(?:forbidden|access denied)\.?$/i, example: 'Forbidden' },
  { name: 'data invalid', pattern: /^The given data was invalid\.?$/, example: 'The given data was invalid.' },
  { name: 'selection invalid', pattern: /^The selected .+ is invalid\./s, example: 'The selected status is invalid.' },
  { name: 'field invalid', pattern: /^The .+ (?:field|must|may not|has already)\b/s, example: 'The status field is required.' },
  { name: 'too many requests', pattern: /^Too many (?:attempts|requests)\.?$/i, example: 'Too Many Attempts.' },
  { name: 'server error', pattern: /^(?:internal )?server error\.?$/i, example: 'Server Error' },
  { status: 403, name: 'about the plan', pattern: /plan|upgrade|api_access/i, example: 'Upgrade your plan to use the API.' },
  { status: 403, name: 'about a role', pattern: /unauthorized/i, example: 'You are unauthorized.' },
  { status: 403, name: 'about an ability', pattern: /abilit|scope/i, example: 'The token lacks an ability.' },
];

/** Which known text the message of an error is; `other` for any other. */
export const messageKind = (message: string, status: number): string =>
  knownTexts.find((text) => text.pattern.test(message) && (text.status ?? status) === status)?.name ?? 'other';

const PART = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = `${PART}(?:\\.${PART}){3}`;
const IPV6 = '(?=[\\da-f:]*:[\\da-f:]*:)[\\da-f:]{2,39}';

/** The formats of texts that are neither a time nor a mask, each with an example. */
export const formats: readonly (readonly [name: string, pattern: RegExp, example: string])[] = [
  // The other patterns would take their time for such a text.
  ['long', /^[\s\S]{513}/, 'long '.repeat(103)],
  ['empty', /^$/, ''],
  ['ulid', /^[0-7][\dA-HJKMNP-TV-Z]{25}$/i, '01JQ8Z4T9G0000000000000000'],
  ['uuid', /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i, '00000000-0000-4000-8000-000000000000'],
  ['integer', /^-?\d+$/, '1'],
  ['version', /^\d{1,2}\.\d{1,2}(?:\.\d{1,3})?$/, '8.3'],
  ['ipv4', new RegExp(`^${IPV4}$`), '203.0.113.1'],
  ['ipv6', new RegExp(`^${IPV6}$`, 'i'), '2001:db8::1'],
  ['cidr', new RegExp(`^(?:${IPV4}|${IPV6})/\\d{1,3}$`, 'i'), '203.0.113.0/24'],
  ['e-mail', /^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'somebody@example.com'],
  ['ssh key', /^(?:ssh-|ecdsa-|sk-)[\w@.-]+ [\w+/=]+/, 'ssh-ed25519 AAAA'],
  ['pem', /^-----BEGIN [A-Z ]+-----/, '-----BEGIN CERTIFICATE-----'],
  ['jwt', /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/, 'eyJh.e30.'],
  ['fingerprint', /^(?:SHA256:[\w+/=]+|(?:MD5:)?[\da-f]{2}(?::[\da-f]{2}){15,31})$/i, 'SHA256:AAAA'],
  ['commit', /^[\da-f]{40}$|^[\da-f]{64}$/, '0123456789abcdef0123456789abcdef01234567'],
  ['url', /^[a-z][a-z\d+.-]*:\/\/\S+$/i, 'https://example.com/'],
  ['cron', /^[\d*/,-]+(?: [\d*/,A-Za-z-]+){4}$/, '* * * * *'],
  ['path', /^[/~]\S*$/, '/'],
  ['repository', /^[\w.-]+\/[\w.-]+$/, 'example/shop'],
  ['host name', /^(?:\*\.)?[a-z\d-]+(?:\.[a-z\d-]+)+$/i, 'example.com'],
  ['word', /^[a-z]+$/, 'word'],
  ['00000000_000000', /^\d{8}_\d{6}$/, '20260101_000000'],
  ['slug', /^[a-z\d]+(?:[_.:-][a-z\d]+)*$/, 'word-1'],
  ['lines', /[\n\r]/, 'one\ntwo'],
  ['text', /^/, 'A text'],
];

/** A time with zeros for its digits. The sign of an offset would tell where somebody is. */
export const TIME_PATTERN = '0000-00-00(?:[T ]00:00(?::00(?:\\.0{1,9})?)?(?: ?(?:Z|UTC|\\+00:?00))?)?';

/** The name of the format of a text, or the pattern of its digits if it is a time. */
export const formatOf = (text: string): string => timePattern(text) ?? (isMask(text) ? 'mask' : kindOf(text, formats));

/** `2026-12-01 02:00:00` -> `0000-00-00 00:00:00`. */
function timePattern(text: string): string | undefined {
  if (/^\d+(\.\d+)?$/.test(text) || timeOf(text) === undefined || text !== text.trim()) return undefined;
  return text
    .replace(/(?<=:\d.*)[+-](?=\d)/, '+')
    .replaceAll(/\d/g, '0')
    .toUpperCase();
}

const unixTimes = [
  ['unix time', /^\d{9,11}(\.\d+)?$/],
  ['unix time in ms', /^\d{12,13}(\.\d+)?$/],
] as const satisfies Kinds;

/** The format of a number that is a time; undefined if it cannot be one. */
export const formatOfTime = (value: number): string | undefined =>
  timeOf(value) === undefined ? undefined : kindOf(String(value), unixTimes);

/** Every format. */
export const FORMATS: readonly string[] = ['mask', ...[...formats, ...unixTimes].map(([name]) => name)];

/** The sizes of pages and limits that many have. Any other could be that of one account. */
export const usualSizes: readonly number[] = [
  1, 5, 10, 12, 15, 20, 24, 25, 30, 36, 40, 45, 48, 50, 60, 75, 80, 90, 100, 101, 120, 150, 180, 200, 240, 250, 300, 360, 400, 500, 600,
  1000,
];

const date: Kinds = [['http-date', /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/]];
const count: Kinds = [...unixTimes, ['integer', /^\d+$/], ...date];
const limit: Kinds = [...usualSizes.map((size) => [String(size)] as const), ...count];
const media = 'application/json application/octet-stream application/problem+json application/vnd.api+json text/html text/plain';

/** The headers that are recorded, and the kinds of their values. */
const headers: Readonly<Record<string, Kinds>> = {
  'content-type': media.split(' ').map((type) => [type]),
  date,
  etag: [
    ['weak', /^W\//],
    ['strong', /^/],
  ],
  'last-modified': date,
  'ratelimit-limit': limit,
  'ratelimit-remaining': count,
  'ratelimit-reset': count,
  'retry-after': count,
  'x-ratelimit-limit': limit,
  'x-ratelimit-remaining': count,
  'x-ratelimit-reset': count,
};

/** What may be recorded of each header. */
export const headerKinds: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(headers).map(([name, kinds]) => [name, [...kinds.map(([kind]) => kind), 'other']]),
);

/** The headers of the closed list, with the kind of their values. Parameters of a media type are left out. */
export const headersIn = (sent: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, kinds]) => {
      const value = sent[name];
      return value === undefined
        ? []
        : [[name, kindOf(name === 'content-type' ? value.replace(/\s*;.*/, '').toLowerCase() : value, kinds)]];
    }),
  );
