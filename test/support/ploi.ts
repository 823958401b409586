import { type Elsewhere, openElsewhere } from './elsewhere.ts';
import { dotenv, row } from './forge.ts';
import { answering, type Hostility } from './hostile-api.ts';

type Item = Record<string, unknown>;

/** A Ploi on loopback, with an account that was made by hand from https://developers.ploi.io. */
export interface Ploi extends Pick<Elsewhere, 'url' | 'requests' | 'close'> {
  readonly token: string;
  /** Paths that the token may not read. */
  forbidden: RegExp | undefined;
  /** How it answers requests whose path matches. */
  hostile: { readonly how: Hostility; readonly at: RegExp; times?: number } | undefined;
  /** Every path of the account, with its list, or with what is there once. */
  readonly routes: Map<string, Item[] | Item>;
  /** Replaces fields of every item of the lists whose path matches, or of one of them. */
  change(at: RegExp, fields: Item, index?: number): void;
  /** Everything of the account that was served, each once, as `PATH#ID`: what an import must account for. */
  readonly served: Set<string>;
  /** The same, of everything that it has. */
  readonly all: ReadonlySet<string>;
}

/** What must never leave Ploi: tokens and webhook URLs. */
export const PLOI_SECRET = 'pl01-s3cr3t';

// ---- The account. Two servers, and eight sites: server, domain, project_type, PHP, web directory, project root and what it has.

const SITES = `
web-1 shop.example.com   laravel   8.3 /public /        zd repo q cron hz db=shop redirects cert alias tenant monitor health
web-1 api.example.com    laravel   8.3 /public /apps/api repo q db=api basic cert
web-1 blog.example.com   wordpress 8.1 /       /        db=blog noenv redirects
web-1 docs.example.com   null      8.3 /       /        noenv alias
web-1 admin.acme.test    laravel   8   /public /        user=acme repo db=admin cert monitor
web-2 crm.acme.test      statamic  8.2 /public /        zd repo=https://git.example.com/acme/crm.git cron daemon
web-2 old.acme.test      craft-cms 7.4 /web    /        user=old basic
web-2 shop.example.com   laravel   8.2 /public /        zd repo worker health
`;

const created_at = '2024-01-15 10:30:00';
const active = { status: 'active', created_at };

