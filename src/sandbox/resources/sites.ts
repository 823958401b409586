import { crud, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { ReleaseRow, SiteRow, Webhook } from '../records.ts';
import { accepted } from '../response.ts';
import { exists, oneOf, patternRule, textRule, unique } from '../rules.ts';
import { type State, scheduleChange } from '../state.ts';
import { timestamp, timings } from '../time.ts';

const DOMAIN = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i;

/** The representation of a site in a response. */
export const presentSite = showing<SiteRow>(
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
  domain: patternRule(DOMAIN),
  type: oneOf('laravel', 'wordpress', 'statamic', 'static', 'nextjs', 'nuxt').optional(),
  git_repository_id: textRule().nullish(),
  branch: textRule().nullish(),
  web_directory: textRule().optional(),
  php_version: oneOf('8.0', '8.1', '8.2', '8.3', '8.4').nullish(),
};

/** Sites, their releases and webhooks; deployments are in deployments.ts. */
export const sites: SandboxOperation[] = [
  ...crud({
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
  ...crud({
    noun: 'release',
    path: '/servers/{server}/sites/{site}/releases',
    ability: 'site',
    verbs: ['list'],
    newestFirst: true,
    present: showing<ReleaseRow>('id', 'name', 'commit_hash', 'commit_message', 'branch', 'status', 'active', 'created_at'),
  }),
  ...crud({
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
    { body: { reason: textRule(1_000).optional() } },
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

/** Starts installing a new site. */
function installSite(state: State, site: SiteRow, now: number): void {
  scheduleChange(state, now + timings.siteInstalls, 'site.installed', site.id);
}

/** Finishes an installation. */
export function siteInstalled(state: State, id: string, at: number): void {
  const site = state.sites.find((row) => row.id === id);
  if (site?.status !== 'installing') return;
  site.status = 'active';
  site.updated_at = timestamp(at);
}
