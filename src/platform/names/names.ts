import { DnxError } from '../../base/errors.ts';
import { type JsonObject, own } from '../../base/json.ts';
import { inQuotes, quotedName, title, wordOf } from '../../base/text.ts';
import { HOUR } from '../../base/time.ts';
import { type Endpoint, parameters } from '../api/endpoint.ts';

/** How a kind of resource is named, listed and distinguished. */
export interface Naming {
  readonly list: Endpoint;
  /** Its list under fewer parents: the certificates of a whole server. */
  readonly broader?: Endpoint;
  /** The fields that contain its name, the usual one first. Empty if it only has an id. */
  readonly keys: readonly string[];
  /** What its names are, for help and errors. */
  readonly by: string;
  /** Further fields to show in a picker or next to an ambiguous name. */
  readonly details: readonly string[];
  readonly caseless?: true;
  /** Names are host names: see `sameDomain`. */
  readonly domains?: true;
  /** Its names are remembered for completion alone: a look-up reads its list again. */
  readonly completionOnly?: true;
  /** A unique prefix of the name is enough. */
  readonly prefix?: true;
  /** A number of up to five digits is its port, unless the ids are numbers. */
  readonly ports?: true;
  readonly quoted?: true;
  /** Its command group, if it differs from the noun. */
  readonly group?: string;
}

/** Every path parameter that can be given by name or picked from a list. */
export const namings: Readonly<Record<string, Naming>> = {
  server: {
    list: 'GET /servers',
    keys: ['name', 'ip_address'],
    by: 'name, IP',
    details: ['status', 'ip_address', 'region'],
    caseless: true,
  },
  site: { list: 'GET /servers/{server}/sites', keys: ['domain'], by: 'domain', details: ['status', 'last_deployed_at'], domains: true },
  token: { list: 'GET /tokens', keys: ['name'], by: 'name', details: ['created_at'], completionOnly: true },
  variable: {
    list: 'GET /servers/{server}/sites/{site}/environment-variables',
    keys: ['key'],
    by: 'key',
    details: ['updated_at'],
    group: 'env',
    completionOnly: true,
  },
  queue: {
    list: 'GET /servers/{server}/sites/{site}/queues',
    keys: ['queue'],
    by: 'queue',
    details: ['connection', 'status'],
    quoted: true,
  },
  redirect: { list: 'GET /servers/{server}/sites/{site}/redirects', keys: ['from'], by: 'path', details: ['to', 'type'] },
  certificate: {
    list: 'GET /servers/{server}/sites/{site}/certificates',
    broader: 'GET /servers/{server}/certificates',
    keys: ['domain'],
    by: 'domain',
    details: ['type', 'status'],
    domains: true,
  },
  daemon: {
    list: 'GET /servers/{server}/daemons',
    keys: ['command'],
    by: 'command',
    details: ['user', 'status'],
    prefix: true,
    quoted: true,
  },
  crontab: {
    list: 'GET /servers/{server}/crontabs',
    keys: ['command'],
    by: 'command',
    details: ['frequency', 'user'],
    prefix: true,
    quoted: true,
  },
  database: { list: 'GET /servers/{server}/databases', keys: ['name'], by: 'name', details: ['status'] },
  user: {
    list: 'GET /servers/{server}/databases/{database}/users',
    keys: ['username'],
    by: 'name',
    details: ['created_at'],
    group: 'database-user',
  },
  backup: { list: 'GET /backups', keys: [], by: 'id', details: ['type', 'status', 'created_at'] },
  ssh_key: { list: 'GET /servers/{server}/ssh-keys', keys: ['name'], by: 'name', details: ['fingerprint'] },
  network_rule: {
    list: 'GET /servers/{server}/network-rules',
    keys: ['name', 'port'],
    by: 'name, port',
    details: ['action', 'port', 'protocol', 'source'],
    ports: true,
  },
  credential: { list: 'GET /providers/credentials', keys: ['name'], by: 'name', details: ['provider'] },
  git_provider: { list: 'GET /git-providers', keys: ['name'], by: 'name', details: ['provider'], caseless: true },
  git_repository: { list: 'GET /git-repositories', keys: ['name'], by: 'name', details: [], caseless: true },
};

/** Lists of words that commands take as they are, without a look-up: `--region fsn1`. `key` has the word that completion offers. */
export const choices: Readonly<Record<string, { readonly list: Endpoint; readonly key: string }>> = {
  provider: { list: 'GET /providers', key: 'id' },
  region: { list: 'GET /providers/{provider}/regions', key: 'id' },
  size: { list: 'GET /providers/{provider}/sizes', key: 'id' },
  image: { list: 'GET /providers/{provider}/images', key: 'id' },
  release: { list: 'GET /servers/{server}/sites/{site}/releases', key: 'name' },
};

/** The kinds of resources that have names. */
export const namedKinds: readonly string[] = [
  ...Object.keys(namings).filter((kind) => (namings[kind]?.keys.length ?? 0) > 0),
  ...Object.keys(choices),
];

/** How a resource may be given: `command or id`. */
export const waysToName = (noun: string): string => `${(namings[noun]?.keys.length ?? 0) > 0 ? `${namings[noun]?.by} or ` : ''}id`;