/** Everything under `/api`. */
function account(): Map<string, Item[] | Item> {
  const routes = new Map<string, Item[] | Item>();
  let id = 100;
  const put = (path: string, ...items: readonly (Item | false)[]): Item[] => {
    const added = items.filter((item) => item !== false).map((item) => ({ id: ++id, ...item }));
    routes.set(path, [...((routes.get(path) as Item[]) ?? []), ...added]);
    return added;
  };
  // scripts/list-scripts, status-pages/list-status-pages, webserver-templates/list-webserver-templates, projects/list-projects
  put('/scripts', { label: 'Rotate logs', user: 'root', content: 'logrotate', created_at }, { label: 'Tune swap', user: 'ploi' });
  put('/status-pages', { name: 'Acme', slug: 'acme', description: null });
  put('/webserver-templates', { label: 'With cache', content: 'server { }' });
  put('/projects', { title: 'Shop', servers: [], sites: [{ id: 1, root_domain: 'shop.example.com' }], created_at });
  // user/list-server-providers, user/list-source-control-providers, user/list-backup-configurations
  put('/user/server-providers', { label: 'Hetzner', name: 'hetzner' });
  put('/user/source-control', { label: 'Acme at GitHub', name: 'github' });
  put('/user/backup-configurations', { label: 'Bucket', driver: 'custom-s3' });
  // database/update-database-backup, site/update-site-file-backup
  const backup = { interval: 120, keep_backup_amount: 10, custom_name: null, compression: 'gzip', status: 'active' };
  put('/backups/database', { type: 'local', path: '/backups', excluded: ['sessions'], locations: null, ...backup });
  put('/backups/file', { type: 'local', path: '/home/ploi/shop.example.com', local_path: '/backups/sites', ...backup });

  // servers/list-servers
  const machine = { php_cli_version: '8.3', opcache: true, monitoring: true, reboot_required: false, provider: { id: 1, name: 'Hetzner' } };
  const servers = put(
    '/servers',
    row('name=web-1; ip_address=203.0.113.10; internal_ip=10.0.0.10; mysql_version=8; database_type=mysql', { php_version: 8.3 }),
    row('name=web-2; ip_address=203.0.113.11; internal_ip=null; mysql_version=none; database_type=none', { php_version: 8.2 }),
  );
  for (const server of servers) {
    Object.assign(server, { type: 'server', ssh_port: 22, sites_count: 4, ...machine, ...active });
    const on = `/servers/${server.id}`;
    const isFirst = server.name === 'web-1';
    for (const each of ['sites', 'databases', 'daemons', 'crontabs']) put(`${on}/${each}`);
    // network-rules/list-network-rules: more than one page
    const rule = (port: number | string, from_ip_address: string | null = null, rule_type = 'allow') => ({
      ...{ name: `Rule ${port}`, port, type: 'tcp' },
      ...{ rule_type, from_ip_address, ...active },
    });
    for (const port of [22, 80, 443, '8000:8100']) put(`${on}/network-rules`, rule(port));
    put(`${on}/network-rules`, rule(5432, '192.0.2.7', 'deny'));
    for (let port = 9_000; isFirst && port < 9_060; port++) put(`${on}/network-rules`, rule(port, '198.51.100.7'));
    // ssh-keys/list-ssh-keys, system-users/list-system-users, insights/get-insight
    for (const name of ['ada-laptop', 'ci'])
      put(
        `${on}/ssh-keys`,
        row(`name=${name}; system_user=ploi; key=ssh-ed25519 ${KEY}${name.slice(0, 2).padEnd(43, 'A')} ${name}`, active),
      );
    for (const name of isFirst ? ['acme'] : ['old']) put(`${on}/system-users`, { name, root: `/home/${name}`, sudo: false, created_at });
    put(`${on}/insights`, isFirst && { title: 'Redis has no password', status: 'open', severity: 'high', created_at });
    // crontabs/list-crontabs, daemons/list-daemons
    put(`${on}/crontabs`, row('command=/usr/bin/certbot renew --quiet; user=root; frequency=0 3 * * *'));
    put(
      `${on}/daemons`,
      isFirst && row('command=/usr/local/bin/exporter --port 9104; system_user=root; directory=null; processes=1', active),
    );
  }

  for (const line of SITES.trim().split('\n')) {
    const [host, domain = '', type = '', php = '', web_directory, project_root, ...has] = line.split(/\s+/);
    const server = servers.find(({ name }) => name === host) as Item;
    const value = (key: string) => has.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
    const is = (word: string) => has.some((each) => each === word || each.startsWith(`${word}=`));
    const on = `/servers/${server.id}`;
    const user = value('user');
    const home = `/home/${user ?? 'ploi'}/${domain}`;
    // sites/list-sites, sites/get-site
    const places = `domain=${domain}; web_directory=${web_directory}; project_root=${project_root}; project_type=${type}`;
    const flags = `deploy_script=${is('repo')}; has_repository=${is('repo')}; quick_deploy=${is('repo')}; zero_downtime_deployment=${is('zd')}`;
    const rest = `system_user=${user ?? null}; health_url=${is('health') ? `https://${domain}/up` : null}; test_domain=null; last_deploy_at=null`;
    const notification_urls = { slack: `https://hooks.example.com/${PLOI_SECRET}` };
    const [site] = put(`${on}/sites`, row(`${places}; ${flags}; ${rest}`, active, { php_version: Number(php), notification_urls }));
    const path = `${on}/sites/${site?.id}`;
    // repositories/get-repository
    const name = value('repo') ?? domain.replace(/\W+/g, '-');
    if (is('repo'))
      routes.set(`${path}/repository`, {
        ...site,
        repository: row(`branch=main; user=acme; provider=${value('repo') ? 'custom' : 'github'}; name=${name}`),
      });
    // environment/get-env-from-site, deployments/get-deploy-script, sites/get-nginx-configuration
    const database = value('db');
    if (!is('noenv')) routes.set(`${path}/env`, { content: dotenv(domain, database ?? null) });
    if (is('repo')) routes.set(`${path}/deploy/script`, { deploy_script: `cd ${home}\ngit pull origin main` });
    routes.set(`${path}/nginx-configuration`, { content: `server { server_name ${domain}; }` });
    // aliases/list-aliases, tenants/list-tenants
    put(`${path}/aliases`, ...['www', 'old'].map((name) => is('alias') && { id: name, name: `${name}.${domain}` }));
    put(`${path}/tenants`, is('tenant') && { id: 'tenant', name: 'tenant.example.net' });
    // queue-workers/get-queue-worker
    const worker = 'connection=redis; maximum_seconds=60; maximum_tries=3; enviroment=null; sleep=3; processes=2; status=active';
    for (const queue of ['queue=high,default; backoff=10', 'queue=mails; backoff=0'])
      put(`${path}/queues`, is('q') && row(`${queue}; ${worker}`));
    // redirects/list-redirects, certificates/list-certificates, auth-users/list-auth-users, monitoring/list-monitors
    for (const to of ['redirect_from=/old; redirect_to=/new; type=permanent', 'redirect_from=/sale; redirect_to=/deals; type=redirect'])
      put(`${path}/redirects`, is('redirects') && row(to, active));
    put(`${path}/certificates`, is('cert') && row(`domain=${domain},www.${domain}; type=letsencrypt; expires_at=${created_at}`, active));
    put(`${path}/auth-users`, is('basic') && { name: 'staff', path: null, created_at });
    put(`${path}/monitors`, is('monitor') && { label: 'Uptime', location: 'singapore', average_uptime: '99.9', active: true, created_at });
    put(`${on}/crontabs`, is('cron') && row(`command=php8.3 ${home}/artisan schedule:run; user=${user ?? 'ploi'}; frequency=* * * * *`));
    for (const [flag, command, directory] of [
      ['hz', 'php8.3 artisan horizon', home],
      ['daemon', `php8.2 ${home}/artisan import:listen`, null],
      ['worker', 'php8.2 artisan queue:work redis --tries=3 --queue=mails', home],
    ] as const)
      put(`${on}/daemons`, is(flag) && { command, system_user: 'ploi', directory, processes: 1, status: 'active' });
    // databases/create-database, database-users/list-database-users
    for (const { id } of put(`${on}/databases`, database !== undefined && row(`name=${database}; type=mysql`, active)))
      put(`${on}/databases/${id}/users`, row(`user=${database}; remote=false; remote_ip=%; readonly=false`));
  }
  return routes;
}

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAI';

