import { own } from '../base/json.ts';

/** Every ability of the API reference, by resource. */
export const vocabulary = {
  server: ['read', 'create', 'update', 'delete'],
  site: ['read', 'create', 'update', 'delete', 'deploy'],
  database: ['read', 'create', 'update', 'delete'],
  crontab: ['read', 'create', 'update', 'delete'],
  daemon: ['read', 'create', 'update', 'delete'],
  'queue-worker': ['read', 'create', 'update', 'delete'],
  redirect: ['read', 'create', 'update', 'delete'],
  'network-rule': ['read', 'create', 'delete'],
  'ssh-key': ['read', 'create', 'delete'],
  certificate: ['read', 'create', 'delete'],
  provider: ['read', 'create', 'update', 'delete'],
} as const;

/** Every ability as `resource:action`, in the order of the API reference. */
export const abilities: readonly string[] = Object.entries(vocabulary).flatMap(([resource, actions]) =>
  actions.map((action) => `${resource}:${action}`),
);

/** The ability that an operation needs. `assumed`: not stated by the API reference. */
export interface Need {
  readonly ability: string;
  readonly assumed: boolean;
}

const stated = (ability: string): Need => ({ ability, assumed: false });
const assumed = (ability: string): Need => ({ ability, assumed: true });

/** Collections whose standard operations need `resource:action`. */
const collections: Readonly<Record<string, keyof typeof vocabulary>> = {
  servers: 'server',
  sites: 'site',
  databases: 'database',
  crontabs: 'crontab',
  daemons: 'daemon',
  queues: 'queue-worker',
  redirects: 'redirect',
  'network-rules': 'network-rule',
  'ssh-keys': 'ssh-key',
  certificates: 'certificate',
  providers: 'provider',
  credentials: 'provider',
  regions: 'provider',
  sizes: 'provider',
  images: 'provider',
  'git-providers': 'provider',
  'git-repositories': 'provider',
};
const actions: Readonly<Record<string, string>> = {
  GET: 'read',
  POST: 'create',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
};

/** Operations outside that pattern. Where the API reference is silent, the closest ability is assumed. */
const others: readonly (readonly [RegExp, Need | ((method: string) => Need)])[] = [
  [/\/(deploy|schedule-deploy|cancel-scheduled-deploy)$/, stated('site:deploy')],
  [/\/rollback$/, assumed('site:deploy')],
  [/\/(suspend|resume|enable-zero-downtime)$/, assumed('site:update')],
  [/\/(releases|webhooks)$/, assumed('site:read')],
  [/\/environment-variables(\/|$)/, (method) => assumed(method === 'GET' ? 'site:read' : 'site:update')],
  [/\/servers\/\{\w+\}\/logs$/, assumed('server:read')],
  [/\/servers\/\{\w+\}\/(restart|provision)$/, assumed('server:update')],
  [/\/queues\/\{\w+\}\/restart$/, assumed('queue-worker:update')],
  [/\/daemons\/\{\w+\}\/restart$/, assumed('daemon:update')],
  [/\/databases\/\{\w+\}\/users(\/|$)/, (method) => assumed(`database:${actions[method]}`)],
  [/\/backups\/\{\w+\}\/restore$/, assumed('database:update')],
  [/\/backups\/\{\w+\}\/(download|verify)$/, assumed('database:read')],
  [/\/backups(\/application)?$/, (method) => assumed(method === 'GET' ? 'database:read' : 'database:create')],
  [/\/git-repositories\/\{\w+\}\/(setup-deploy-key|enable-auto-deploy|disable-auto-deploy)$/, assumed('provider:update')],
];

/** The ability that an endpoint needs; undefined for `/user`, `/tokens`, `/login` and `/logout`, which need none. */
export function needOf(endpoint: string): Need | undefined {
  const [method = '', path = ''] = endpoint.split(' ');
  for (const [pattern, need] of others) if (pattern.test(path)) return typeof need === 'function' ? need(method) : need;
  const collection =
    path
      .replace(/\/\{\w+\}$/, '')
      .split('/')
      .at(-1) ?? '';
  const resource = own(collections, collection);
  const action = own(actions, method);
  return resource && action ? stated(`${resource}:${action}`) : undefined;
}
