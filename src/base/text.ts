import { toJson } from './json.ts';

const titles: Readonly<Record<string, string>> = {
  crontab: 'cron job',
  queue: 'queue worker',
  network_rule: 'firewall rule',
  git_provider: 'Git provider',
  git_repository: 'repository',
  user: 'database user',
};

/** The display name of an API noun: `crontab` -> `cron job`, `ssh_key` -> `SSH key`. */
export const title = (noun: string): string => titles[noun] ?? noun.replaceAll('_', ' ').replace(/\bssh\b/, 'SSH');

/**
 * Text on one line, with what cannot be seen as escapes: `\n`, `\u{202e}`. Emoji keep what joins them. Text that was made visible stays as
 * it is.
 */
export function visible(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(
    /(?!(?<=\p{ExtPict}\ufe0f?)\u200d(?=\p{ExtPict})|(?<=\p{ExtPict})\ufe0f)(?:[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs})/gu,
    (character) => escapes[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value for a sentence, visible, and in quotes unless it is a single word. It can neither end its quotes nor pass for an escape. */
export const quotedName = (value: string): string => (/^[\w.@:/*+-]+$/.test(value) ? value : inQuotes(value));

/** The same, always in quotes. */
export function inQuotes(value: string): string {
  const text = visible(value.replace(/\\(?=[nrtu\\]|[^ -~])/g, '\\\\')).replace(/ {3,}/g, ({ length }) => `\\u{20}×${length}`);
  if (!text.includes("'")) return `'${text}'`;
  return text.includes('"') ? `'${text.replaceAll("'", '\\u{27}')}'` : `"${text}"`;
}

/** The plural of a noun, for sentences and for the aliases of groups. */
export const plural = (noun: string): string =>
  /(repositor|[^aeiou])y$/.test(noun) ? noun.replace(/y$/, 'ies') : /(s|x|ch)$/.test(noun) ? `${noun}es` : `${noun}s`;

/** `1 server`, `3 servers`. */
export const counted = (count: number, noun: string): string => `${count} ${count === 1 ? noun : plural(noun)}`;

/** `queries` -> `query`, of every word. */
export const singular = (words: string): string => words.replace(/ies\b/g, 'y').replace(/(?<=ss)es\b|(?<!s)s\b/g, '');

/** `the disk is full` -> `The disk is full`. */
export const capitalized = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** `a`, `a or b`, `a, b or c`. */
export const orList = (words: readonly string[]): string => listWith('or', words);
/** `a`, `a and b`, `a, b and c`. */
export const andList = (words: readonly string[]): string => listWith('and', words);

const listWith = (last: string, words: readonly string[]): string =>
  [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(` ${last} `);

/** `php_version` -> `--php-version`: the JSON field name is the only name. */
export const flagName = (key: string): string => `--${key.replaceAll('_', '-')}`;

/** An API value as text: objects as JSON, null and undefined as an empty string. */
export const wordOf = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? toJson(value) : String(value);

/** A value of the API without line breaks. */
export const oneLine = (value: unknown): string => wordOf(value).replaceAll(/\s+/g, ' ').trim();

/** 734003200 -> `734 MB`. Anything but a number is returned unchanged. */
export function bytes(size: unknown): unknown {
  if (typeof size !== 'number' || !Number.isFinite(size)) return size;
  const step = size < 1_000 ? 0 : Math.min(4, Math.floor(Math.log10(size) / 3));
  const amount = size / 1_000 ** step;
  return `${step === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${['B', 'kB', 'MB', 'GB', 'TB'][step]}`;
}

const WORDS = /^[[(<{]\s*(hidden|masked|redacted|secret|encrypted|filtered)\s*[\])>}]$/i;

/** True for what an API shows instead of a hidden value: `••••1234`, `********` or `[hidden]`. */
export const isMask = (value: unknown): boolean =>
  typeof value === 'string' && (/[•●∙⬤]{2}/u.test(value) || /^\*{3,}$/.test(value) || WORDS.test(value.trim()));

/** A shorter text is hidden only where it stands alone: it may be part of everyday words, and of names such as that of a host. */
const SHORTEST_SECRET = 8;

/** A text with `***` for these, in any case: an email address may be quoted in lower case. An API may also quote one as JSON, HTML or in a URL. */
export const hidingSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.flatMap(spellings).reduce((left, secret) => (secret === '' ? left : left.replaceAll(patternOf(secret), '***')), text);

function spellings(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const html = text.replaceAll(/[&<>"']/g, (character) => HTML[character] ?? character);
  const url = encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
  return [...new Set([text, json, json.replaceAll('/', '\\/'), html, url, url.replaceAll('%20', '+')])];
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#039;' };

function patternOf(secret: string): RegExp {
  const quoted = secret.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const alone = `(?<![\\p{L}\\p{N}][._:/@-]*)${quoted}(?![._:/@-]*[\\p{L}\\p{N}])`;
  return new RegExp(secret.length < SHORTEST_SECRET ? alone : quoted, 'giu');
}

const PLAIN = /^[ -~–…]*$/;

/** True for text with one column per character. */
export const isPlain = (text: string): boolean => PLAIN.test(text);

/** Matches the texts of a pattern in which `*` is any text: `ci-*`. */
export const wildcard = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );

/** A line, and what it is about in two columns below it. */
export function withDetails(line: string, details: readonly (readonly [label: string, text: string])[]): string {
  const width = Math.max(0, ...details.map(([label]) => label.length));
  return [line, ...details.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`)].join('\n');
}
