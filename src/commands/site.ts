import { command, group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import {
  assumed,
  duration,
  following,
  from,
  natural,
  prompted,
  reporting,
  required,
  suggest,
  text,
  toggle,
} from '../cli/language/options.ts';
import { action, answer, remove, resource, show, update } from '../cli/language/resource.ts';
import { either, item, listOf, recordOf } from '../cli/language/shape.ts';
import { columns, rows, shortCommit } from '../cli/output/view.ts';
import { deployOptions } from '../features/deploy/options.ts';
import { variablesEndpoint } from '../features/env/variables.ts';
import { listSites } from '../features/site/list.ts';
import { compare, copy } from '../features/site/two-sites.ts';
import { certificateEndpoint, certificatesEndpoint, releasesEndpoint, siteEndpoint, sitesEndpoint } from '../platform/follow/readers.ts';
import type { Target } from '../platform/names/names.ts';

const sites = resource({
  noun: 'site',
  path: '/servers/{server}/sites',
  columns: columns(
    { key: 'domain', title: 'Site' },
    'status',
    'branch',
    'php_version',
    'last_deployed_at',
    { key: 'type', wide: true },
    { key: 'id', wide: true },
  ),
  // `siteOverview` reads the computed ones.
  details: columns(
    'domain',
    'status',
    { key: 'server', computed: true },
    { key: 'url', computed: true },
    { key: 'repository', computed: true },
    'branch',
    { key: 'release', computed: true, wrap: true },
    'last_deployed_at',
    { key: 'certificate', computed: true },
    'type',
    'php_version',
    'web_directory',
    'zero_downtime_enabled',
    'scheduled_deploy_at',
    'created_at',
    'id',
  ),
  more: async (ctx, site, targets) => (await import('../features/overview/overview.ts')).siteOverview(ctx, site, targets),
  example: {
    target: 'shop.example.com',
    parents: '--server web-1',
    create: 'new.example.com --type laravel',
    update: '--php-version 8.4',
    ensure: 'shop.example.com --php-version 8.4',
  },
});

/** What is wrong with a domain that no site can have. */
const wrongDomain = (typed: string): string | undefined =>
  /^(\*\.)?[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)+\.?$/u.test(typed) ? undefined : 'Use a domain alone, as in shop.example.com.';

/** The default web directory of each framework. */
const served: Readonly<Record<string, string>> = { laravel: '/public', statamic: '/public', wordpress: '/', static: '/' };

const fields = {
  domain: prompted(natural(required(assumed(text('Domain', 'domain')))), { check: wrongDomain }),
  type: prompted(suggest(assumed(text('Site type')), 'laravel', 'wordpress', 'statamic', 'static', 'nextjs', 'nuxt')),
  git_repository_id: prompted(
    from(assumed(text('Git repository: name or id', 'repository')), { list: 'GET /git-repositories', resolve: true }),
    { none: 'No repository' },
  ),
  branch: prompted(assumed(text('Branch to deploy')), {
    when: ({ git_repository_id }) => git_repository_id !== undefined,
    offers: () => ['main'],
  }),
  web_directory: prompted(assumed(text('Web directory, such as /public', 'path')), {
    offers: ({ type }) => [served[String(type)] ?? []].flat(),
  }),
  php_version: prompted(suggest(assumed(text('PHP version')), '8.4', '8.3', '8.2', '8.1', '8.0'), {
    when: ({ type }) => !['static', 'nextjs', 'nuxt'].includes(String(type)),
  }),
};

const { type: _, ...changeable } = fields;

const create = command({
  name: 'create',
  summary: 'Create a site',
  description:
    'On a terminal, prompts for missing options, then asks before it creates the site. A complete command line runs without a prompt. For a certificate, the domain must point to the server.',
  exits: '0 active, or requested with --no-wait; 1 failed, or its certificate or deployment did; 124 timed out, and the creation continues',
  calls: [
    'POST /servers/{server}/sites',
    { when: 'wait', also: [siteEndpoint, sitesEndpoint] },
    {
      when: 'certificate',
      also: [siteEndpoint, sitesEndpoint, 'POST /servers/{server}/sites/{site}/certificates', certificateEndpoint, certificatesEndpoint],
    },
    { when: 'deploy', also: [siteEndpoint, sitesEndpoint, 'POST /servers/{server}/sites/{site}/deploy', releasesEndpoint] },
  ],
  review: 'Create this site?',
  options: {
    certificate: prompted(toggle('Then request a certificate for the domain'), {
      none: 'Request a certificate? Its domain must point to the server.',
      when: ({ domain, wait }) => wait !== false && !String(domain).startsWith('*'),
      after: { enter: false },
    }),
    deploy: prompted(toggle('Then deploy it'), {
      when: ({ git_repository_id, wait }) => wait !== false && git_repository_id !== undefined,
      none: 'Deploy it once it is installed?',
      after: { enter: true },
    }),
    ...following,
  },
  fields,
  prints: () => recordOf(sites.details),
  examples: [
    'create new.example.com --type laravel --server web-1',
    'create new.example.com --type laravel --server web-1 --git-repository-id example/blog --deploy',
  ],
  run: async (ctx, { targets: { server }, options, body }) =>
    (await import('../features/site/create.ts')).createSite(ctx, server, options, body, sites.details),
});

const deploy = command({
  name: 'deploy',
  summary: 'Deploy a site and wait for the result',
  description: 'Ctrl-C does not stop the deployment. Resume with: dnx watch',
  exits:
    '0 succeeded, or started with --no-wait; 1 failed or superseded; 11 rolled back; 10 stopped by --guard; 12 some sites failed; 124 timed out',
  calls: [
    'POST /servers/{server}/sites/{site}/deploy',
    { when: ['wait', 'if_running'], also: [siteEndpoint, releasesEndpoint] },
    { when: ['verify', 'verify_cmd'], also: [siteEndpoint] },
    { when: 'rollback_on_fail', also: ['POST /servers/{server}/sites/{site}/rollback'] },
    { when: 'guard', also: [siteEndpoint, releasesEndpoint, variablesEndpoint] },
  ],
  targets: 'all',
  consent: async (ctx, { targets, options, consent: { yes } }) => {
    const mayAsk = options.all || ctx.settings.link !== undefined;
    if (yes || !mayAsk) return undefined;
    return (await import('../features/deploy/deploy.ts')).deployConsent(ctx, targets, options);
  },
  options: deployOptions,
  prints: async () => (await import('../features/deploy/result.ts')).severalDeployedShape,
  examples: [
    'deploy shop.example.com',
    'deploy shop.example.com --verify /up --rollback-on-fail',
    'deploy shop.example.com --server web-1 --no-wait',
    'deploy shop.example.com --guard --allow migrations',
    'deploy shop.example.com blog.example.com --dry-run',
    'deploy --server web-1 --all --concurrency 2 --yes',
    'deploy --server web-1 --all --canary staging.example.com --yes',
  ],
  run: async (ctx, { targets, options }) =>
    (await import('../features/deploy/deploy.ts')).deploy({ ...ctx, targets: targets[0] ?? {}, all: targets }, options),
});

const watch = command({
  name: 'watch',
  summary: 'Follow a deployment in progress, or resume the last one',
  description: 'Without a site, resumes the last unfinished deployment that this profile started or followed on this machine.',
  calls: [siteEndpoint, releasesEndpoint],
  targets: 'optional',
  options: { timeout: following.timeout, notify: following.notify, ...reporting },
  prints: async () => either((await import('../features/deploy/result.ts')).deployShape, item),
  examples: ['watch shop.example.com', 'watch shop.example.com --notify ./tell-team.sh'],
  run: async (ctx, { targets }) => (await import('../features/deploy/watch.ts')).watch({ ...ctx, targets: targets ?? {} }),
});

const rollback = command({
  name: 'rollback',
  summary: 'Roll back a site to an earlier release',
  description:
    'Switches back to a release that is still on the server, without a build. Database migrations are not undone.\n\nOn a terminal, you pick the release. With --yes, --to defaults to the one before the live one; after a failed deployment, which left that one live, nothing is rolled back.',
  calls: [
    'POST /servers/{server}/sites/{site}/rollback',
    siteEndpoint,
    releasesEndpoint,
    { when: 'wait', also: [siteEndpoint, releasesEndpoint] },
  ],
  consent: { level: 'moderate', deferred: true },
  options: {
    to: text('Release to roll back to: name or id', 'release'),
    ...following,
    ...reporting,
  },
  prints: async () => (await import('../features/deploy/result.ts')).deployShape,
  examples: ['rollback shop.example.com --yes', 'rollback shop.example.com --to 01JQ8Z4T9G0000000000RE0003 --yes'],
  run: async (ctx, { targets, options, consent }) =>
    (await import('../features/deploy/rollback.ts')).rollback({ ...ctx, targets }, { ...options, ...consent }),
});

const releases = command({
  name: 'releases',
  summary: 'List the releases of a site',
  calls: releasesEndpoint,
  prints: () => listOf(recordOf(['id', 'status', 'active', 'name', 'commit_hash', 'commit_message', 'created_at'])),
  examples: ['releases shop.example.com'],
  run: async (ctx) => (await import('../features/deploy/release.ts')).listReleases(ctx),
});

const webhooks = command({
  name: 'webhooks',
  summary: 'List the Git pushes that a site received',
  calls: 'GET /servers/{server}/sites/{site}/webhooks',
  prints: () => listOf(recordOf(['status', 'branch', 'pusher', 'commit_hash', 'commit_message', 'created_at'])),
  examples: ['webhooks shop.example.com'],
  run: async (ctx) =>
    rows(
      await ctx.shown(),
      columns({ key: 'created_at', title: 'Pushed' }, 'status', 'branch', 'pusher', shortCommit, {
        key: 'commit_message',
        wrap: true,
      }),
      'No pushes yet.',
    ),
});

const schedule = command({
  name: 'schedule',
  summary: 'Schedule a deployment',
  calls: 'POST /servers/{server}/sites/{site}/schedule-deploy',
  options: {
    at: text('Time, such as 2026-12-01T02:00 or 2026-12-01T02:00Z', 'time'),
    tz: text('Time zone of --at (default: your local one)', 'zone'),
    in: duration('Delay from now, such as 90m'),
  },
  prints: () => item,
  examples: ['schedule shop.example.com --in 90m', 'schedule shop.example.com --at 2099-12-01T02:00 --tz Europe/Berlin --yes'],
  consent: async (ctx, { targets, options, consent }) =>
    (await import('../features/deploy/schedule.ts')).scheduleConsent({ ...ctx, targets }, options, consent),
  run: async (ctx, { targets, options }) =>
    (await import('../features/deploy/schedule.ts')).scheduleDeployment({ ...ctx, targets }, options),
});

export default group({
  name: 'site',
  commands: [
    listSites(sites.columns),
    show(sites),
    create,
    ensure(sites, fields, {
      work: async (ctx, { server }, domain) => (await import('../features/site/create.ts')).installation(ctx, server as Target, domain),
    }),
    update(sites, changeable),
    remove(sites, { level: 'severe', warning: 'This also deletes its files and releases.' }),
    deploy,
    watch,
    rollback,
    releases,
    compare,
    copy,
    webhooks,
    schedule,
    action({
      name: 'unschedule',
      summary: 'Cancel a scheduled deployment',
      calls: 'POST /servers/{server}/sites/{site}/cancel-scheduled-deploy',
      done: 'Canceled the scheduled deployment',
      examples: ['unschedule shop.example.com'],
    }),
    command({
      name: 'suspend',
      summary: 'Suspend a site and take it offline',
      calls: 'POST /servers/{server}/sites/{site}/suspend',
      targets: 'each',
      consent: 'moderate',
      fields: { reason: text('Reason for the suspension') },
      prints: () => item,
      examples: ['suspend shop.example.com --yes'],
      run: async (ctx, { targets: { site } }) => answer(await ctx.call(), sites.details, `Suspended ${site.label}`),
    }),
    action({
      name: 'resume',
      summary: 'Bring a suspended site back online',
      calls: 'POST /servers/{server}/sites/{site}/resume',
      targets: 'each',
      done: ({ site }) => `Resumed ${site?.label}`,
      examples: ['resume shop.example.com'],
    }),
    action({
      name: 'enable-zero-downtime',
      summary: 'Turn on zero-downtime releases',
      calls: 'POST /servers/{server}/sites/{site}/enable-zero-downtime',
      consent: { level: 'moderate', verb: 'Turn on zero-downtime releases for', warning: 'The API cannot turn this off.' },
      done: ({ site }) => `Turned on zero-downtime releases for ${site?.label}`,
      examples: ['enable-zero-downtime blog.example.com --yes'],
    }),
  ],
});
