import { own } from '../../base/json.ts';
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
  /** Names ignore case. */
  readonly caseless?: true;
  /** Names are host names: see `sameDomain`. */
  readonly domains?: true;
  /** Its names are remembered for completion alone: a look-up reads its list again. */
  readonly completionOnly?: true;
  /** A unique prefix of the name is enough. */
  readonly prefix?: true;
  /** A number of up to five digits is its port, unless the ids are numbers. */
  readonly ports?: true;
  /** Its name is quoted in sentences. */
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
  git_provider: { list: 'GET /git-providers', keys: ['name'], by: 'name', details: ['provider'] },
  git_repository: { list: 'GET /git-repositories', keys: ['name'], by: 'name', details: [] },
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
