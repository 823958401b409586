import { type Elsewhere, openElsewhere } from './elsewhere.ts';
import { answering, type Hostility } from './hostile-api.ts';

type Attributes = Readonly<Record<string, unknown>>;

/** A resource as the API reference of Forge declares them all: https://forge.laravel.com/docs/api-reference/introduction */
interface Resource {
  readonly id: string;
  readonly type: string;
  attributes: Attributes;
  readonly relationships?: unknown;
}

/** A Laravel Forge on loopback, with an account that was made by hand from its documentation. */
export interface Forge extends Pick<Elsewhere, 'url' | 'requests' | 'close'> {
  readonly token: string;
  /** The slugs of the organizations that the token sees. Only the first one has something. */
  readonly organizations: string[];
  /** The scopes of the token. Undefined: all. */
  scopes: readonly string[] | undefined;
  /** How it answers requests whose path matches. */
  hostile: { readonly how: Hostility; readonly at: RegExp; times?: number } | undefined;
  /** Every path of the account under `/api/orgs/acme`, with its list, or with what is there once. */
  readonly routes: Map<string, Resource[] | Resource>;
  /** Replaces attributes of every resource whose path matches, or of one of them. */
  change(at: RegExp, attributes: Attributes, index?: number): void;
  /** Everything of the account that was served, each once, as `PATH#ID`: what an import must account for. */
  readonly served: Set<string>;
  /** The same, of everything that it has. */
  readonly all: ReadonlySet<string>;
}

// ---- The account. Five servers, and thirty sites: server, domain, app_type, PHP, web directory, root directory and what it has.

const SERVERS: readonly (readonly [name: string, type: string, php: string, database: string])[] = [
  ['lb-1', 'loadbalancer', 'php83', 'null'],
  ['app-1', 'app', 'php83', 'mysql8'],
  ['app-2', 'web', 'php84', 'null'],
  ['worker-1', 'worker', 'php82', 'null'],
  ['db-1', 'database', 'null', 'postgres16'],
];

const SITES = `
lb-1     shop.example.com        -           83 /public       /          norepo noenv nodes cert=own
app-1    shop.example.com        Laravel     83 /public       /          zd hz sched db=shop alias=www.shop.example.com alias=shop.example.net tags
app-1    api.example.com         Laravel     83 /public       /apps/api  zd q db=api hook heart
app-1    admin.example.com       Laravel     83 /public       /apps/admin zd basic db=api
app-1    blog.example.com        WordPress   81 /             /          db=blog noenv norepo redirects
app-1    docs.example.com        Static-HTML 83 /             /          norepo noenv redirects
app-1    www.acme.test           Statamic    83 /public       /          zd iso=acme composer sched
app-1    portal.acme.test        Laravel     82 /public       /          zd iso=portal npm db=portal pulse
app-1    legacy.acme.test        PHP         74 /htdocs       /          iso=legacy norepo cert=csr db=legacy
app-1    old.acme.test           Laravel     80 /public       /          q norepo db=old cert=none
app-1    crm.acme.test           Laravel     83 /web          /          zd q sched heart health db=crm
app-1    *.tenants.example.com   Laravel     83 /public       /          zd wild db=tenants cert=dns
app-1    pma.example.com         phpMyAdmin  83 /             /          norepo noenv basic
app-2    shop.example.com        Laravel     84 /public       /          zd oct health alias=www.shop.example.com
app-2    live.example.com        Laravel     84 /public       /          zd reverb alias=ws.example.com
app-2    nuxt.example.com        Nuxt.js     84 /.output/public /frontend zd npm ssr
app-2    next.example.com        Next.js     84 /out          /          npm
app-2    symfony.example.com     Symfony     84 /public       /          zd composer
app-2    craft.example.com       Craft       82 /web          /          db=craft
app-2    status.example.com      Laravel     84 /public       /          zd sched health
app-2    forms.example.com       Laravel     84 /public       /services/forms zd q hook
app-2    media.example.com       Custom      84 /             /          norepo noenv
app-2    staging.example.com     Laravel     84 /public       /          zd basic maintenance
app-2    beta.example.com        Laravel     84 /public       /          zd envoyer
app-2    landing.example.com     Static-HTML 84 /dist         /          noenv redirects
app-2    app-1.on-forge.com      Laravel     84 /public       /          zd primary=trial.example.com
worker-1 shop.example.com        Laravel     82 /public       /          zd hz q
worker-1 crm.acme.test           Laravel     82 /public       /          q custom
worker-1 mail.example.com        Laravel     82 /public       /          zd q sched
worker-1 import.example.com      Laravel     82 /public       /          zd daemon
`;

