import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Account, Fields, Thing, ThingKind, Unread } from './account.ts';

/** A list of another platform, or something that is there once. */
export interface List {
  /** What the platform calls one of it. */
  readonly noun: string;
  /** Below the account, with an asterisk for each id. What ends with `*` is part of what it is an id of, and needs no request. */
  readonly path: string;
  /** The key of its response that has the list, if it is of names alone. */
  readonly within: string | undefined;
  /** What something above it must have: `site.repository`, `server.type=loadbalancer`. */
  readonly only: string | undefined;
  /** The scope that a token needs. */
  readonly scope: string;
  /** The attributes that may name it. If something that is there once has none, it is not there. */
  readonly name: string;
  /** The attributes to keep: `ip_address>source` has another name here, `server_id>node@server` is the id of a server. Secrets are not among them. */
  readonly fields: readonly string[];
  readonly kind: ThingKind;
  /** There is one, which is named by its noun. */
  readonly once: boolean;
}

/** A resource of a platform. What makes no sense as one has no attributes. */
export interface Resource {
  /** Safe in a path; empty if it has no such id. */
  readonly id: string;
  readonly attributes: JsonObject | undefined;
  /** The names of its tags, which a list includes. */
  readonly tags?: readonly string[];
}

/** What something is below, by noun: its server, its site. */
export type Above = Readonly<Record<string, Thing>>;

/** Another platform, as its documentation declares it. */
export interface Platform {
  readonly name: Account['platform'];
  readonly host: string;
  /** The variable that has a token, and the path where one is made. */
  readonly variable: string;
  readonly tokens: string;
  /** The parameters of a page. Without a key: of the first one. */
  query(key?: string): Readonly<Record<string, string | undefined>>;
  /** The key of the page after this one; the same one for a page that was not asked for. */
  next(meta: JsonObject, key?: string): string | undefined;
  /** The resource of an item of a list, or of what is there once. */
  resource(item: unknown, body: JsonObject): Resource;
  /** Whether what is there once is not there if it is answered with 404. */
  readonly isOnceMissing?: true;
  readonly lists: readonly List[];
  /** What a state file calls things of a noun, if something else than the platform does. */
  readonly words: Readonly<Record<string, (fields: Fields, name: string) => Partial<Thing>>>;
  /** What a list says of the site that it is of. */
  found(list: List, resources: readonly Resource[], site: Thing): Partial<Thing> | undefined;
  /** What is never read, a sentence each: history, what the API does not give, and what other things say already. */
  readonly outside: readonly string[];
}

