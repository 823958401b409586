import { resource, showing } from '../crud.ts';
import { accepted } from '../http/response.ts';
import { installSite } from '../jobs/sites.ts';
import { type Operation, operation } from '../operation.ts';
import type { Release, Site, Webhook } from '../records.ts';
import { exists, matching, oneOf, text, unique } from '../rules.ts';
import { timestamp } from '../time.ts';

const DOMAIN = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i;

/** The representation of a site in a response. */
export const presentSite = showing<Site>(
  'id',
  'server_id',
  'domain',
  'type',
  'status',
  'branch',
  'git_repository_id',
  'web_directory',
  'php_version',
  'zero_downtime_enabled',
  'scheduled_deploy_at',
  'last_deployed_at',
  'created_at',
  'updated_at',
);

const fields = {
  domain: matching(DOMAIN),
  type: oneOf('laravel', 'wordpress', 'statamic', 'static', 'nextjs', 'nuxt').optional(),
  git_repository_id: text().nullish(),
  branch: text().nullish(),
  web_directory: text().optional(),
  php_version: oneOf('8.0', '8.1', '8.2', '8.3', '8.4').nullish(),
};

/** Sites, their releases and webhooks; deployments are in deployments.ts. */
export const sites: Operation[] = [
  ...resource({
    noun: 'site',
    path: '/servers/{server}/sites',
    ability: 'site',
    present: presentSite,
    fields,
    changeable: ['domain', 'branch', 'web_directory', 'php_version', 'git_repository_id'],
    fresh: () => ({
      type: 'laravel',
      status: 'installing',
      branch: 'main',
      git_repository_id: null,
      web_directory: '/public',
      php_version: '8.3',
      zero_downtime_enabled: false,
      scheduled_deploy_at: null,
      last_deployed_at: null,
      dotenv: 'APP_NAME=Laravel\nAPP_ENV=production\nAPP_DEBUG=false\n',
    }),
    check: ({ domain, git_repository_id: id }, { request, siblings }) => {
      unique(siblings, 'domain', domain);
      exists(id === undefined || id === null || request.state.git_repositories.some((row) => row.id === id), 'git_repository_id');
    },
    afterCreate: (site, { state, now }) => installSite(state, site, now),
  }),
  ...resource({
    noun: 'release',
    path: '/servers/{server}/sites/{site}/releases',
    ability: 'site',
    verbs: ['list'],
    newestFirst: true,
    present: showing<Release>('id', 'name', 'commit_hash', 'commit_message', 'branch', 'status', 'active', 'created_at'),
  }),
  ...resource({
    noun: 'webhook',
    path: '/servers/{server}/sites/{site}/webhooks',
    ability: 'site',
    verbs: ['list'],
    newestFirst: true,
    present: showing<Webhook>('id', 'commit_hash', 'commit_message', 'pusher', 'branch', 'status', 'created_at'),
  }),
  operation(
    'POST /servers/{server}/sites/{site}/suspend',
    'site:update',
    ({ now }, { site }) => {
      site.status = 'suspended';
      site.updated_at = timestamp(now);
      return accepted('Site suspended.', presentSite(site));
    },
    { body: { reason: text(1_000).optional() } },
  ),
  operation('POST /servers/{server}/sites/{site}/resume', 'site:update', ({ now }, { site }) => {
    if (site.status === 'suspended') site.status = 'active';
    site.updated_at = timestamp(now);
    return accepted('Site resumed.', presentSite(site));
  }),
  operation('POST /servers/{server}/sites/{site}/enable-zero-downtime', 'site:update', ({ now }, { site }) => {
    site.zero_downtime_enabled = true;
    site.updated_at = timestamp(now);
    return accepted('Zero-downtime deployments enabled.', presentSite(site));
  }),
];
