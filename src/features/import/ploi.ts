import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { listsIn, type Platform, pathId, processOf, redirectOf } from './lists.ts';

/**
 * What https://developers.ploi.io/PAGE declares.
 *
 * Assumed, where it leaves things open: a site is in /home/USER/DOMAIN, and without a system user, USER is ploi; every scope is called like
 * the documented ones, `Read cronjobs`; what is there once and answered with 404 is not there, as the page of the .env says; and the records
 * of queue workers, databases, insights, projects, scripts, templates, status pages, backups and connections have the fields of the pages
 * that show, create or update one.
 */
const lists = listsIn(`
scripts/list-scripts                         | script            | /scripts             | Read scripts    | label | user
status-pages/list-status-pages               | status page       | /status-pages        | Read status pages | name | slug
webserver-templates/list-webserver-templates | webserver template | /webserver-templates | Read webserver templates | label,name
projects/list-projects                       | project           | /projects            | Read projects   | title
user/list-server-providers                   | server credential | /user/server-providers | Read server providers | label,name,provider
user/list-source-control-providers           | Git provider      | /user/source-control | Read source control providers | label,name,provider
user/list-backup-configurations              | storage provider  | /user/backup-configurations | Read backup configurations | label,name,driver,type | driver type
database/list-database-backups               | backup configuration | /backups/database | Read database backups | custom_name,type | type path compression interval keep_backup_amount excluded locations status
site/list-site-file-backups                  | file backup       | /backups/file        | Read site backups | custom_name,type,path | type path local_path compression interval keep_backup_amount excluded locations status
servers/list-servers | server | /servers | Read servers | name | type status php_version php_cli_version mysql_version database_type ip_address internal_ip>private_ip_address ssh_port opcache monitoring description installed_php_versions | server
sites/list-sites | site | /servers/*/sites | Read sites | domain | project_type>type status system_user>user php_version web_directory project_root>root_directory quick_deploy>auto_deploy zero_downtime_deployment>zero_downtime has_repository has_staging fastcgi_cache disable_robots test_domain | site
sites/list-sites                             | health check      | /servers/*/sites/*   | | health_url |
repositories/get-repository                  | repository        | /servers/*/sites/*/repository ?site.has_repository=true | Read repositories | repository.name | repository.user>owner repository.name>repository repository.provider>git repository.branch>branch quick_deploy>auto_deploy | repository
environment/get-env-from-site                | environment file  | /servers/*/sites/*/env | Read environments | content | | variable
queue-workers/list-queue-workers             | queue worker      | /servers/*/sites/*/queues | Read queues | queue | connection queue processes maximum_tries>tries maximum_seconds>timeout sleep backoff enviroment>environment status | queue
redirects/list-redirects                     | redirect          | /servers/*/sites/*/redirects | Read redirects | redirect_from | redirect_from>from redirect_to>to type status | redirect
certificates/list-certificates               | certificate       | /servers/*/sites/*/certificates | Read certificates | domain | domain type status expires_at | certificate
auth-users/list-auth-users                   | auth user         | /servers/*/sites/*/auth-users | Read auth users | name | path
aliases/list-aliases                         | alias             | /servers/*/sites/*/aliases#aliases | Read aliases | name
tenants/list-tenants                         | tenant            | /servers/*/sites/*/tenants#tenants | Read tenants | name
monitoring/list-monitors                     | site monitor      | /servers/*/sites/*/monitors | Read monitors | label | location active
deployments/get-deploy-script                | deployment script | /servers/*/sites/*/deploy/script | Read deploy scripts | deploy_script | deploy_script>content
sites/get-nginx-configuration                | nginx configuration | /servers/*/sites/*/nginx-configuration | Read sites | content
daemons/list-daemons                         | daemon            | /servers/*/daemons   | Read daemons    | command | command system_user>user directory processes status | daemon
crontabs/list-crontabs                       | cron job          | /servers/*/crontabs  | Read cronjobs   | command | command user frequency status | crontab
databases/list-databases                     | database          | /servers/*/databases | Read databases  | name | type status | database
database-users/list-database-users           | database user     | /servers/*/databases/*/users | Read database users | user | user>username remote remote_ip readonly | database_user
network-rules/list-network-rules             | network rule      | /servers/*/network-rules | Read network rules | name | name port type>protocol from_ip_address>source rule_type>action status | network_rule
ssh-keys/list-ssh-keys                       | SSH key           | /servers/*/ssh-keys  | Read SSH keys   | name | key>public_key system_user>user status | ssh_key
system-users/list-system-users               | system user       | /servers/*/system-users | Read system users | name | root sudo
insights/list-insights                       | insight           | /servers/*/insights  | Read insights   | title,description | status severity
`);

const PER_PAGE = '50';

/** Ploi: flat records, with page numbers (https://developers.ploi.io/getting-started/pagination). */
export const ploi: Platform = {
  name: 'Ploi',
  host: 'https://ploi.io',
  variable: 'PLOI_TOKEN',
  tokens: '/profile/api-keys',
  query: (key = '1') => ({ page: key, per_page: PER_PAGE }),
  next({ current_page: current = 1, last_page: last }, key = '1') {
    if (current !== Number(key)) return key;
    return Number(last) > Number(key) ? String(Number(key) + 1) : undefined;
  },
  resource: (item) => ({ id: pathId(isObject(item) ? item.id : ''), attributes: isObject(item) ? item : undefined }),
  isOnceMissing: true,
  lists,
  words: {
    server: ({ database_type: database = 'none', ...fields }) => ({
      fields: { ...fields, ...(database !== 'none' && { database_type: database }) },
    }),
    site({ user = 'ploi', ...fields }, domain) {
      return { fields: { ...fields, user, directory: `/home/${wordOf(user)}/${domain}`, ...(user !== 'ploi' && { isolated: true }) } };
    },
    repository: ({ owner, repository, ...fields }) => ({ name: repositoryOf(owner, repository), fields }),
    'queue worker'({ backoff, environment, ...fields }) {
      const others = [...(backoff ? [`--backoff=${wordOf(backoff)}`] : []), ...(environment ? [`--env=${wordOf(environment)}`] : [])];
      return { fields: { ...fields, ...(others.length > 0 && { other_options: others }) } };
    },
    redirect: redirectOf,
    daemon: processOf,
  },
  found({ noun }, [resource]) {
    const { user, name, branch } = (noun === 'repository' && (resource?.attributes?.repository as JsonObject | undefined)) || {};
    return name === undefined
      ? undefined
      : { fields: { repository: repositoryOf(user, name), ...(branch !== undefined && { branch: wordOf(branch) }) } };
  },
  outside: [
    'Deployments, backups that were made, uptime, incidents, and logs are history.',
    'Servers behind a load balancer, installed applications and Docker containers are not read. Check which you have.',
    'Schedules and actions of scripts are not read, nor the nginx configuration of single tenants.',
    'Private keys of certificates, and passwords of database users and auth users are not in the API of Ploi.',
    'Webhook URLs for deployments and notifications are secrets of Ploi.',
  ],
};

/** `acme/shop`. The name of a repository at another host may be a whole URL. */
const repositoryOf = (owner: unknown, name: unknown): string =>
  (wordOf(name).includes('/') ? [name] : [owner, name])
    .map((word) => wordOf(word ?? ''))
    .filter(Boolean)
    .join('/');
