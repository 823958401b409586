import type { ThingKind } from './account.ts';

/** Why something is in no file, and what to type or do for it. SERVER, SITE, NAME and FILE stand for its names. */
export interface Reason {
  readonly why: string;
  readonly instead?: string | undefined;
}

/** Where something goes: a key of deploynix.yml, or a file. Or why nowhere. */
export type Destination = { readonly to: string } | Reason;

/** What becomes of what a state file has words for. */
export const destinations = {
  server: { why: 'A state file creates no server.', instead: 'dnx server create SERVER' },
  site: { to: '`sites`' },
  variable: { to: '`.env.DOMAIN`, and `env_file` of the site' },
  repository: { to: '`repositories`, and `repository` of the site' },
  queue: { to: '`queues` of the site' },
  daemon: { to: '`daemons` of the server' },
  crontab: { to: '`crontabs` of the server' },
  database: { to: '`databases` of the server' },
  database_user: { to: '`users` of the database, with the password of the `.env` that names it' },
  network_rule: { to: '`network_rules` of the server' },
  redirect: { to: '`redirects` of the site' },
  ssh_key: { to: '`ssh_keys` of the server; not from Forge, whose API does not show the public key' },
  certificate: {
    why: 'The new server gets its own, once the domain points to it.',
    instead: 'Then: dnx certificate create NAME --site SITE, or certificates: true',
  },
} as const satisfies Readonly<Record<Exclude<ThingKind, 'other'>, Destination>>;

const NO_SUCH_THING = 'The API of Deploynix has no such thing.';
const OF_SERVER = 'It is a setting of the old server.';

/** What becomes of everything else, by what its platform calls it. */
export const otherThings: Readonly<Record<string, Destination>> = {
  domain: { why: 'A site of Deploynix has one domain: the primary one.', instead: 'dnx site create NAME --server SERVER' },
  'security rule': { why: NO_SUCH_THING, instead: 'Protect the path in the code of the site' },
  'deployment script': {
    why: 'Deploynix deploys with steps of its own.',
    instead: 'Compare its steps with the first deployment: dnx deploy SITE',
  },
  'nginx configuration': { why: 'Deploynix writes its own.', instead: 'Compare it with the one there: dnx ssh SERVER sudo nginx -T' },
  'nginx template': { why: NO_SUCH_THING },
  'health check': { why: NO_SUCH_THING, instead: 'dnx deploy SITE --verify PATH requests a page after a deployment' },
  heartbeat: { why: NO_SUCH_THING, instead: 'Keep the service that waits for it, and ping that from the cron job' },
  'deployment webhook': { why: NO_SUCH_THING, instead: 'dnx deploy SITE --notify URL' },
  'deploy key': {
    why: 'Deploynix makes its own.',
    instead: 'dnx git-repository setup-deploy-key REPOSITORY, and remove the old key at the Git host',
  },
  'Composer credential': { why: NO_SUCH_THING, instead: 'dnx env set SITE COMPOSER_AUTH' },
  'npm credential': { why: NO_SUCH_THING, instead: 'dnx env set SITE NPM_TOKEN, and use it in .npmrc' },
  'load balancing node': {
    why: 'The API of Deploynix does not have the nodes of a load balancer.',
    instead: 'Add them in the dashboard to the server that dnx server create --type load_balancer creates',
  },
  'backup configuration': {
    why: 'A state file has no backups, because an action makes them.',
    instead: 'dnx backup create --database DATABASE --server SERVER, from a cron job',
  },
  monitor: { why: 'Deploynix monitors a server with one switch.', instead: 'servers: { SERVER: { monitoring: true } } in deploynix.yml' },
  'PHP version': { why: 'A server is created with its version of PHP.', instead: 'dnx server create SERVER --php-version NAME' },
  'PHP upload limit': { why: OF_SERVER, instead: 'Set upload_max_filesize in php.ini: dnx ssh SERVER' },
  'PHP time limit': { why: OF_SERVER, instead: 'Set max_execution_time in php.ini: dnx ssh SERVER' },
  'OPcache setting': { why: OF_SERVER, instead: 'Set opcache.enable in php.ini: dnx ssh SERVER' },
  'server key': { why: 'The new server has a key of its own.', instead: 'Add it to the hosts that know the old one: dnx ssh SERVER' },
  'network peer': {
    why: 'The new servers have other private addresses.',
    instead: 'dnx network-rule create PORT --server SERVER --source ADDRESS',
  },
  'archived server': { why: 'It is archived.' },
  alias: { why: 'A site of Deploynix has one domain.', instead: 'dnx site create NAME --server SERVER' },
  tenant: { why: 'A site of Deploynix has one domain.', instead: 'dnx site create NAME --server SERVER' },
  'auth user': { why: NO_SUCH_THING, instead: 'Protect the path in the code of the site' },
  'site monitor': { why: NO_SUCH_THING, instead: 'dnx deploy SITE --verify PATH requests a page after a deployment' },
  'file backup': { why: NO_SUCH_THING, instead: 'dnx storage pull SITE, from a cron job of another machine' },
  'system user': { why: 'At Deploynix, every site runs as deploynix.' },
  insight: { why: 'It is about the old server.' },
  script: { why: NO_SUCH_THING, instead: 'dnx ssh SERVER bash -s < script.sh' },
  'status page': { why: NO_SUCH_THING },
  'webserver template': { why: NO_SUCH_THING },
  project: { why: NO_SUCH_THING },
  'Git provider': { why: 'Its secret stays there.', instead: 'Connect it in the dashboard of Deploynix' },
  'server credential': { why: 'Its secret stays there.', instead: 'dnx credential create' },
  'storage provider': { why: 'Its secret stays there.', instead: 'Connect it in the dashboard of Deploynix, for backups' },
  recipe: { why: NO_SUCH_THING, instead: 'dnx ssh SERVER bash -s < recipe.sh' },
  role: { why: 'The API of Deploynix has no members.', instead: 'Invite them in the dashboard of Deploynix' },
  team: { why: 'The API of Deploynix has no members.', instead: 'Invite them in the dashboard of Deploynix' },
  'team member': { why: 'The API of Deploynix has no members.', instead: 'Invite them in the dashboard of Deploynix' },
  'team invitation': { why: 'The API of Deploynix has no members.', instead: 'Invite them in the dashboard of Deploynix' },
};

/** The types of sites, as Deploynix calls them; others are created with its default. */
export const siteTypes: Readonly<Record<string, string>> = {
  laravel: 'laravel',
  statamic: 'statamic',
  wordpress: 'wordpress',
  html: 'static',
  statichtml: 'static',
  nextjs: 'nextjs',
  nuxt: 'nuxt',
  nuxtjs: 'nuxt',
};

/** The type of a server or database, as Deploynix calls it: `mysql84` and `postgres16` are without a version there. */
export const serverWord = (word: string): string =>
  word
    .replace(/^(mysql|mariadb|postgres)(?:ql)?\d*$/, '$1')
    .replace(/^postgres$/, 'postgresql')
    .replace(/^load-?balancer$/, 'load_balancer')
    .replace(/^server$/, 'app')
    .replace(/^database-server$/, 'database')
    .replace(/^redis-server$/, 'cache');
