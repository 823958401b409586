import type { Site } from '../records.ts';
import { seeded } from './ids.ts';
import type { Calendar } from './stamp.ts';

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
export const sites = (calendar: Calendar): Site[] => [...sitesOfWeb1(calendar), ...sitesOfWeb2(calendar)];

const sitesOfWeb1 = ({ ago, stamps }: Calendar): Site[] => [
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

const sitesOfWeb2 = ({ ago, stamps }: Calendar): Site[] => [
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