/** What an import must account for: each item, and what a site says besides. */
const countedAt = (path: string, items: Item[] | Item): readonly string[] =>
  Array.isArray(items)
    ? items.flatMap(({ id, health_url }) => [`${path}#${id}`, ...(health_url ? [`${path}#${id} health check`] : [])])
    : [path];

/** An empty page that says that there is another. */
const pageOf = (url: URL, how: 'same page' | 'endless') => {
  const page = how === 'endless' ? Number(url.searchParams.get('page')) : 1;
  return { data: [], links: {}, meta: { current_page: page, last_page: page + 1 } };
};

/** Starts a Ploi. */
export async function openPloi(): Promise<Ploi> {
  const routes = account();
  const token = 'ploi-token-0123456789';
  // https://developers.ploi.io/27-getting-started/84-rate-limiting
  const api = () => ({ token, hostile: ploi.hostile, type: () => 'application/json', pageOf });
  const handler = answering(api, (url, send) => {
    const path = url.pathname.replace(/^\/api/, '');
    if (ploi.forbidden?.test(path)) return send(403, { message: 'Invalid ability provided.' });
    const found = routes.get(path);
    if (!found) return send(404, { message: 'Resource not found.' });
    // https://developers.ploi.io/getting-started/pagination
    const size = Number(url.searchParams.get('per_page') ?? 15);
    const current_page = Number(url.searchParams.get('page') ?? 1);
    const page = Array.isArray(found) ? found.slice((current_page - 1) * size, current_page * size) : found;
    for (const each of countedAt(path, page)) ploi.served.add(each);
    if (!Array.isArray(page)) return send(200, /\/repository$/.test(path) ? { data: page } : page);
    const [, key] = /\/(aliases|tenants)$/.exec(path) ?? [];
    if (key !== undefined) return send(200, { data: { [key]: page.map(({ name }) => name), count: page.length, main: 'example.com' } });
    // Some lists have no pages in the documentation.
    if (/\/(auth-users|crontabs)$/.test(path)) return send(200, { data: page });
    const last_page = Math.max(1, Math.ceil((found as Item[]).length / size));
    send(200, {
      data: page,
      links: { next: current_page < last_page ? `http://198.51.100.1${path}?page=2` : null },
      meta: { current_page, last_page, per_page: size },
    });
  });
  const elsewhere = await openElsewhere(handler);
  const ploi: Ploi = {
    ...elsewhere,
    ...{ token, routes, forbidden: undefined, hostile: undefined, served: new Set() },
    get all() {
      return new Set([...routes].flatMap(([path, found]) => countedAt(path, found)));
    },
    change(at, fields, only) {
      for (const [path, found] of routes)
        if (at.test(path))
          for (const [index, each] of [found].flat().entries()) if (only === undefined || index === only) Object.assign(each, fields);
    },
  };
  return ploi;
}
