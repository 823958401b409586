import { DnxError, isError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { inQuotes, oneLine, orList, wordOf } from '../../base/text.ts';
import { listsIn, MOST_NAME, type Platform, pathId, processOf, redirectOf } from './lists.ts';
import type { PlatformApi } from './platform-api.ts';

/**
 * What https://forge.laravel.com/docs/api-reference/PAGE declares, below an organization.
 *
 * Assumed, where it leaves things open: a site is in /home/USER/NAME; jobs of a site are also in the list of its server, and what the list of
 * a team has is in that of the organization; integrations start background processes and jobs that are listed. Sites come before processes
 * and jobs, which may be theirs, and domains first, as the primary one is the name of a site.
 */
const lists = listsIn(`
servers/list-archived-servers                | archived server   | /servers/archives    | server:view     | name | type provider ip_address
organizations/list-server-credentials        | server credential | /server-credentials  | credential:view | name | provider in_use
storage-providers/list-storage-providers     | storage provider  | /storage-providers   | storage:manage  | name | provider region bucket directory endpoint in_use
recipes/list-organization-recipes            | recipe            | /recipes             | recipe:view     | name | user
roles/list-roles                             | role              | /roles               | organization:view | name
teams/list-teams                             | team              | /teams               | team:view       | name
teams/list-team-members                      | team member       | /teams/*/members     | team:view       | email | name
teams/list-team-invitations                  | team invitation   | /teams/*/invites     | team:view       | email
servers/list-servers | server | /servers | server:view | name | type provider region size ubuntu_version php_version php_cli_version database_type ip_address private_ip_address ssh_port timezone opcache_status connection_status revoked is_ready | server
sites/list-sites-for-server | site | /servers/*/sites | server:view | name | app_type>type status url user php_version web_directory root_directory repository.url>repository repository.provider>git repository.branch>branch quick_deploy>auto_deploy zero_downtime_deployments>zero_downtime isolated aliases wildcards database https shared_paths maintenance_mode.enabled>maintenance uses_envoyer | site
sites/list-domains                           | domain            | /servers/*/sites/*/domains | site:meta | name | type status www_redirect_type>www_redirect allow_wildcard_subdomains>wildcard
sites/list-domain-certificates               | certificate       | /servers/*/sites/*/domains/*/certificates | site:meta | type | type status active verification_method key_type request_status | certificate
sites/list-sites-for-server                  | repository        | /servers/*/sites/*   | | repository.url  | repository.provider>git repository.branch>branch quick_deploy>auto_deploy | repository
sites/list-sites-for-server                  | health check      | /servers/*/sites/*   | | healthcheck_url |
sites/get-env-content                        | environment file  | /servers/*/sites/*/environment | server:view | content | | variable
redirect-rules/list-site-redirect-rules      | redirect rule     | /servers/*/sites/*/redirect-rules | site:manage-redirects | from | from to type status | redirect
scheduled-jobs/list-site-scheduled-jobs      | scheduled job     | /servers/*/sites/*/scheduled-jobs | server:view | command | command user cron>frequency frequency>schedule name>title status | crontab
security-rules/list-site-security-rules      | security rule     | /servers/*/sites/*/security-rules | site:manage-security | name | path status
deployments/list-site-webhooks               | deployment webhook | /servers/*/sites/*/webhooks | site:manage-notifications | url
sites/list-heartbeats                        | heartbeat         | /servers/*/sites/*/heartbeats | server:view | name | frequency custom_frequency grace_period status
sites/get-composer-credentials-for-the-site  | Composer credential | /servers/*/sites/*/composer/credentials | server:view | repository | username
sites/get-npm-credentials-for-the-site       | npm credential    | /servers/*/sites/*/npm/credentials | server:view | registry | scopes
deployments/get-deployment-script            | deployment script | /servers/*/sites/*/deployments/script | server:view | content | content auto_source
sites/get-nginx-configuration                | nginx configuration | /servers/*/sites/*/nginx | site:manage-nginx | content
deployments/get-deploy-key                   | deploy key        | /servers/*/sites/*/deploy-key ?site.repository | server:view | key | key>public_key
sites/list-load-balancing-nodes              | load balancing node | /servers/*/sites/*/load-balancing-nodes ?server.type=loadbalancer | site:manage-project | server_id | server_id>node@server port weight backup down
background-processes/list-background-processes | background process | /servers/*/background-processes | server:view | command | command directory user processes status | daemon
databases/list-database-schemas              | database          | /servers/*/database/schemas | server:view | name | status | database
databases/list-database-users                | database user     | /servers/*/database/users | server:view | name | name>username status | database_user
firewall-rules/list-server-firewall-rules    | firewall rule     | /servers/*/firewall-rules | server:manage-network | name | name port ip_address>source type>action status | network_rule
ssh-keys/list-server-ssh-keys                | SSH key           | /servers/*/ssh-keys  | server:view | name | name user status | ssh_key
backups/list-backup-configurations           | backup configuration | /servers/*/database/backups | server:view | name | provider storage_provider_id>storage@storage_provider bucket directory schedule displayable_schedule cron_schedule day_of_week time retention notify_email database_ids>databases@database status
monitors/list-server-monitors                | monitor           | /servers/*/monitors  | server:view | type | operator threshold minutes notify status
nginx/list-nginx-templates                   | nginx template    | /servers/*/nginx/templates | server:view | name
servers/list-php-versions-for-server         | PHP version       | /servers/*/php/versions | server:view | version | status
servers/get-server-network                   | network peer      | /servers/*/network   | server:view | name | private_ip_address
ssh-keys/get-server-public-ssh-key           | server key        | /servers/*/key       | server:view | fingerprint | fingerprint
servers/get-server-php-max-upload-size       | PHP upload limit  | /servers/*/php/max-upload-size | server:view | max_upload_size | max_upload_size
servers/get-server-php-max-execution-time    | PHP time limit    | /servers/*/php/max-execution-time | server:view | max_execution_time | max_execution_time
servers/get-server-php-opcache-status        | OPcache setting   | /servers/*/php/opcache | server:view | opcache_enabled | opcache_enabled
scheduled-jobs/list-server-scheduled-jobs    | scheduled job     | /servers/*/scheduled-jobs | server:view | command | command user cron>frequency frequency>schedule name>title status | crontab
`);

/** Laravel Forge: JSON:API, with pages by cursor (https://forge.laravel.com/docs/api-reference/pagination). */
export const forge: Platform = {
  name: 'Forge',
  host: 'https://forge.laravel.com',
  variable: 'FORGE_TOKEN',
  tokens: '/profile/api',
  query: (key) => ({ 'page[cursor]': key }),
  next: ({ next_cursor: cursor }) => (typeof cursor === 'string' && cursor !== '' ? cursor : undefined),
  resource(item, { included }) {
    const { id, attributes, relationships } = isObject(item) ? item : {};
    const tags = isObject(relationships) && isObject(relationships.tags) ? [relationships.tags.data].flat() : [];
    return {
      id: pathId(id),
      attributes: isObject(attributes) ? attributes : undefined,
      tags: tags.flatMap((tag) => tagNames(tag, included)),
    };
  },
  lists,
  words: {
    'background process': processOf,
    'redirect rule': redirectOf,
    'load balancing node': (fields, id) => ({ name: String(fields.node ?? id), fields }),
    // The path of a webhook is often a secret.
    'deployment webhook': (fields, url) => ({ name: URL.canParse(url) ? new URL(url).host : 'webhook', fields }),
    site: (fields, name) => ({ fields: { ...fields, directory: `/home/${wordOf(fields.user)}/${name}` } }),
  },
  found({ noun }, resources, site) {
    const primary = resources.find(({ attributes }) => noun === 'domain' && attributes?.type === 'primary')?.attributes?.name;
    const isName = typeof primary === 'string' && primary.length <= MOST_NAME && !['', site.name].includes(primary);
    return isName ? { name: primary, fields: { name: site.name } } : undefined;
  },
  outside: [
    'Deployments, commands, events, backups that were made, runs of recipes, and logs are history.',
    'Integrations (Horizon, Octane, Reverb, Inertia, Pulse, the scheduler) are read as the processes and jobs that they start.',
    'php.ini files and the nginx configuration of single domains are not read. Check whether yours were edited.',
    'Public keys, private keys of certificates, passwords of database users and of security rules are not in the API of Forge.',
    'Deployment trigger URLs and ping URLs of heartbeats are secrets of Forge.',
  ],
};

const tagNames = (tag: unknown, included: unknown): string[] =>
  [included].flat().flatMap((each) => {
    const isTag = isObject(each) && isObject(tag) && each.type === 'tags' && each.id === tag.id;
    return isTag && isObject(each.attributes) ? [oneLine(each.attributes.name)] : [];
  });

/** The organization with this slug, or the only one that the token sees. https://forge.laravel.com/docs/api-reference/organizations/list-organizations */
export const organization = (given?: string) => async (api: PlatformApi) => {
  const name = given ?? (await onlyOrganization(api));
  if (!/^[\w-]+(\.[\w-]+)*$/.test(name)) throw usage(`${inQuotes(name)} is not a slug of an organization.`);
  return { name, root: `/orgs/${name}` };
};

async function onlyOrganization(api: PlatformApi): Promise<string> {
  const found = await api.list('/orgs').catch((error: unknown) => {
    throw isError(error, 'forbidden') ? error.withHint('Use --organization, or a token with the scope organization:view.') : error;
  });
  const slugs = found.map(({ attributes }) => wordOf(attributes?.slug)).filter(Boolean);
  if (slugs.length === 1) return slugs[0] as string;
  if (slugs.length === 0) throw new DnxError('not_found', 'The token sees no organization of Forge.', { hint: 'Check who made it.' });
  const choices = orList(slugs.slice(0, 20).map(inQuotes));
  throw usage(`The token sees ${slugs.length} organizations of Forge.`, `Use --organization with ${choices}.`);
}
