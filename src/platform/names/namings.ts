import { type Endpoint, parameters } from '../api/endpoint.ts';

/** How a kind of resource is named, listed and told apart. */
export interface Naming {
  readonly list: Endpoint;
  /** Its list under fewer parents: the certificates of a whole server. */
  readonly broader?: Endpoint;
  /** The fields that hold its name, the usual one first. Without any it only has an id. */
  readonly keys: readonly string[];
  /** What its names are, for help and errors. */
  readonly by: string;
  /** The fields that tell it from others of the same name. */
  readonly tells: readonly string[];
  /** Its names are those of hosts, in which case means nothing. */
  readonly caseless?: true;
  /** A unique beginning of the name is enough. */
  readonly prefix?: true;
  /** A number of up to five digits is its port, unless the ids are numbers. */
  readonly ports?: true;
  /** Its name is quoted in sentences. */
  readonly quoted?: true;
  /** Its command group, if not the noun. */
  readonly group?: string;
}

/** Every path parameter that can be given by name or picked from a list. */
export const namings: Readonly<Record<string, Naming>> = {
  server: { list: 'GET /servers', keys: ['name', 'ip_address'], by: 'name, IP', tells: ['status', 'ip_address', 'region'], caseless: true },
  site: { list: 'GET /servers/{server}/sites', keys: ['domain'], by: 'domain', tells: ['status', 'last_deployed_at'], caseless: true },
  token: { list: 'GET /tokens', keys: ['name'], by: 'name', tells: ['created_at'] },
  variable: {
    list: 'GET /servers/{server}/sites/{site}/environment-variables',
    keys: ['key'],
    by: 'key',
    tells: ['updated_at'],
    group: 'env',
  },
  queue: {
    list: 'GET /servers/{server}/sites/{site}/queues',
    keys: ['queue'],
    by: 'queue',
    tells: ['connection', 'status'],
    quoted: true,
  },
  redirect: { list: 'GET /servers/{server}/sites/{site}/redirects', keys: ['from'], by: 'path', tells: ['to', 'type'] },
  certificate: {
    list: 'GET /servers/{server}/sites/{site}/certificates',
    broader: 'GET /servers/{server}/certificates',
    keys: ['domain'],
    by: 'domain',
    tells: ['type', 'status'],
    caseless: true,
  },
  daemon: {
    list: 'GET /servers/{server}/daemons',
    keys: ['command'],
    by: 'command',
    tells: ['user', 'status'],
    prefix: true,
    quoted: true,
  },
  crontab: {
    list: 'GET /servers/{server}/crontabs',
    keys: ['command'],
    by: 'command',
    tells: ['frequency', 'user'],
    prefix: true,
    quoted: true,
  },
  database: { list: 'GET /servers/{server}/databases', keys: ['name'], by: 'name', tells: ['status'] },
  user: {
    list: 'GET /servers/{server}/databases/{database}/users',
    keys: ['username'],
    by: 'name',
    tells: ['created_at'],
    group: 'database-user',
  },
  backup: { list: 'GET /backups', keys: [], by: 'id', tells: ['type', 'status', 'created_at'] },
  ssh_key: { list: 'GET /servers/{server}/ssh-keys', keys: ['name'], by: 'name', tells: ['fingerprint'] },
  network_rule: {
    list: 'GET /servers/{server}/network-rules',
    keys: ['name', 'port'],
    by: 'name, port',
    tells: ['action', 'port', 'protocol', 'source'],
    ports: true,
  },
  credential: { list: 'GET /providers/credentials', keys: ['name'], by: 'name', tells: ['provider'] },
  git_provider: { list: 'GET /git-providers', keys: ['name'], by: 'name', tells: ['provider'] },
  git_repository: { list: 'GET /git-repositories', keys: ['name'], by: 'name', tells: [] },
};

/** The noun of a list: `credential` for `GET /providers/credentials`. */
export const nounIn = (list: Endpoint): string | undefined => Object.keys(namings).find((noun) => namings[noun]?.list === list);

/** The list that these parents suffice for: of a site's certificates, or of a server's. */
export const listUnder = ({ list, broader }: Naming, parents: readonly string[]): Endpoint =>
  broader && !parameters(list).every((parent) => parents.includes(parent)) ? broader : list;