const stamps = { created_at: '2025-07-29T09:00:00Z', updated_at: '2025-07-30T09:00:00Z' };
const installed = { status: 'installed', ...stamps };
/** Attributes whose resource is there once, and is not there without them. */
const ONCE = /\/(key|environment|script|deploy-key|nginx|max-upload-size|max-execution-time|opcache)$/;

/** Attributes in short: `name=Nightly; retention=7; time=null`. */
export const row = (text: string, ...more: readonly Attributes[]): Attributes => {
  const pairs = text.split('; ').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
  const values = pairs.map(([key, value]) => [key, /^(-?\d+|true|false|null)$/.test(value) ? JSON.parse(value) : value]);
  return Object.assign(Object.fromEntries(values), ...more);
};
const TAGS = { relationships: { tags: { data: [{ type: 'tags', id: '1' }] } } };

/** Everything under `/orgs/acme`. */
function account(): Map<string, Resource[] | Resource> {
  const routes = new Map<string, Resource[] | Resource>();
  let id = 100;
  const resource = (type: string, attributes: Attributes): Resource => ({ id: String(++id), type, attributes });
  const put = (path: string, type: string, ...rows: readonly (Attributes | false)[]): Resource[] => {
    const added = rows.filter((each) => each !== false).map((each) => resource(type, each));
    routes.set(path, [...((routes.get(path) as Resource[]) ?? []), ...added]);
    return added;
  };
  const putOnce = (path: string, type: string, attributes: Attributes) => routes.set(path, resource(type, attributes));

  // organizations/list-server-credentials, storage-providers/list-storage-providers, recipes/list-organization-recipes, roles/list-roles
  put('/server-credentials', 'serverCredentials', row('name=Hetzner; provider=hetzner; in_use=true', stamps));
  const bucket =
    'name=Backups; provider=s3; provider_name=Amazon S3; region=eu-central-1; bucket=acme-backups; directory=null; endpoint=null';
  const [storage] = put('/storage-providers', 'storageProviders', row(`${bucket}; assume_role=null; in_use=true`, stamps));
  for (const name of ['Install Imagick', 'Rotate logs', 'Tune swap'])
    put('/recipes', 'recipes', row(`name=${name}; script=apt-get update; user=root`, stamps));
  put('/roles', 'customRoles', row('name=Deployer', stamps));
  // teams/list-teams, teams/list-team-members, teams/list-team-invitations
  for (const team of put('/teams', 'teams', row('name=Developers', stamps), row('name=Support', stamps))) {
    put(`/teams/${team.id}/members`, 'memberships', row('name=Ada; email=ada@example.com', stamps));
    put(`/teams/${team.id}/invites`, 'teamInvitations', row('email=new@example.com', stamps));
  }

  // servers/list-servers
  const machine = 'ubuntu_version=24.04; ssh_port=22; provider=hetzner; identifier=i-4711; size=cpx21; region=fsn1; opcache_status=enabled';
  const state =
    'db_status=null; redis_status=null; revoked=false; connection_status=connected; timezone=UTC; local_public_key=null; is_ready=true';
  const serverOf = (at: number, name: string, type: string, php: string, database: string): Attributes =>
    row(
      `id=${at}; credential_id=1; name=${name}; slug=${name}; type=${type}; php_version=${php}; php_cli_version=${php}; database_type=${database}`,
      row(`${machine}; ${state}; ip_address=203.0.113.${10 + at}; private_ip_address=10.0.0.${10 + at}`, stamps),
    );
  const servers = SERVERS.map((each, at) => Object.assign(resource('servers', serverOf(at, ...each)), TAGS));
  routes.set('/servers', servers);
  put('/servers/archives', 'servers', serverOf(9, 'app-0', 'app', 'php80', 'mysql'));

  for (const { id: own, attributes } of servers) {
    const path = `/servers/${own}`;
    const { name, php_version: php, database_type } = attributes;
    const isApp = name === 'app-1';
    for (const each of ['sites', 'background-processes', 'database/schemas', 'database/users', 'database/backups'])
      put(`${path}/${each}`, each);
    // firewall-rules/list-server-firewall-rules: one page holds 30
    const rule = (port: string | null, ip_address: string | null, type = 'allow') => ({
      ...{ name: `Rule ${port}`, port, type },
      ip_address,
      ...installed,
    });
    for (const port of ['22', '80', '443']) put(`${path}/firewall-rules`, 'rules', rule(port, null));
    put(`${path}/firewall-rules`, 'rules', rule('8000:8100', '10.0.0.0/8'), rule(null, '192.0.2.7', 'deny'));
    for (let port = 9_000; isApp && port < 9_033; port++) put(`${path}/firewall-rules`, 'rules', rule(String(port), '198.51.100.7'));
    // ssh-keys/list-server-ssh-keys, ssh-keys/get-server-public-ssh-key
    for (const key of ['ada@laptop', 'ci']) put(`${path}/ssh-keys`, 'keys', row(`name=${key}; user=forge; created_by=1`, installed));
    putOnce(`${path}/key`, 'serverKeys', row(`public_key=ssh-ed25519 AAAA; fingerprint=SHA256:${own}`));
    // monitors/list-server-monitors, nginx/list-nginx-templates
    const disk = row(
      'type=disk; operator=gte; minutes=5; notify=ops@example.com; state=OK; state_changed_at=null',
      { threshold: 80.5 },
      installed,
    );
    put(`${path}/monitors`, 'monitors', disk);
    put(`${path}/nginx/templates`, 'nginxTemplates', isApp && row('name=With cache; content=server { }', stamps));
    // servers/list-php-versions-for-server, servers/get-server-php-max-upload-size and its neighbors
    const versions = isApp
      ? ['7.4', '8.0', '8.1', '8.2', '8.3']
      : [php].flat().flatMap((each) => (each === null ? [] : String(each).replace(/php(\d)/, '$1.')));
    put(`${path}/php/versions`, 'phpVersions', ...versions.map((version) => ({ version, binary_name: `php${version}`, ...installed })));
    putOnce(`${path}/php/max-upload-size`, 'phpMaxUploadSizes', { max_upload_size: isApp ? 128 : null });
    putOnce(`${path}/php/max-execution-time`, 'phpMaxExecutionTimes', { max_execution_time: isApp ? 60 : null });
    putOnce(`${path}/php/opcache`, 'phpOpcaches', { opcache_enabled: php !== null });
    // servers/get-server-network
    routes.set(`${path}/network`, isApp ? servers.slice(4) : []);
    for (let at = 0; name === 'db-1' && at < 31; at++) put(`${path}/database/schemas`, 'databases', row(`name=archive_${at}`, installed));
    put(`${path}/database/users`, 'databaseUsers', name === 'db-1' && row('name=reporting', installed));
    const exporter = database_type !== null && process('/usr/local/bin/exporter --port 9104', { user: 'root' });
    put(`${path}/background-processes`, 'backgroundProcesses', exporter);
    put(`${path}/scheduled-jobs`, 'scheduledJobs', job('/usr/bin/certbot renew --quiet', '0 3 * * *', { user: 'root', name: 'Renew' }));
  }

  for (const line of SITES.trim().split('\n')) {
    const [host, domain = '', app = '', version = '', web = '', root = '', ...has] = line.split(/\s+/);
    const server = servers.find(({ attributes }) => attributes.name === host) as Resource;
    const value = (key: string) => has.filter((word) => word.startsWith(`${key}=`)).map((word) => word.slice(key.length + 1));
    const is = (word: string) => has.includes(word);
    const on = `/servers/${server.id}`;
    const [user = 'forge'] = value('iso');
    const directory = `/home/${user}/${domain}${is('zd') ? '/current' : ''}`;
    const php = `php${version.replace(/^(\d)/, '$1.')}`;
    const [database = null] = value('db');
    // sites/list-sites-for-server
    const git = `git@github.com:acme/${root === '/' ? domain.replace(/\W+/g, '-') : 'monorepo'}.git`;
    const repository = is('norepo')
      ? 'provider=custom; url=null; branch=null; status=null'
      : `provider=github; url=${git}; branch=main; status=installed`;
    const names = `name=${domain}; status=installed; url=https://${domain}; user=${user}; https=${!is('cert=none')}; isolated=${user !== 'forge'}`;
    const places = `web_directory=${web}; root_directory=${root}; php_version=php${version}; database=${database}; wildcards=${is('wild')}`;
    const deploys = `deployment_status=finished; quick_deploy=${is('norepo') ? null : is('zd')}; zero_downtime_deployments=${is('zd')}; deployment_script=null`;
    const rest = `uses_envoyer=${is('envoyer')}; deployment_url=https://forge.laravel.com/deploy/http?token=${SECRET}; healthcheck_url=${is('health') ? `https://${domain}/up` : null}`;
    const attributes = row(`${names}; ${places}; ${deploys}; ${rest}; app_type=${app === '-' ? null : app.replace('-', ' ')}`, stamps, {
      aliases: value('alias'),
      repository: row(repository),
      maintenance_mode: { enabled: is('maintenance'), status: null },
      shared_paths: is('zd') ? { storage: 'storage' } : [],
    });
    const [site] = put(`${on}/sites`, 'sites', attributes);
    if (is('tags')) Object.assign(site ?? {}, TAGS);
    const path = `${on}/sites/${site?.id}`;
    // sites/list-domains, sites/list-domain-certificates
    const record = (name: string, type: string, www: string) =>
      row(`name=${name}; type=${type}; status=enabled; www_redirect_type=${www}; allow_wildcard_subdomains=${is('wild')}`, stamps);
    const [primary = domain] = value('primary');
    const [how = 'type=letsencrypt; verification_method=http-01'] = value('cert').map((each) => CERTIFICATES[each]);
    const certificate = row(
      `verification_method=null; ${how}; key_type=ecdsa; preferred_chain=ISRG Root X1; request_status=created; active=true`,
      installed,
    );
    for (const each of put(
      `${path}/domains`,
      'domainRecords',
      record(primary, 'primary', 'from-www'),
      ...value('alias').map((name) => record(name, 'alias', 'none')),
    ))
      put(`${path}/domains/${each.id}/certificates`, 'certificates', !is('cert=none') && certificate);
    // sites/get-env-content
    putOnce(`${path}/environment`, 'environments', { content: is('noenv') ? '' : dotenv(domain, database) });
    // redirect-rules/list-site-redirect-rules, security-rules/list-site-security-rules
    for (const rule of ['from=/old; to=/new; type=permanent', 'from=/sale; to=https://shop.example.com/sale; type=redirect'])
      put(`${path}/redirect-rules`, 'redirect-rules', is('redirects') && row(rule, installed));
    put(`${path}/security-rules`, 'securityRules', is('basic') && row('name=Staff only; path=null', installed));
    // scheduled-jobs/list-site-scheduled-jobs; the list of the server has them, too
    const scheduler = is('sched') && job(`${php} ${directory}/artisan schedule:run`, '* * * * *', { user });
    (routes.get(`${on}/scheduled-jobs`) as Resource[]).push(...put(`${path}/scheduled-jobs`, 'scheduledJobs', scheduler));
    // background-processes/list-background-processes
    for (const [flag, command, more] of PROCESSES)
      put(
        `${on}/background-processes`,
        'backgroundProcesses',
        is(flag) && process(command.replace('PHP', php).replace('DIR', directory), { user, directory, ...more }),
      );
    // deployments/list-site-webhooks, sites/list-heartbeats
    put(`${path}/webhooks`, 'deploymentWebhooks', is('hook') && row(`url=https://hooks.example.com/services/${SECRET}`, stamps));
    const beat = `name=Nightly; status=beating; grace_period=5; frequency=1440; custom_frequency=null; ping_url=https://forge.laravel.com/${SECRET}`;
    put(`${path}/heartbeats`, 'heartbeats', is('heart') && row(beat));
    // sites/get-composer-credentials-for-the-site, sites/get-npm-credentials-for-the-site
    put(
      `${path}/composer/credentials`,
      'composerCredentials',
      is('composer') && row(`repository=repo.packagist.com; username=acme; password=${SECRET}`),
    );
    put(
      `${path}/npm/credentials`,
      'npmCredentials',
      is('npm') && row(`registry=npm.pkg.example.com; token=${SECRET}`, { scopes: ['@acme'] }),
    );
    // deployments/get-deployment-script, deployments/get-deploy-key, sites/get-nginx-configuration
    const script = is('zd')
      ? '$CREATE_RELEASE()\n$FORGE_COMPOSER install --no-dev\n$ACTIVATE_RELEASE()'
      : `cd ${directory}\ngit pull origin $FORGE_SITE_BRANCH`;
    putOnce(`${path}/deployments/script`, 'deploymentScripts', { content: is('norepo') ? null : script, auto_source: is('zd') });
    putOnce(`${path}/deploy-key`, 'deployKeys', { key: root === '/' && !is('norepo') ? 'ssh-ed25519 AAAADEPLOY' : null });
    putOnce(`${path}/nginx`, 'nginxConfigs', { content: `server { server_name ${domain}; }` });
    // sites/list-load-balancing-nodes
    for (const weight of [1, 2])
      put(
        `${path}/load-balancing-nodes`,
        'loadBalancingNodes',
        is('nodes') && row(`server_id=${servers[weight]?.id}; port=80; weight=${weight}; backup=false; down=false`),
      );
    // databases/list-database-schemas, databases/list-database-users, backups/list-backup-configurations
    if (database === null || (routes.get(`${on}/database/schemas`) as Resource[]).some((each) => each.attributes.name === database))
      continue;
    const [schema] = put(`${on}/database/schemas`, 'databases', row(`name=${database}`, installed));
    put(`${on}/database/users`, 'databaseUsers', row(`name=${database}`, installed));
    const plan = `name=Nightly; storage_provider_id=${storage?.id}; provider=s3; bucket=acme-backups; directory=shop; schedule=daily; displayable_schedule=Daily`;
    const times =
      'next_run_time=2026-04-17T00:00:00Z; status=installed; day_of_week=null; time=00:00; cron_schedule=null; retention=7; notify_email=null';
    put(
      `${on}/database/backups`,
      'backupConfigurations',
      database === 'shop' && row(`${plan}; ${times}`, { database_ids: [Number(schema?.id)] }),
    );
  }
  return routes;
}

