import { DAY } from '../../base/time.ts';
import type { Certificate, EnvironmentVariable, Queue, Redirect, ReleaseRow, SiteRow, Webhook } from '../records.ts';
import { commitOf } from '../resources/deployments.ts';
import { KEPT_RELEASES, releaseName, stampsAt } from '../time.ts';
import { type Calendar, seeded, seedId } from './ids.ts';

const { servers, sites: ids, gitRepositories: repositories } = seeded;
const { 'shop.example.com': shop, 'blog.example.com': blog, 'api.example.com': api, 'docs.example.com': docs } = ids;
const { 'web-1': web1, 'web-2': web2 } = servers;

/** The sites, and what they have. */
export function siteRows(days: Calendar) {
  const all = sites(days);
  const releases = releasesOf(all);
  return {
    sites: all,
    releases,
    webhooks: webhooks(all, releases),
    environment_variables: variables(days),
    queues: queues(days),
    redirects: redirects(days),
    certificates: certificates(days),
  };
}

const dotenv = (name: string, database: string): string =>
  `APP_NAME="${name}"
APP_ENV=production
APP_KEY=base64:c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGJveCE=
APP_DEBUG=false
# database
DB_CONNECTION=mysql
DB_DATABASE=${database}
DB_PASSWORD='s3cret from the server'
LOG_LEVEL=warning
MAIL_ENCRYPTION=
`;

/** Six sites on two servers: one failed, one suspended, and one domain on both servers. */
function sites({ ago, stamps }: Calendar): SiteRow[] {
  const laravel = { type: 'laravel', status: 'active', branch: 'main', web_directory: '/public', zero_downtime_enabled: true };
  const onWeb1 = { ...laravel, server_id: web1, php_version: '8.3', scheduled_deploy_at: null };
  const onWeb2 = { ...onWeb1, server_id: web2, php_version: '8.4' };
  const staging = { domain: 'staging.example.com', branch: 'develop' };
  const site = (id: string, deployed: number, created: number, updated = deployed) => ({
    id,
    last_deployed_at: ago(deployed),
    ...stamps(created, updated),
  });
  const code = (repository: keyof typeof repositories, name: string, database: string) => ({
    git_repository_id: repositories[repository],
    dotenv: dotenv(name, database),
  });
  const offline = { type: 'static', status: 'suspended', php_version: null, web_directory: '/dist', zero_downtime_enabled: false };
  const { 'staging.example.com on web-1': staging1, 'staging.example.com on web-2': staging2 } = ids;
  return [
    { ...onWeb1, ...site(shop, 0.2, 364), domain: 'shop.example.com', ...code('example/shop', 'Example Shop', 'shop') },
    {
      ...onWeb1,
      ...site(blog, 6, 300),
      type: 'statamic',
      zero_downtime_enabled: false,
      domain: 'blog.example.com',
      ...code('example/blog', 'Example Blog', 'blog'),
    },
    { ...onWeb1, ...site(staging1, 0.1, 180), ...staging, ...code('example/shop', 'Shop Staging', 'shop_staging') },
    { ...onWeb2, ...site(api, 8, 239, 1), domain: 'api.example.com', status: 'failed', ...code('example/api', 'Example API', 'api') },
    { ...onWeb2, ...site(staging2, 2, 120), ...staging, ...code('example/api', 'API Staging', 'api_staging') },
    { ...onWeb2, ...offline, ...site(docs, 60, 90, 14), domain: 'docs.example.com', git_repository_id: null, dotenv: '' },
  ];
}

const shopVariables: Readonly<Record<string, string>> = {
  APP_NAME: 'Example Shop',
  APP_ENV: 'production',
  APP_KEY: 'base64:c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGJveCE=',
  APP_DEBUG: 'false',
  APP_URL: 'https://shop.example.com',
  DB_CONNECTION: 'mysql',
  DB_HOST: '203.0.113.12',
  DB_DATABASE: 'shop',
  DB_USERNAME: 'shop',
  DB_PASSWORD: 'hunter2 but longer',
  REDIS_HOST: '127.0.0.1',
  QUEUE_CONNECTION: 'redis',
  MAIL_FROM_NAME: 'Example Shop',
  STRIPE_SECRET: 'not-a-real-key',
};

function variables({ stamps }: Calendar): EnvironmentVariable[] {
  const rows = (site_id: string, first: number, values: Readonly<Record<string, string>>): EnvironmentVariable[] =>
    Object.entries(values).map(([key, value], index) => ({
      id: seedId('ENV', first + index),
      site_id,
      key,
      value,
      ...stamps(300 - index),
    }));
  return [
    ...rows(shop, 1, shopVariables),
    ...rows(blog, 101, { APP_ENV: 'production', APP_DEBUG: 'false', DB_PASSWORD: 'blog-password' }),
    ...rows(api, 201, { APP_ENV: 'production', DB_PASSWORD: 'api-password', JWT_TTL: '60' }),
  ];
}

