import type { EnvironmentVariable, Queue, Redirect } from '../records.ts';
import { seeded, seedId } from './ids.ts';
import type { Calendar } from './stamp.ts';

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
export function queues({ stamps }: Calendar): Queue[] {
  const common = { connection: 'redis', tries: 3, timeout: 60, sleep: 3 };
  return [
    { id: seedId('QV', 1), site_id: shop, ...common, queue: 'default', processes: 3, status: 'running', ...stamps(200) },
    { id: seedId('QV', 2), site_id: shop, ...common, queue: 'mails', processes: 1, status: 'running', ...stamps(150) },
    { id: seedId('QV', 3), site_id: shop, ...common, queue: 'exports', processes: 1, timeout: 900, status: 'stopped', ...stamps(80, 11) },
    { id: seedId('QV', 4), site_id: api, ...common, queue: 'default', processes: 2, status: 'failed', ...stamps(100, 1) },
  ];
}

/** Redirects of the shop and the blog. */
export function redirects({ stamps }: Calendar): Redirect[] {
  return [
    { id: seedId('RD', 1), site_id: shop, from: '/sale', to: '/collections/summer', type: 302, ...stamps(40) },
    { id: seedId('RD', 2), site_id: shop, from: '/agb', to: '/terms', type: 301, ...stamps(250) },
    { id: seedId('RD', 3), site_id: blog, from: '/feed', to: '/rss.xml', type: 301, ...stamps(120) },
  ];
}