/** What must never leave Forge: tokens in URLs, passwords and ping URLs. */
export const SECRET = 'f0rg3-s3cr3t';

const CERTIFICATES: Readonly<Record<string, string>> = {
  dns: 'type=letsencrypt; verification_method=dns-01',
  own: 'type=existing',
  csr: 'type=csr',
};

const PROCESSES: readonly (readonly [flag: string, command: string, more?: Attributes])[] = [
  ['q', 'PHP artisan queue:work redis --sleep=3 --tries=3 --timeout=60 --queue=high,default --max-jobs=500', { processes: 3 }],
  ['hz', 'PHP artisan horizon'],
  ['oct', 'PHP artisan octane:start --server=swoole --port=8000'],
  ['reverb', 'PHP artisan reverb:start --host=0.0.0.0 --port=8080'],
  ['pulse', 'PHP artisan pulse:check'],
  ['ssr', 'node .output/server/index.mjs'],
  ['daemon', 'PHP DIR/artisan import:listen', { directory: null }],
];

const process = (command: string, more: Attributes): Attributes => ({
  command,
  ...row('user=forge; directory=null; processes=1'),
  ...installed,
  ...more,
});
const job = (command: string, cron: string, more: Attributes): Attributes => ({
  ...row('name=null; user=forge; frequency=Custom; next_run_time=2026-04-17T00:00:00Z', { command, cron }),
  ...installed,
  ...more,
});