/** Where the names of a kind are listed. */
export const listOfKind = (kind: string): Endpoint | undefined => own(namings, kind)?.list ?? own(choices, kind)?.list;

/** The noun of a list: `credential` for `GET /providers/credentials`. */
export const nounIn = (list: Endpoint): string | undefined => Object.keys(namings).find((noun) => namings[noun]?.list === list);

/** The list that these parents can fill: the certificates of a site, or of its server. */
export const listUnder = ({ list, broader }: Naming, parents: readonly string[]): Endpoint =>
  broader && !parameters(list).every((parent) => parents.includes(parent)) ? broader : list;

/** The noun of the list at a path with ids: `daemon` for `/servers/7/daemons`. */
export const nounAt = (path: string): string | undefined =>
  Object.keys(namings).find((noun) => isAt(path, namings[noun]?.list) || isAt(path, namings[noun]?.broader));

/** The kind of choices at a path: `region` for `/providers/hetzner/regions`. */
export const choiceAt = (path: string): string | undefined => Object.keys(choices).find((kind) => isAt(path, choices[kind]?.list));

function isAt(path: string, list: Endpoint | undefined): boolean {
  const parts = path.split('/');
  const pattern = list?.replace('GET ', '').split('/') ?? [];
  return pattern.length === parts.length && pattern.every((part, index) => part.startsWith('{') || part === parts[index]);
}

/** A resolved resource: its id and display name. */
export interface Target {
  readonly id: string;
  readonly label: string;
  /** Nothing has this name, which `--if-exists` allows. Its id is empty. */
  readonly missing?: true;
}

/** How long a remembered name is shown, or used by a single GET without a check, in ms. */
export const TRUST_MS = HOUR;

/** The path parameters of one call. */
export type Targets = Readonly<Record<string, Target>>;

/** The request for one server or site. */
export const readEndpoints = { server: 'GET /servers/{server}', site: 'GET /servers/{server}/sites/{site}' } as const;

/** A target is not what it was when its name was read. Nothing ran on it. */
export class Moved extends DnxError {
  constructor() {
    super('failed', 'The server or site changed while dnx connected to it. Nothing ran there.', { hint: 'Run the command again.' });
  }
}

/** A site and its server. */
export type Located = Readonly<Record<'server' | 'site', Target>>;

/** The ids of targets, by path parameter. */
export const targetIds = (targets: Targets): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(targets).map(([name, { id }]) => [name, id]));

/** The ids of a site and its server. */
export interface SiteIds {
  readonly server: string;
  readonly site: string;
}

/** An id from the API as text. Undefined for unusable ones: an empty or broken string, an object, or a number that lost digits. */
export function idIn(value: unknown): string | undefined {
  // Fast path: a ULID, a UUID or a number as text.
  if (typeof value === 'string' && /^[\w-]+$/.test(value)) return value;
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  // A lone surrogate cannot be encoded in a path.
  return typeof value === 'string' && !['', '.', '..'].includes(value.trim()) && !/[\ud800-\udfff]/u.test(value) ? value : undefined;
}

/** The id of a resource. Throws if it is unusable, because a request with it would act on something else. */
export function requireId(thing: JsonObject, noun: string): string {
  const id = idIn(thing.id);
  if (id !== undefined) return id;
  throw new DnxError('failed', `Deploynix returned an unusable id for a ${title(noun)}: ${wordOf(thing.id) || 'it is empty'}.`);
}

/** A resource of the API as a target: its id, and its name if it has one. */
export function targetOf(thing: JsonObject, noun: string): Target {
  const id = requireId(thing, noun);
  return { id, label: resourceName(thing, noun) ?? id };
}

/** The name of a resource: the first naming field that is not empty. */
export const resourceName = (thing: JsonObject, noun: string): string | undefined =>
  namings[noun]?.keys.map((key) => wordOf(thing[key])).find((name) => name !== '');

/** True if two words are the same name of a resource. */
export const sameName = (noun: string, one: string, other: string): boolean =>
  one === other || (namings[noun]?.domains === true && sameDomain(one, other));

/** A target in a sentence: `server web-1`, `cron job 'php artisan schedule:run'`. */
export const called = (noun: string, { label }: Pick<Target, 'label'>): string =>
  `${title(noun)} ${namings[noun]?.quoted && !isId(label) ? inQuotes(label) : quotedName(label)}`;

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A ULID, a UUID or a whole number is an id and costs no request; anything else is a name. */
export const isId = (value: string): boolean => ULID.test(value) || UUID.test(value) || /^\d+$/.test(value);

/** The URL of a site; undefined if nothing can be requested there: a wildcard, or an id instead of the domain. */
export const siteUrl = (domain: string, scheme: 'https' | 'http' = 'https'): string | undefined =>
  isHost(domain) && !isId(domain) ? `${scheme}://${domain}` : undefined;

/** Like `isId`, for one kind of resource: a number may be the port of a firewall rule, and some kinds have only ids. */
export function isIdOf(noun: string, value: string): boolean {
  const naming = own(namings, noun);
  return !naming || naming.keys.length === 0 || (isId(value) && !(naming.ports && /^\d{1,5}$/.test(value)));
}

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
