import { isObject, type JsonObject } from '../../base/json.ts';
import type { Fields, Thing, ThingKind } from './account.ts';

/** A list of Forge, or something that is there once. */
export interface ForgeList {
  /** What Forge calls one of it. */
  readonly noun: string;
  readonly path: string;
  /** The scope that a token needs. */
  readonly scope: string;
  /** The attribute that names it. If something that is there once has none, it is not there. */
  readonly name: string;
  /** The attributes to keep: `ip_address>source` has another name here, `server_id>node@server` is the id of a server. Secrets are not among them. */
  readonly fields: readonly string[];
  readonly kind: ThingKind;
  /** There is one, which is named by its noun. */
  readonly once: boolean;
}

/**
 * What https://forge.laravel.com/docs/api-reference/PAGE declares, as `PAGE | noun | path | scope | name | fields | kind`. Paths are below those of
 * what the table is for.
 *
 * Assumed, where it leaves things open: a site is in /home/USER/NAME; jobs of a site are also in the list of its server, and what the list of
 * a team has is in that of the organization; integrations start background processes and jobs that are listed.
 */
const listsIn = (table: string): readonly ForgeList[] =>
  table
    .trim()
    .split('\n')
    .map((row) => {
      const [page = '', noun = '', path = '', scope = '', name = '', fields = '', kind = 'other'] = row
        .split('|')
        .map((cell) => cell.trim());
      return {
        noun,
        path,
        scope,
        name,
        fields: fields.split(' ').filter(Boolean),
        kind: kind as ThingKind,
        once: /\/get-(?!server-network|.*credentials)/.test(page),
      };
    });

export const organizationLists = listsIn(`
servers/list-archived-servers                | archived server   | /servers/archives    | server:view     | name | type provider ip_address
organizations/list-server-credentials        | server credential | /server-credentials  | credential:view | name | provider in_use
storage-providers/list-storage-providers     | storage provider  | /storage-providers   | storage:manage  | name | provider region bucket directory endpoint in_use
recipes/list-organization-recipes            | recipe            | /recipes             | recipe:view     | name | user
roles/list-roles                             | role              | /roles               | organization:view | name
`);

export const [teams, ...teamLists] = listsIn(`
teams/list-teams                             | team              | /teams               | team:view       | name
teams/list-team-members                      | team member       | /members             | team:view       | email | name
teams/list-team-invitations                  | team invitation   | /invites             | team:view       | email
`) as [ForgeList, ...ForgeList[]];

export const [servers] = listsIn(`
servers/list-servers | server | /servers | server:view | name | type provider region size ubuntu_version php_version php_cli_version database_type ip_address private_ip_address ssh_port timezone opcache_status connection_status revoked is_ready | server
`) as [ForgeList];

/** The jobs of a server come after those of its sites. */
export const [jobs, ...serverLists] = listsIn(`
scheduled-jobs/list-server-scheduled-jobs    | scheduled job     | /scheduled-jobs      | server:view | command | command user cron>frequency frequency>schedule name>title status | crontab
background-processes/list-background-processes | background process | /background-processes | server:view | command | command directory user processes status | daemon
databases/list-database-schemas              | database          | /database/schemas    | server:view | name | status | database
databases/list-database-users                | database user     | /database/users      | server:view | name | name>username status | database_user
firewall-rules/list-server-firewall-rules    | firewall rule     | /firewall-rules      | server:manage-network | name | name port ip_address>source type>action status | network_rule
ssh-keys/list-server-ssh-keys                | SSH key           | /ssh-keys            | server:view | name | name user status | ssh_key
backups/list-backup-configurations           | backup configuration | /database/backups | server:view | name | provider storage_provider_id>storage@storage_provider bucket directory schedule displayable_schedule cron_schedule day_of_week time retention notify_email database_ids>databases@database status
monitors/list-server-monitors                | monitor           | /monitors            | server:view | type | operator threshold minutes notify status
nginx/list-nginx-templates                   | nginx template    | /nginx/templates     | server:view | name
servers/list-php-versions-for-server         | PHP version       | /php/versions        | server:view | version | status
servers/get-server-network                   | network peer      | /network             | server:view | name | private_ip_address
ssh-keys/get-server-public-ssh-key           | server key        | /key                 | server:view | fingerprint | fingerprint
servers/get-server-php-max-upload-size       | PHP upload limit  | /php/max-upload-size | server:view | max_upload_size | max_upload_size
servers/get-server-php-max-execution-time    | PHP time limit    | /php/max-execution-time | server:view | max_execution_time | max_execution_time
servers/get-server-php-opcache-status        | OPcache setting   | /php/opcache         | server:view | opcache_enabled | opcache_enabled
`) as [ForgeList, ...ForgeList[]];