/** The dotenv file of a site. */
export const dotenv = (domain: string, database: string | null): string => {
  const app = `APP_NAME="${domain}"\nAPP_ENV=production\nAPP_KEY=base64:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\nAPP_URL=https://${domain.replace('*.', '')}\n`;
  const mysql = `DB_CONNECTION=mysql\nDB_DATABASE=${database}\nDB_USERNAME=${database}\nDB_PASSWORD="pa#ss '${database}'"\n`;
  return `${app}\n${database === null ? 'DB_CONNECTION=sqlite\n' : mysql}QUEUE_CONNECTION=redis # workers\n`;
};

/** The scope of a path. Every other one needs `server:view`. */
const SCOPES: readonly (readonly [RegExp, string])[] = [
  [/^$|\/roles$/, 'organization:view'],
  [/^\/server-credentials/, 'credential:view'],
  [/^\/storage-providers/, 'storage:manage'],
  [/^\/recipes/, 'recipe:view'],
  [/^\/teams/, 'team:view'],
  [/\/firewall-rules$/, 'server:manage-network'],
  [/\/(domains|certificates)$/, 'site:meta'],
  [/sites\/\d+\/nginx$/, 'site:manage-nginx'],
  [/\/redirect-rules$/, 'site:manage-redirects'],
  [/\/security-rules$/, 'site:manage-security'],
  [/\/webhooks$/, 'site:manage-notifications'],
  [/\/load-balancing-nodes$/, 'site:manage-project'],
];

