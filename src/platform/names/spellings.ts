import { type JsonObject, own } from '../../base/json.ts';
import { isMask, wordOf } from '../../base/text.ts';
import { isNumber, isSame } from './match.ts';
import { domainKey } from './names.ts';

/** True unless a field of the key has another value than the one given, or than its default. */
export function isKey(noun: string, field: string, item: JsonObject, wanted: JsonObject): boolean {
  if (field in wanted) return agrees(noun, field, item, wanted) !== false;
  const isDefault = defaultOf(noun, field);
  const is = own(item, field);
  return !isDefault || typeof is !== 'string' || isMask(is) || isDefault(is.trim());
}

/** Tells what a field of a key means if it is not given; undefined if that is not known. */
export const defaultOf = (noun: string, field: string) => own(own(defaults, noun) ?? {}, field);

/** Whether a field has this value. Undefined if the API does not show it. */
export function agrees(noun: string, field: string, item: JsonObject, wanted: JsonObject): boolean | undefined {
  const [shown, value] = [own(item, field), own(wanted, field)];
  if (shown === undefined || (isNested(shown) && !isNested(value)) || isMask(shown)) return undefined;
  if (noun === 'variable' && field === 'value') return shown === null && value !== '' ? undefined : wordOf(shown) === wordOf(value);
  return isSame(spelled(noun, field, value), spelled(noun, field, shown));
}

/** A word that values share if they agree, and sometimes if they do not. Undefined for one that may agree with any. */
export function sharedWord(noun: string, field: string, value: unknown): string | undefined {
  const isUnset = value === null && noun === 'variable' && field === 'value';
  if (value === undefined || isUnset || isNested(value) || isMask(value)) return undefined;
  const word = wordOf(spelled(noun, field, value)).trim();
  return isNumber(word) ? String(Number(word)) : word === 'true' ? '1' : word === 'false' ? '0' : word;
}

const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** A value in the one spelling that all of its spellings share. */
function spelled(noun: string, field: string, value: unknown): unknown {
  const form = own(own(spellings, noun) ?? {}, field);
  return form && ['string', 'number', 'bigint'].includes(typeof value) ? form(wordOf(value).trim()) : value;
}

/** What a field of the key is if it is not given: a firewall rule for one address is another one than the rule that opens a port. */
const defaults: Readonly<Record<string, Readonly<Record<string, (word: string) => boolean>>>> = {
  network_rule: {
    protocol: (word) => /^(tcp|any|all|both|)$/i.test(word),
    action: (word) => /^(allow|accept|)$/i.test(word),
    source: (word) => source(word) === '' || source(word) === source('::/0'),
  },
};

const lowercase = (word: string): string => word.toLowerCase();

/** Without a scheme, a path starts with a slash. */
const path = (word: string): string => {
  if (/^[a-z][a-z\d+.-]*:/i.test(word)) return URL.canParse(word) ? new URL(word).href : word;
  return word.startsWith('/') ? word : `/${word}`;
};

/** The type and the key, without options and the comment. */
const keyOf = (word: string): string => {
  const [, type, body] = /(?:^|\s)((?:ssh|ecdsa|sk)-\S+)\s+([\w+/=]+)/.exec(word) ?? [];
  return type && body ? `${type} ${body}` : word;
};

/** The source of a firewall rule: empty for any IPv4 address, and a range without the bits of a host in it. */
function source(word: string): string {
  if (/^(any|anywhere|all|\*|0\.0\.0\.0\/0)$/i.test(word)) return '';
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(word) ?? [];
  const groups = /^(\d{1,3}\.){3}\d{1,3}$/.test(address) ? address.split('.').map(Number) : groupsOf(address);
  const size = groups.length === 4 ? 8 : 16;
  const bits = Number(prefix ?? groups.length * size);
  if (groups.length === 0 || bits > groups.length * size) return lowercase(word);
  const kept = groups.map((group, index) => {
    const host = size - Math.max(0, Math.min(size, bits - index * size));
    return (group >> host) << host;
  });
  return `${kept.join(size === 8 ? '.' : ':')}/${bits}`;
}

function groupsOf(address: string): readonly number[] {
  const url = `http://[${address}]`;
  if (!URL.canParse(url)) return [];
  const [head = [], tail = []] = new URL(url).hostname
    .slice(1, -1)
    .split('::')
    .map((part) =>
      part
        .split(':')
        .filter(Boolean)
        .map((group) => Number.parseInt(group, 16)),
    );
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** `php8.3` and `83` are `8.3`. */
const phpVersion = (word: string): string => word.replace(/^(?:php-?)?(\d)\.?(\d+)$/i, '$1.$2');

/** `8000:8100` is `8000-8100`. */
const portRange = (word: string): string => word.replace(/^(\d+)\s*[:-]\s*(\d+)$/, '$1-$2');

/** Different spellings of the same value, by noun and field. */
const spellings: Readonly<Record<string, Readonly<Record<string, (word: string) => string>>>> = {
  server: { php_version: phpVersion },
  site: {
    domain: domainKey,
    php_version: phpVersion,
    web_directory: (word) => word.replace(/^\/+|\/+$/g, ''),
    git_repository_id: lowercase,
  },
  git_repository: { git_provider_id: lowercase },
  certificate: { domain: domainKey },
  ssh_key: { public_key: keyOf },
  redirect: { from: path, to: path },
  crontab: { frequency: (word) => word.replaceAll(/\s+/g, ' ') },
  daemon: { directory: (word) => word.replace(/(?<=.)\/+$/, '') },
  network_rule: { port: portRange, protocol: lowercase, action: lowercase, source },
};

/** Fields by which an API marks a value that it does not show. */
const MARKS = ['masked', 'is_masked', 'hidden', 'is_hidden', 'redacted', 'is_redacted', 'secret', 'is_secret'] as const;

/** True if the API says that it does not show the value of a resource. */
export const isMarkedHidden = (item: JsonObject): boolean => MARKS.some((mark) => [true, 1, '1', 'true'].includes(item[mark] as string));
