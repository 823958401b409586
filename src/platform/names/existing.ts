import { isObject, type JsonObject, own } from '../../base/json.ts';
import { isMask, wordOf } from '../../base/text.ts';
import { isSame } from './match.ts';
import { domainKey } from './names.ts';

/**
 * The fields that tell one resource from another, for example port, protocol and source. The first is always given; each of the others
 * counts if it is, or if its default is known. Several lists are tried in turn: an SSH key is the same if its public key is, else if its
 * name is.
 */
export type Keys = readonly (readonly string[])[];

/** A field that is not as it should be. */
export interface FieldDifference {
  readonly field: string;
  readonly is: unknown;
  readonly wanted: unknown;
}

/** What a list says about a resource: it has it, several may be it, or it hides the field to find it by. Empty if it is not there. */
interface Search {
  readonly found?: JsonObject;
  readonly ambiguous?: readonly JsonObject[];
  /** The fields of the key that were not given, and that would tell the ambiguous ones apart. */
  readonly apart?: readonly string[];
  readonly hidden?: string;
}

/** Looks for a resource in its whole list. */
export function existing(noun: string, items: readonly unknown[], wanted: JsonObject, keys: Keys): Search {
  const hidden: string[] = [];
  // An empty key is none: whatever the API has without one is something else.
  for (const [first = '', ...others] of keys.filter(([field = '']) => wordOf(own(wanted, field)).trim() !== '')) {
    const like = items.filter(isObject).filter((item) => {
      return agrees(noun, first, item, wanted) === true && others.every((field) => isKey(noun, field, item, wanted));
    });
    const open = others.filter((field) => !(field in wanted));
    if (like.length > 0) return bestOf(noun, like.filter(isFirst), wanted, open);
    if (items.some((item) => !isObject(item) || agrees(noun, first, item, wanted) === undefined)) hidden.push(first);
  }
  const [field] = hidden;
  return field !== undefined && hidden.length === keys.length ? { hidden: field } : {};
}

/** False for an item that a list has twice, because it grew while its pages were read. */
const isFirst = ({ id }: JsonObject, index: number, all: readonly JsonObject[]): boolean =>
  id === undefined || all.findIndex((each) => each.id === id) === index;

/** The only one, else one without a difference that shows as much as possible. `open`: fields of the key in which several of these must not differ. */
function bestOf(noun: string, like: readonly JsonObject[], wanted: JsonObject, open: readonly string[]): Search {
  const [only] = like;
  if (only && like.length === 1) return { found: only };
  const equal = like.filter((item) => compared(noun, item, wanted).differences.length === 0);
  const unknown = (item: JsonObject) => compared(noun, item, wanted).unknown.length;
  const least = Math.min(...equal.map(unknown));
  const best = equal.filter((item) => unknown(item) === least);
  const apart = open.filter((field) => best.some((item) => !isSame(own(item, field), own(best[0] ?? {}, field))));
  if (apart.length > 0) return { ambiguous: best, apart };
  const [found] = best;
  return found ? { found } : { ambiguous: like };
}

/** Compares the fields that were given. `unknown`: those that the API does not show. */
export function compared(noun: string, item: JsonObject, wanted: JsonObject) {
  const states = Object.keys(wanted).map((field) => [field, agrees(noun, field, item, wanted)] as const);
  const differences: readonly FieldDifference[] = states.flatMap(([field, same]) =>
    same === false ? [{ field, is: own(item, field) ?? null, wanted: own(wanted, field) }] : [],
  );
  return { differences, unknown: states.flatMap(([field, same]) => (same === undefined ? [field] : [])) };
}

/** True unless a field of the key has another value than the one given, or than its default. */
function isKey(noun: string, field: string, item: JsonObject, wanted: JsonObject): boolean {
  if (field in wanted) return agrees(noun, field, item, wanted) !== false;
  const isDefault = own(own(defaults, noun) ?? {}, field);
  const is = own(item, field);
  return !isDefault || typeof is !== 'string' || isMask(is) || isDefault(is.trim());
}

/** Whether a field has this value. Undefined if the API does not show it. */
function agrees(noun: string, field: string, item: JsonObject, wanted: JsonObject): boolean | undefined {
  const [shown, value] = [own(item, field), own(wanted, field)];
  const nested = (part: unknown) => typeof part === 'object' && part !== null;
  if (shown === undefined || (nested(shown) && !nested(value)) || isMask(shown)) return undefined;
  if (noun === 'variable' && field === 'value') return shown === null && value !== '' ? undefined : wordOf(shown) === wordOf(value);
  const form = own(own(spellings, noun) ?? {}, field);
  const formed = (part: unknown) => (form && typeof part === 'string' ? form(part.trim()) : part);
  return isSame(formed(value), formed(shown));
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
export function source(word: string): string {
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

/** Different spellings of the same value, by noun and field. */
export const spellings: Readonly<Record<string, Readonly<Record<string, (word: string) => string>>>> = {
  site: { domain: domainKey },
  certificate: { domain: domainKey },
  ssh_key: { public_key: keyOf },
  redirect: { from: path, to: path },
  crontab: { frequency: (word) => word.replaceAll(/\s+/g, ' ') },
  daemon: { directory: (word) => word.replace(/(?<=.)\/+$/, '') },
  network_rule: { protocol: lowercase, action: lowercase, source },
};

/** Fields by which an API marks a value that it does not show. */
const MARKS = ['masked', 'is_masked', 'hidden', 'is_hidden', 'redacted', 'is_redacted', 'secret', 'is_secret'] as const;

/** True if the API says that it does not show the value of a resource. */
export const isMarkedHidden = (item: JsonObject): boolean => MARKS.some((mark) => [true, 1, '1', 'true'].includes(item[mark] as string));

/** What is shown of a value that stays hidden. */
export const MASK = '••••••••';
