import { ulid } from 'ulid';
import { DAY } from '../../base/time.ts';
import { crud, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { Certificate, EnvironmentVariable, Queue, Redirect, ReleaseRow, SiteRow, Webhook } from '../records.ts';
import { accepted, invalid } from '../response.ts';
import { exists, integerRule, oneOf, oneOfNumbers, patternRule, textRule, unique, verbatim } from '../rules.ts';
import { type State, scheduleChange } from '../state.ts';
import { stampsAt, timestamp, timings, touch } from '../time.ts';

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
    deleted: 'site.deleted',
    afterCreate: (site, { state, now }) => scheduleChange(state, now + timings.siteInstalls, 'site.installed', site.id),
    actions: {
      resume: ['Site resumed.', ({ status }) => (status === 'suspended' ? { status: 'active' } : {})],
      'enable-zero-downtime': ['Zero-downtime deployments enabled.', () => ({ zero_downtime_enabled: true })],
    },
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
    ({ now }, { site }) => accepted('Site suspended.', presentSite(touch(site, now, { status: 'suspended' }))),
    { body: { reason: textRule(1_000).optional() } },
  ),
];

/** Finishes an installation. */
export function siteInstalled(_: State, site: SiteRow, at: number): void {
  if (site.status === 'installing') touch(site, at, { status: 'active' });
}

/** Queue workers of a site. */
export const queues: SandboxOperation[] = crud({
  noun: 'queue',
  path: '/servers/{server}/sites/{site}/queues',
  ability: 'queue-worker',
  present: showing<Queue>('id', 'connection', 'queue', 'processes', 'tries', 'timeout', 'sleep', 'status', 'created_at', 'updated_at'),
  fields: {
    connection: textRule().optional(),
    queue: textRule().optional(),
    processes: integerRule(1, 100).optional(),
    tries: integerRule(0, 1_000).optional(),
    timeout: integerRule(0, 86_400).optional(),
    sleep: integerRule(0, 3_600).optional(),
  },
  fresh: () => ({ connection: 'redis', queue: 'default', processes: 1, tries: 3, timeout: 60, sleep: 3, status: 'running' }),
  actions: { restart: ['Queue worker restart started.', () => ({ status: 'running' })] },
});

/** Nginx redirects of a site. */
export const redirects: SandboxOperation[] = crud({
  noun: 'redirect',
  path: '/servers/{server}/sites/{site}/redirects',
  ability: 'redirect',
  present: showing<Redirect>('id', 'from', 'to', 'type', 'created_at', 'updated_at'),
  fields: { from: textRule(2_000), to: textRule(2_000), type: oneOfNumbers(301, 302).optional() },
  fresh: () => ({ type: 302 }),
  check: ({ from }, { siblings }) => unique(siblings, 'from', from),
});

const variables = '/servers/{server}/sites/{site}/environment-variables';
const LINE = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|(.*?))\s*$/;

/** Environment variables of a site, and the import of the .env on its server. */
export const variableOperations: SandboxOperation[] = [
  ...crud({
    noun: 'variable',
    path: variables,
    ability: 'site',
    writing: 'site:update',
    present: showing<EnvironmentVariable>('id', 'key', 'value', 'created_at', 'updated_at'),
    fields: { key: patternRule(/^[A-Za-z_]\w*$/), value: verbatim() },
    changeable: ['value'],
    check: ({ key }, { siblings }) => unique(siblings, 'key', key),
  }),
  operation(`POST ${variables}/pull`, 'site:update', ({ state, now }, { site }) => {
    for (const [key, value] of parseDotenv(site.dotenv)) {
      const known = state.environment_variables.find((row) => row.site_id === site.id && row.key === key);
      if (known) touch(known, now, { value });
      else state.environment_variables.push({ id: ulid(now), site_id: site.id, key, value, ...stampsAt(now) });
    }
    return accepted('Environment variables imported from the server.');
  }),
];

function parseDotenv(dotenv: string): [string, string][] {
  return dotenv.split('\n').flatMap((line) => {
    const [, key, ...values] = LINE.exec(line) ?? [];
    return key === undefined ? [] : [[key, values.find((value) => value !== undefined) ?? ''] as [string, string]];
  });
}

const present = showing<Certificate>('id', 'type', 'domain', 'status', 'reason', 'expires_at', 'created_at');

// Sent with a custom certificate, and never shown.
const material = { certificate: verbatim().optional(), private_key: verbatim().optional() };

/** SSL certificates: issued and revoked per site, listed and deleted per server. */
export const certificates: SandboxOperation[] = [
  ...crud({
    noun: 'certificate',
    path: '/servers/{server}/sites/{site}/certificates',
    ability: 'certificate',
    verbs: ['list', 'show', 'create', 'delete'],
    present,
    fields: { type: oneOf('letsencrypt', 'wildcard', 'custom').optional(), domain: textRule(), ...material },
    fresh: () => ({ server_id: null, type: 'letsencrypt', status: 'pending', reason: null, expires_at: null }),
    check: (input) => {
      if (input.type !== 'custom') return;
      const errors: Record<string, string[]> = {};
      if (!input.certificate) errors.certificate = ['The certificate field is required when type is custom.'];
      if (!input.private_key) errors.private_key = ['The private key field is required when type is custom.'];
      if (Object.keys(errors).length > 0) throw invalid(errors);
    },
    afterCreate: ({ id }, { state, now }) => scheduleChange(state, now + timings.certificateIssues, 'certificate.issued', id),
  }),
  ...crud({
    noun: 'certificate',
    path: '/servers/{server}/certificates',
    ability: 'certificate',
    verbs: ['list', 'delete'],
    present,
  }),
];

const VALID_DAYS = 90;

/** Finishes issuing. Fails for domains that contain `fail`. */
export function certificateIssued(_: State, certificate: Certificate, at: number): void {
  const { domain } = certificate;
  if (domain.includes('fail')) touch(certificate, at, { status: 'failed', reason: `DNS problem: NXDOMAIN looking up A for ${domain}` });
  else touch(certificate, at, { status: 'active', expires_at: timestamp(at + VALID_DAYS * DAY) });
}