/** The lists of a table: `PAGE | noun | path | scope | name | fields | kind`. PAGE is where the documentation declares it. */
export const listsIn = (table: string): readonly List[] =>
  table
    .trim()
    .split('\n')
    .map((row) => {
      const [page = '', noun = '', at = '', scope = '', name = '', fields = '', kind = 'other'] = row.split('|').map((cell) => cell.trim());
      const [, path = '', within, only] = /^([^ #]*)(?:#(\w+))?(?: \?(.+))?$/.exec(at) ?? [];
      return {
        ...{ noun, path, within, only, scope, name, kind: kind as ThingKind },
        fields: fields.split(' ').filter(Boolean),
        once: /\/get-(?!server-network|.*credentials)/.test(page),
      };
    });

/** The value of an attribute, also of one in another: `repository.url`. Of several names with commas, the first that has one. */
export const attributeOf = (attributes: JsonObject, paths: string): unknown =>
  paths
    .split(',')
    .map((path) =>
      path.split('.').reduce<unknown>((inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), attributes),
    )
    .find((value) => value !== undefined && value !== null);

/** An id that is safe in a path; empty if it is none. */
export const pathId = (id: unknown): string => (/^[\w.-]{1,64}$/.test(String(id)) && !/^\.+$/.test(String(id)) ? String(id) : '');

/** Where something is. */
export type Place = Pick<Thing, 'server' | 'site'>;

export const MOST_NAME = 4_096;
const MOST_TEXT = 65_536;

/** The thing of a resource, or why it makes no sense. `names`: of ids, by `NOUN ID`. */
export function thingOf(
  { name: platform, words }: Platform,
  { noun, name: named, fields: wanted, kind, once }: List,
  { attributes, id, tags = [] }: Resource,
  place: Place,
  names: ReadonlyMap<string, string>,
): Thing | Unread {
  const isPlace = noun === 'server' || noun === 'site';
  const what = `${noun}${id === '' ? '' : ` ${id}`}${isPlace ? ' and all that it has' : ''}`;
  const why = (reason: string) => ({ what, ...place, why: reason });
  if (!attributes) return why(`${platform} gave no attributes of it`);
  if (isPlace && id === '') return why(`${platform} gave no id of it`);
  const given = attributeOf(attributes, named);
  const name = once ? noun : typeof given === 'object' ? '' : wordOf(given);
  if (name === '' || name.length > MOST_NAME) return why(`its ${named} ${name === '' ? 'is missing' : 'is too long'}`);
  const fields: Record<string, Fields[string]> = {};
  for (const word of [...wanted, 'tags']) {
    const [, from = '', to, of] = /^([\w.]+?)(?:>(\w+?))?(?:@(\w+))?$/.exec(word) ?? [];
    const value = fieldIn(from === 'tags' ? tags : attributeOf(attributes, from));
    if (value === null) return why(`its ${from} makes no sense`);
    if (value !== undefined) fields[to ?? from] = of !== undefined ? namesOf(value, of, names) : PHP.test(from) ? phpVersion(value) : value;
  }
  return { kind, noun, name, ...place, fields, ...words[noun]?.(fields, name) };
}

/** A value for a field: undefined without one, null if it is no text, number, flag or list. */
function fieldIn(value: unknown): Fields[string] | undefined | null {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'boolean' || Number.isFinite(value)) return value as boolean | number;
  const texts = isObject(value) ? Object.entries(value).map(([key, each]) => `${key}: ${wordOf(each)}`) : [value].flat().map(wordOf);
  if (texts.join('').length > MOST_TEXT) return null;
  return typeof value === 'object' ? (texts.length === 0 ? undefined : texts) : texts[0];
}

/** The names of ids, as far as they are known. */
function namesOf(value: Fields[string], noun: string, names: ReadonlyMap<string, string>): Fields[string] {
  const [first = '', ...others] = [value].flat().map((id) => names.get(`${noun} ${id}`) ?? String(id));
  return Array.isArray(value) ? [first, ...others] : first;
}

const PHP = /^php_(cli_)?version$/;
/** `php83` of Forge is 8.3, and the number 8 of Ploi 8.0. */
const phpVersion = (value: Fields[string]): string =>
  wordOf(value)
    .replace(/^php(\d)(\d)$/, '$1.$2')
    .replace(/^\d$/, '$&.0');

/** A redirect rule as a state file has it. */
export const redirectOf = ({ type, ...fields }: Fields): Partial<Thing> => ({
  fields: { ...fields, type: type === 'permanent' ? 301 : 302 },
});

/** A background process as a state file has it: a queue worker, whose options are fields, or a daemon. */
export function processOf(fields: Fields, command: string): Partial<Thing> {
  const [, started = '', rest = ''] = /\bartisan\s+([\w:-]+)(.*)/s.exec(command) ?? [];
  const [, php] = /\bphp(\d\.\d)\b/.exec(command) ?? [];
  const known = { ...fields, ...(php && { php_version: php }) };
  const integration = integrations.find((each) => started === each || started.startsWith(`${each}:`));
  if (!/^queue:(work|listen)$/.test(started)) return { fields: { ...known, ...(integration && { integration }) } };
  const words = rest.split(/\s+/).filter(Boolean);
  const option = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
  const numbers = ['tries', 'timeout', 'sleep'].filter((name) => /^\d{1,6}$/.test(option(name) ?? ''));
  const connection = words.find((word) => !word.startsWith('-'));
  const understood = [connection, ...['queue', ...numbers].map((name) => `--${name}=${option(name)}`)];
  const others = words.filter((word) => !understood.includes(word));
  return {
    kind: 'queue',
    noun: 'queue worker',
    fields: {
      ...known,
      ...(connection && { connection }),
      queue: option('queue') ?? 'default',
      ...Object.fromEntries(numbers.map((name) => [name, Number(option(name))])),
      ...(others.length > 0 && { other_options: others }),
    },
  };
}

const integrations = ['horizon', 'octane', 'reverb', 'inertia', 'pulse', 'schedule'];
