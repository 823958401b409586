import type { Certificate, EnvironmentVariable, Queue, Redirect, SiteRow } from '../records.ts';
import { type Calendar, seeded, seedId } from './ids.ts';

const { servers, sites: ids, gitRepositories: repositories } = seeded;

const dotenv = (name: string, database: string): string =>
  [
    `APP_NAME="${name}"`,
    'APP_ENV=production',
    'APP_KEY=base64:c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGJveCE=',
    'APP_DEBUG=false',
    '# database',
    'DB_CONNECTION=mysql',
    `DB_DATABASE=${database}`,
    "DB_PASSWORD='s3cret from the server'",
    'LOG_LEVEL=warning',
    'MAIL_ENCRYPTION=',
    '',
  ].join('\n');

const laravel = {
  type: 'laravel',
  status: 'active',
  branch: 'main',
  web_directory: '/public',
  php_version: '8.3',
  zero_downtime_enabled: true,
  scheduled_deploy_at: null,
};

/** Six sites on two servers: one failed, one suspended, and one domain on both servers. */
export const seedSites = (calendar: Calendar): SiteRow[] => [...sitesOfWeb1(calendar), ...sitesOfWeb2(calendar)];

const sitesOfWeb1 = ({ ago, stamps }: Calendar): SiteRow[] => [
  {
    ...laravel,
    id: ids['shop.example.com'],
    server_id: servers['web-1'],
    domain: 'shop.example.com',
    git_repository_id: repositories['example/shop'],
    last_deployed_at: ago(0.2),
    dotenv: dotenv('Example Shop', 'shop'),
    ...stamps(364, 0.2),
  },
  {
    ...laravel,
    id: ids['blog.example.com'],
    server_id: servers['web-1'],
    domain: 'blog.example.com',
    type: 'statamic',
    git_repository_id: repositories['example/blog'],
    zero_downtime_enabled: false,
    last_deployed_at: ago(6),
    dotenv: dotenv('Example Blog', 'blog'),
    ...stamps(300, 6),
  },
  {
    ...laravel,
    id: ids['staging.example.com on web-1'],
    server_id: servers['web-1'],
    domain: 'staging.example.com',
    branch: 'develop',
    git_repository_id: repositories['example/shop'],
    last_deployed_at: ago(0.1),
    dotenv: dotenv('Shop Staging', 'shop_staging'),
    ...stamps(180, 0.1),
  },
];

const sitesOfWeb2 = ({ ago, stamps }: Calendar): SiteRow[] => [
  {
    ...laravel,
    id: ids['api.example.com'],
    server_id: servers['web-2'],
    domain: 'api.example.com',
    status: 'failed',
    php_version: '8.4',
    git_repository_id: repositories['example/api'],
    last_deployed_at: ago(8),
    dotenv: dotenv('Example API', 'api'),
    ...stamps(239, 1),
  },
  {
    ...laravel,
    id: ids['staging.example.com on web-2'],
    server_id: servers['web-2'],
    domain: 'staging.example.com',
    branch: 'develop',
    php_version: '8.4',
    git_repository_id: repositories['example/api'],
    last_deployed_at: ago(2),
    dotenv: dotenv('API Staging', 'api_staging'),
    ...stamps(120, 2),
  },
  {
    ...laravel,
    id: ids['docs.example.com'],
    server_id: servers['web-2'],
    domain: 'docs.example.com',
    type: 'static',
    status: 'suspended',
    php_version: null,
    web_directory: '/dist',
    git_repository_id: null,
    zero_downtime_enabled: false,
    last_deployed_at: ago(60),
    dotenv: '',
    ...stamps(90, 14),
  },
];

const { 'shop.example.com': shop, 'blog.example.com': blog, 'api.example.com': api } = seeded.sites;

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

/** Environment variables of the sites; the shop has those of a typical Laravel application. */
export function environmentVariables({ stamps }: Calendar): EnvironmentVariable[] {
  const of = (site_id: string, first: number, variables: Readonly<Record<string, string>>): EnvironmentVariable[] =>
    Object.entries(variables).map(([key, value], index) => ({
      id: seedId('ENV', first + index),
      site_id,
      key,
      value,
      ...stamps(300 - index),
    }));
  return [
    ...of(shop, 1, shopVariables),
    ...of(blog, 101, { APP_ENV: 'production', APP_DEBUG: 'false', DB_PASSWORD: 'blog-password' }),
    ...of(api, 201, { APP_ENV: 'production', DB_PASSWORD: 'api-password', JWT_TTL: '60' }),
  ];
}

/** Queue workers in every status. */
export function seedQueues({ stamps }: Calendar): Queue[] {
  const common = { connection: 'redis', tries: 3, timeout: 60, sleep: 3 };
  return [
    { id: seedId('QV', 1), site_id: shop, ...common, queue: 'default', processes: 3, status: 'running', ...stamps(200) },
    { id: seedId('QV', 2), site_id: shop, ...common, queue: 'mails', processes: 1, status: 'running', ...stamps(150) },
    { id: seedId('QV', 3), site_id: shop, ...common, queue: 'exports', processes: 1, timeout: 900, status: 'stopped', ...stamps(80, 11) },
    { id: seedId('QV', 4), site_id: api, ...common, queue: 'default', processes: 2, status: 'failed', ...stamps(100, 1) },
  ];
}

/** Redirects of the shop and the blog. */
export function seedRedirects({ stamps }: Calendar): Redirect[] {
  return [
    { id: seedId('RD', 1), site_id: shop, from: '/sale', to: '/collections/summer', type: 302, ...stamps(40) },
    { id: seedId('RD', 2), site_id: shop, from: '/agb', to: '/terms', type: 301, ...stamps(250) },
    { id: seedId('RD', 3), site_id: blog, from: '/feed', to: '/rss.xml', type: 301, ...stamps(120) },
  ];
}

const { 'web-1': web1, 'web-2': web2 } = seeded.servers;

/** Certificates of servers and sites: active, failed, and one that expires within a week. */
export function seedCertificates({ ago, stamps }: Calendar): Certificate[] {
  const { sites } = seeded;
  const shop = sites['shop.example.com'];
  const docs = sites['docs.example.com'];
  const active = { type: 'letsencrypt', status: 'active', reason: null };
  const failed = {
    type: 'letsencrypt',
    status: 'failed',
    reason: 'DNS problem: NXDOMAIN looking up A for docs.example.com',
    expires_at: null,
  };
  const ofSite = { server_id: null };
  return [
    { id: seedId('CE', 1), ...ofSite, site_id: shop, domain: 'shop.example.com', ...active, expires_at: ago(-48), ...stamps(42) },
    {
      id: seedId('CE', 2),
      ...ofSite,
      site_id: sites['blog.example.com'],
      domain: 'blog.example.com',
      ...active,
      expires_at: ago(-5),
      ...stamps(85),
    },
    { id: seedId('CE', 3), ...ofSite, site_id: docs, domain: 'docs.example.com', ...failed, ...stamps(6) },
    {
      id: seedId('CE', 4),
      server_id: web1,
      site_id: null,
      domain: '*.example.com',
      ...active,
      type: 'wildcard',
      expires_at: ago(-70),
      ...stamps(20),
    },
    {
      id: seedId('CE', 5),
      server_id: web2,
      site_id: null,
      domain: 'web-2.example.com',
      ...active,
      type: 'custom',
      expires_at: ago(-200),
      ...stamps(165),
    },
  ];
}