const PAGE = 30;
const ORGANIZATION = '/api/orgs/acme';

/** An empty page that says that there is another. */
const pageOf = (url: URL, how: 'same page' | 'endless') => ({
  ...{ data: [], links: {} },
  meta: {
    path: null,
    per_page: PAGE,
    next_cursor: how === 'endless' ? `${url.searchParams.get('page[cursor]') ?? ''}x` : 'again',
    prev_cursor: null,
  },
});

/** Starts a Forge. */
export async function openForge(): Promise<Forge> {
  const organizations = ['acme'];
  const routes = account();
  const token = 'forge-token-0123456789';
  // https://forge.laravel.com/docs/api-reference/rate-limiting
  const api = () => ({
    token,
    hostile: forge.hostile,
    type: (status: number) => (status < 300 ? 'application/vnd.api+json' : 'application/json'),
    pageOf,
  });
  const handler = answering(api, (url, send) => {
    const path = url.pathname.startsWith(ORGANIZATION) ? url.pathname.slice(ORGANIZATION.length) : undefined;
    const scope = url.pathname === '/api/orgs' ? 'organization:view' : (SCOPES.find(([at]) => at.test(path ?? '?'))?.[1] ?? 'server:view');
    if (forge.scopes && !forge.scopes.includes(scope)) return send(403, { message: 'Invalid scope(s) provided.' });
    const slugs = organizations.map((slug, index) => ({
      id: String(index + 1),
      type: 'organizations',
      attributes: { name: slug, slug, ...stamps },
    }));
    const found = url.pathname === '/api/orgs' ? slugs : routes.get(path ?? '?');
    if (!found) return send(404, { message: 'No query results for model.' });
    if (!Array.isArray(found)) {
      for (const each of countedAt(path ?? '', found)) forge.served.add(each);
      return send(200, { data: found });
    }
    // https://forge.laravel.com/docs/api-reference/pagination
    const size = Number(url.searchParams.get('page[size]') ?? PAGE);
    const start = Number(Buffer.from(url.searchParams.get('page[cursor]') ?? '', 'base64').toString() || 0);
    const page = found.slice(start, start + size);
    if (path !== undefined) for (const each of page) for (const key of countedAt(path, each)) forge.served.add(key);
    const next = start + size < found.length ? Buffer.from(String(start + size)).toString('base64') : null;
    const included = page.some((each) => 'relationships' in each)
      ? { included: [{ id: '1', type: 'tags', attributes: { name: 'production', ...stamps } }] }
      : {};
    // Lists of credentials have page numbers: sites/get-composer-credentials-for-the-site
    const meta =
      /credentials$/.test(path ?? '') && /sites/.test(path ?? '')
        ? { current_page: 1, from: 1, path: null, per_page: PAGE, to: page.length }
        : { path: null, per_page: size, next_cursor: next, prev_cursor: null };
    send(200, {
      data: page,
      links: { next: next && `http://198.51.100.1/api/orgs/acme${path}?page[cursor]=${next}`, prev: null },
      meta,
      ...included,
    });
  });
  const elsewhere = await openElsewhere(handler);
  const forge: Forge = {
    ...elsewhere,
    token,
    organizations,
    routes,
    scopes: undefined,
    hostile: undefined,
    served: new Set(),
    get all() {
      return new Set([...routes].flatMap(([path, found]) => [found].flat().flatMap((each) => countedAt(path, each))));
    },
    change(at, attributes, only) {
      for (const [path, found] of routes)
        if (at.test(path))
          for (const [index, each] of [found].flat().entries())
            if (only === undefined || index === only) each.attributes = { ...each.attributes, ...attributes };
    },
  };
  return forge;
}

/** What an import must account for: a job once though two lists have it, what is there once if it is, and what a site says besides. */
function countedAt(path: string, { id, attributes }: Resource): readonly string[] {
  if (ONCE.test(path)) return Object.values(attributes)[ONCE_AT(path)] === null ? [] : [path];
  const { repository, healthcheck_url } = attributes as { repository?: { url?: string | null }; healthcheck_url?: string | null };
  const job = path.endsWith('/scheduled-jobs') ? '/scheduled-jobs' : path;
  return [
    `${job}#${id}`,
    ...(typeof repository === 'object' && repository.url ? [`${path}#${id} repository`] : []),
    ...(healthcheck_url ? [`${path}#${id} health check`] : []),
  ];
}
const ONCE_AT = (path: string): number => (path.endsWith('/key') ? 1 : 0);
