import type { Endpoint } from './api/endpoint.ts';
import { namings } from './names/names.ts';

/**
 * The fields that tell one resource from another, for example port, protocol and source. The first is always given; each of the others
 * counts if it is, or if its default is known. Several lists are tried in turn: an SSH key is the same if its public key is, else if its
 * name is.
 */
export type Keys = readonly (readonly string[])[];

/** An action that sets a field, and the one that sets it back. */
interface Switch {
  readonly on: string;
  readonly off?: string;
}

/** What a state file can say of a kind of resource. Paths, fields and secrets are those of its operations. */
export interface Kind {
  /** What has the list of it. */
  readonly under: 'account' | 'server' | 'site' | 'database';
  /** The key of the file under which it stands. */
  readonly section: string;
  /** Whether it stands under its name, or in a list. */
  readonly as: 'map' | 'list';
  /** The field that an entry without others gives. */
  readonly short?: string;
  /** The fields that tell one from another. */
  readonly keys: Keys;
  /** The API takes two with the same key. */
  readonly repeats?: true;
  /** Fields that only a create sets. */
  readonly fixed?: readonly string[];
  /** What the file calls a field of the API. */
  readonly names?: Readonly<Record<string, string>>;
  /** The noun of what a field has the id of. The file has its name. */
  readonly by?: Readonly<Record<string, string>>;
  /** Fields of the file that an action sets, by the name that the file has for them. */
  readonly switches?: Readonly<Record<string, Switch>>;
  /** Never deleted by a file. */
  readonly holdsData?: true;
}

/** Every kind of a state file, in the order in which a plan makes them. `ensure` finds one by the same keys. */
export const kinds = {
  git_repository: {
    under: 'account',
    section: 'repositories',
    as: 'map',
    keys: [['name', 'git_provider_id']],
    fixed: ['git_provider_id'],
    names: { git_provider_id: 'git' },
    by: { git_provider_id: 'git_provider' },
    switches: { auto_deploy: { on: 'enable-auto-deploy', off: 'disable-auto-deploy' } },
    holdsData: true,
  },
  server: {
    under: 'account',
    section: 'servers',
    as: 'map',
    keys: [['name']],
    fixed: ['provider', 'region', 'size', 'image', 'type', 'php_version', 'database_type', 'webserver', 'ip_address', 'ssh_user'],
    names: { monitoring_enabled: 'monitoring' },
    holdsData: true,
  },
  ssh_key: {
    under: 'server',
    section: 'ssh_keys',
    as: 'map',
    short: 'public_key',
    keys: [['public_key'], ['name']],
    fixed: ['name', 'public_key'],
  },
  network_rule: {
    under: 'server',
    section: 'network_rules',
    as: 'list',
    short: 'port',
    keys: [['port', 'protocol', 'source', 'action']],
    fixed: ['name', 'port', 'protocol', 'source', 'action'],
  },
  database: { under: 'server', section: 'databases', as: 'map', keys: [['name']], fixed: ['name'], holdsData: true },
  site: {
    under: 'server',
    section: 'sites',
    as: 'map',
    keys: [['domain']],
    fixed: ['type'],
    names: { git_repository_id: 'repository' },
    by: { git_repository_id: 'git_repository' },
    switches: { zero_downtime: { on: 'enable-zero-downtime' }, suspended: { on: 'suspend', off: 'resume' } },
    holdsData: true,
  },
  variable: { under: 'site', section: 'env', as: 'map', short: 'value', keys: [['key']], fixed: ['key'] },
  // After the variables: of two processes that create one account, the first to set its password in a variable decides on it.
  user: { under: 'database', section: 'users', as: 'map', keys: [['username']], fixed: ['username'], holdsData: true },
  queue: { under: 'site', section: 'queues', as: 'list', short: 'queue', keys: [['queue', 'connection']], repeats: true },
  redirect: { under: 'site', section: 'redirects', as: 'list', keys: [['from']] },
  certificate: {
    under: 'site',
    section: 'certificates',
    as: 'list',
    short: 'domain',
    keys: [['domain', 'type']],
    fixed: ['domain', 'type', 'certificate', 'private_key'],
  },
  daemon: { under: 'server', section: 'daemons', as: 'list', short: 'command', keys: [['command', 'directory', 'user']], repeats: true },
  crontab: { under: 'server', section: 'crontabs', as: 'list', keys: [['command', 'user']], repeats: true },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;

/** The kinds of which there is a list under something. */
export const kindNames = Object.keys(kinds) as readonly KindName[];

/** The kind with this name, without its literal types. */
export const kindOf = (name: KindName): Kind => kinds[name];

/** The path of the list of a kind. */
export const listOfKind = (name: KindName): string => (namings[name]?.list ?? '').replace('GET ', '');

/** An operation of a kind: on its list for POST without an action, else on one of it. */
export const callOf = (method: string, kind: KindName, action?: string): Endpoint =>
  `${method} ${listOfKind(kind)}${method === 'POST' && action === undefined ? '' : `/{${kind}}${action ?? ''}`}` as Endpoint;

/** What reads everything of these kinds. */
export function readsOf(names: readonly KindName[]): readonly Endpoint[] {
  return names.flatMap((name) => [`GET ${listOfKind(name)}` as Endpoint, callOf('GET', name)]);
}

/** What reads everything that a state file can name: the lists, one resource for the fields that its list leaves out, and the names for ids. */
export const stateReads: readonly Endpoint[] = [...readsOf(kindNames), 'GET /git-providers'];

/** Why something that can be set at the API is in no state file: a resource, or a field of one. */
export const outside: Readonly<Record<string, string>> = {
  release: 'It is history.',
  webhook: 'It is history.',
  backup: 'It is made by an action.',
  token: 'It is a secret of a person.',
  credential: 'The API never shows its secret.',
  git_provider: 'The API never shows its secret.',
  schedule: 'It is a moment, not a state.',
  credential_id: 'Only the create of a server takes it, and a state file creates no servers.',
  reason: 'The API does not show why a site was suspended.',
};