/** A site, and what its attributes say of things that no list has. */
export const [sites, ...ofSite] = listsIn(`
sites/list-sites-for-server | site | /sites | server:view | name | app_type>type status url user php_version web_directory root_directory repository.url>repository repository.provider>git repository.branch>branch quick_deploy>auto_deploy zero_downtime_deployments>zero_downtime isolated aliases wildcards database https shared_paths maintenance_mode.enabled>maintenance uses_envoyer | site
sites/list-sites-for-server | repository   | | | repository.url  | repository.provider>git repository.branch>branch quick_deploy>auto_deploy | repository
sites/list-sites-for-server | health check | | | healthcheck_url |
`) as [ForgeList, ...ForgeList[]];

export const [domains, certificates] = listsIn(`
sites/list-domains                           | domain            | /domains             | site:meta | name | type status www_redirect_type>www_redirect allow_wildcard_subdomains>wildcard
sites/list-domain-certificates               | certificate       | /certificates        | site:meta | type | type status active verification_method key_type request_status | certificate
`) as [ForgeList, ForgeList];

/** The last are only for a site that has a repository, and one on a load balancer. */
export const [environment, deployKey, nodes, ...siteLists] = listsIn(`
sites/get-env-content                        | environment file  | /environment         | server:view | content | | variable
deployments/get-deploy-key                   | deploy key        | /deploy-key          | server:view | key | key>public_key
sites/list-load-balancing-nodes              | load balancing node | /load-balancing-nodes | site:manage-project | server_id | server_id>node@server port weight backup down
redirect-rules/list-site-redirect-rules      | redirect rule     | /redirect-rules      | site:manage-redirects | from | from to type status | redirect
scheduled-jobs/list-site-scheduled-jobs      | scheduled job     | /scheduled-jobs      | server:view | command | command user cron>frequency frequency>schedule name>title status | crontab
security-rules/list-site-security-rules      | security rule     | /security-rules      | site:manage-security | name | path status
deployments/list-site-webhooks               | deployment webhook | /webhooks           | site:manage-notifications | url
sites/list-heartbeats                        | heartbeat         | /heartbeats          | server:view | name | frequency custom_frequency grace_period status
sites/get-composer-credentials-for-the-site  | Composer credential | /composer/credentials | server:view | repository | username
sites/get-npm-credentials-for-the-site       | npm credential    | /npm/credentials     | server:view | registry | scopes
deployments/get-deployment-script            | deployment script | /deployments/script  | server:view | content | content auto_source
sites/get-nginx-configuration                | nginx configuration | /nginx             | site:manage-nginx | content
`) as [ForgeList, ForgeList, ForgeList, ...ForgeList[]];

/** What is never read: history, what the API does not give, and what other things say already. */
export const outside: readonly string[] = [
  'Deployments, commands, events, backups that were made, runs of recipes, and logs are history.',
  'Integrations (Horizon, Octane, Reverb, Inertia, Pulse, the scheduler) are read as the processes and jobs that they start.',
  'php.ini files and the nginx configuration of single domains are not read. Check whether yours were edited.',
  'Public keys, private keys of certificates, passwords of database users and of security rules are not in the API of Forge.',
  'Deployment trigger URLs and ping URLs of heartbeats are secrets of Forge.',
];

/** What a state file calls things of a noun, if something else than Forge does. */
export const wordsOf: Readonly<Record<string, (fields: Fields, name: string) => Partial<Thing>>> = {
  'background process': processOf,
  'redirect rule': ({ type, ...fields }) => ({ fields: { ...fields, type: type === 'permanent' ? 301 : 302 } }),
  'load balancing node': (fields, id) => ({ name: String(fields.node ?? id), fields }),
  // The path of a webhook is often a secret.
  'deployment webhook': (fields, url) => ({ name: URL.canParse(url) ? new URL(url).host : 'webhook', fields }),
};

/** A background process as a state file has it: a queue worker, whose options are fields, or a daemon. */
function processOf(fields: Fields, command: string): Partial<Thing> {
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

/** The value of an attribute, also of one in another: `repository.url`. */
export const attributeOf = (attributes: JsonObject, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), attributes);