function queues({ stamps }: Calendar): Queue[] {
  const common = { connection: 'redis', tries: 3, timeout: 60, sleep: 3 };
  return [
    { id: seedId('QV', 1), site_id: shop, ...common, queue: 'default', processes: 3, status: 'running', ...stamps(200) },
    { id: seedId('QV', 2), site_id: shop, ...common, queue: 'mails', processes: 1, status: 'running', ...stamps(150) },
    { id: seedId('QV', 3), site_id: shop, ...common, queue: 'exports', processes: 1, timeout: 900, status: 'stopped', ...stamps(80, 11) },
    { id: seedId('QV', 4), site_id: api, ...common, queue: 'default', processes: 2, status: 'failed', ...stamps(100, 1) },
  ];
}

const redirects = ({ stamps }: Calendar): Redirect[] => [
  { id: seedId('RD', 1), site_id: shop, from: '/sale', to: '/collections/summer', type: 302, ...stamps(40) },
  { id: seedId('RD', 2), site_id: shop, from: '/agb', to: '/terms', type: 301, ...stamps(250) },
  { id: seedId('RD', 3), site_id: blog, from: '/feed', to: '/rss.xml', type: 301, ...stamps(120) },
];

/** Certificates of servers and sites: active, failed, and one that expires within a week. */
function certificates({ ago, stamps }: Calendar): Certificate[] {
  const common = { type: 'letsencrypt', status: 'active', reason: null, server_id: null, site_id: null };
  const active = (id: string, daysLeft: number, days: number) => ({ id, ...common, expires_at: ago(-daysLeft), ...stamps(days) });
  const reason = 'DNS problem: NXDOMAIN looking up A for docs.example.com';
  const failed = { ...active(seedId('CE', 3), 0, 6), status: 'failed', reason, expires_at: null };
  return [
    { ...active(seedId('CE', 1), 48, 42), site_id: shop, domain: 'shop.example.com' },
    { ...active(seedId('CE', 2), 5, 85), site_id: blog, domain: 'blog.example.com' },
    { ...failed, site_id: docs, domain: 'docs.example.com' },
    { ...active(seedId('CE', 4), 70, 20), server_id: web1, domain: '*.example.com', type: 'wildcard' },
    { ...active(seedId('CE', 5), 200, 165), server_id: web2, domain: 'web-2.example.com', type: 'custom' },
  ];
}

const DAYS_BETWEEN = 3;

/** The kept releases of every site, oldest first. The newest is live unless the site's last deployment failed. */
function releasesOf(sites: readonly SiteRow[]): ReleaseRow[] {
  return sites.flatMap((site, siteIndex) =>
    Array.from({ length: KEPT_RELEASES }, (_, index): ReleaseRow => {
      const before = KEPT_RELEASES - 1 - index;
      const isFailed = before === 0 && site.status === 'failed';
      const at = releasedAt(site, before);
      return {
        id: seedId('RE', siteIndex * 100 + index + 1),
        site_id: site.id,
        name: releaseName(at),
        ...commitOf(`${site.domain} ${site.branch} ${index}`),
        branch: site.branch ?? 'main',
        status: isFailed ? 'failed' : 'active',
        active: before === (site.status === 'failed' ? 1 : 0),
        ...(isFailed && { failure: 'migration' }),
        ...stampsAt(at),
      };
    }),
  );
}

/** The pushes behind the releases of sites with a repository, and one push to another branch, which deployed nothing. */
function webhooks(sites: readonly SiteRow[], releases: readonly ReleaseRow[]): Webhook[] {
  return sites
    .filter((site) => site.git_repository_id !== null)
    .flatMap((site, siteIndex) => {
      const id = (n: number): string => seedId('WH', siteIndex * 100 + n);
      const pushes = releases
        .filter((release) => release.site_id === site.id)
        .map(({ name: _name, active: _active, failure: _failure, ...release }, index): Webhook => {
          const status = release.status === 'failed' ? 'failed' : 'deployed';
          return { ...release, id: id(index + 1), pusher: index % 2 === 0 ? 'ada' : 'grace', status };
        });
      const last = pushes.at(-1);
      if (last === undefined) return [];
      const commit = commitOf(`${site.domain} elsewhere`);
      return [...pushes.slice(0, -1), { ...last, id: id(90), ...commit, branch: 'feature/checkout', status: 'ignored' }, last];
    });
}

/** When the nth release before the newest was created: a failed one with the site's last update, live ones with its deployments. */
function releasedAt(site: SiteRow, before: number): number {
  const lastGood = Date.parse(site.last_deployed_at ?? site.created_at);
  if (site.status !== 'failed') return lastGood - before * DAYS_BETWEEN * DAY;
  return before === 0 ? Date.parse(site.updated_at) : lastGood - (before - 1) * DAYS_BETWEEN * DAY;
}
