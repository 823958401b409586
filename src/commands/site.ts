import { wordOf } from '../base/text.ts';
import { command, group } from '../cli/language/command.ts';
import { duration, following, text } from '../cli/language/options.ts';
import { action, answer, remove, resource, show, update } from '../cli/language/resource.ts';
import { columns, rows } from '../cli/output/view.ts';
import { deployOptions, reporting } from '../features/deploy/options.ts';
import type { ReleaseRecord } from '../features/deploy/release.ts';
import { releasesEndpoint, siteEndpoint } from '../features/deploy/snapshot.ts';
import { createSite, siteFields } from '../features/site/create.ts';
import { listSites } from '../features/site/list.ts';

interface Site {
  readonly id: string;
  readonly server_id: string;
  readonly domain: string;
  readonly type: string;
  readonly status: string;
  readonly branch: string | null;
  readonly web_directory: string;
  readonly php_version: string;
  readonly zero_downtime_enabled: boolean;
  readonly scheduled_deploy_at: string | null;
  readonly last_deployed_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

interface Webhook {
  readonly id: string;
  readonly commit_hash: string;
  readonly commit_message: string;
  readonly pusher: string;
  readonly branch: string;
  readonly status: string;
  readonly created_at: string;
}

const sites = resource({
  noun: 'site',
  path: '/servers/{server}/sites',
  columns: columns<Site>('domain', 'status', 'type', 'branch', 'php_version', { key: 'last_deployed_at', title: 'Deployed' }, 'id'),
  details: columns<Site>(
    'id',
    'domain',
    'status',
    'type',
    'branch',
    'web_directory',
    'php_version',
    'zero_downtime_enabled',
    'scheduled_deploy_at',
    'last_deployed_at',
    'created_at',
    'updated_at',
  ),
  example: {
    target: 'shop.example.com',
    parents: '--server web-1',
    update: '--php-version 8.4',
  },
});

const { type: _, ...changeable } = siteFields;

const deploy = command({
  name: 'deploy',
  summary: 'Deploy a site and follow it to its end',
  description: [
    'Exit codes: 0 it succeeded, or with --no-wait was started; 1 it failed, or was superseded; 11 it failed verification and was rolled back; 12 some of several failed; 124 it goes on after --timeout.',
    'Interrupted or cut off, it can be taken up again with: dnx site watch',
  ].join('\n'),
  calls: [
    'POST /servers/{server}/sites/{site}/deploy',
    { when: 'wait', also: [siteEndpoint, releasesEndpoint] },
    { when: 'if_running', also: [siteEndpoint, releasesEndpoint] },
    { when: 'verify', also: [siteEndpoint] },
    { when: 'verify_cmd', also: [siteEndpoint] },
    { when: 'rollback_on_fail', also: ['POST /servers/{server}/sites/{site}/rollback'] },
  ],
  targets: 'all',
  options: deployOptions,
  examples: [
    'deploy shop.example.com',
    'deploy shop.example.com --server web-1 --no-wait',
    'deploy shop.example.com --timeout 5m --json',
    'deploy shop.example.com blog.example.com --dry-run',
    'deploy --server web-1 --all --concurrency 2',
  ],
  run: async (ctx, { targets, options }) =>
    (await import('../features/deploy/deploy.ts')).deploy({ ...ctx, targets: targets[0] ?? {}, all: targets }, options),
});

const watch = command({
  name: 'watch',
  summary: 'Follow a deployment that is under way, or take up the one that was left',
  description: 'Without a site it takes up the last deployment that was followed on this machine and did not come to its end here.',
  calls: [siteEndpoint, releasesEndpoint],
  targets: 'optional',
  options: { timeout: following.timeout, ...reporting },
  examples: ['watch shop.example.com'],
  run: async (ctx, { targets, options }) => {
    const [{ watch }, { reported }] = await Promise.all([import('../features/deploy/watch.ts'), import('../features/deploy/report.ts')]);
    return reported({ ...ctx, targets: targets ?? {} }, options, watch);
  },
});

const rollback = command({
  name: 'rollback',
  summary: 'Make an earlier release live again',
  description: 'Re-points the site to a kept release. It rebuilds nothing and does not undo migrations.',
  calls: [
    'POST /servers/{server}/sites/{site}/rollback',
    siteEndpoint,
    releasesEndpoint,
    { when: 'wait', also: [siteEndpoint, releasesEndpoint] },
  ],
  consent: { level: 'moderate', verb: 'Roll back', warning: 'A rollback does not undo database migrations.' },
  options: {
    to: text('The release, by name or id; picked on a terminal, the previous one otherwise', 'release'),
    ...following,
    ...reporting,
  },
  examples: ['rollback shop.example.com --yes', 'rollback shop.example.com --to 01JQ8Z4T9G0000000000RE0003 --yes'],
  run: async (ctx, { targets, options, consent }) => {
    const [{ rollback }, { reported }] = await Promise.all([
      import('../features/deploy/rollback.ts'),
      import('../features/deploy/report.ts'),
    ]);
    return reported({ ...ctx, targets }, options, (inner) => rollback(inner, { ...options, ...consent }));
  },
});

const releases = command({
  name: 'releases',
  summary: 'List the releases that are kept',
  calls: releasesEndpoint,
  examples: ['releases shop.example.com'],
  run: async (ctx) =>
    rows(
      await ctx.list<ReleaseRecord>(),
      columns<ReleaseRecord>(
        'name',
        { key: 'active', title: 'Live' },
        'status',
        { key: 'commit_hash', title: 'Commit', cell: ({ commit_hash }) => wordOf(commit_hash).slice(0, 7) },
        'commit_message',
        'created_at',
        'id',
      ),
      'No releases: this site does not keep any, or was never deployed.',
    ),
});

const webhooks = command({
  name: 'webhooks',
  summary: 'List the pushes that triggered deployments',
  calls: 'GET /servers/{server}/sites/{site}/webhooks',
  examples: ['webhooks shop.example.com'],
  run: async (ctx) =>
    rows(
      await ctx.list<Webhook>(),
      columns<Webhook>(
        'created_at',
        'status',
        'branch',
        'pusher',
        { key: 'commit_hash', title: 'Commit', cell: ({ commit_hash }) => wordOf(commit_hash).slice(0, 7) },
        'commit_message',
      ),
      'No pushes yet.',
    ),
});

const schedule = command({
  name: 'schedule',
  summary: 'Deploy a site later',
  calls: 'POST /servers/{server}/sites/{site}/schedule-deploy',
  options: {
    at: text('When: 2026-12-01T02:00, or with its offset 2026-12-01T02:00:00Z', 'time'),
    tz: text('The time zone of --at (the one of this machine)', 'zone'),
    in: duration('When: so long from now'),
  },
  examples: ['schedule shop.example.com --at 2099-12-01T02:00 --tz Europe/Berlin', 'schedule shop.example.com --in 90m --yes'],
  consent: async (ctx, { targets, options, consent }) =>
    (await import('../features/deploy/schedule.ts')).replacing({ ...ctx, targets }, options, consent),
  run: async (ctx, { targets, options }) => (await import('../features/deploy/schedule.ts')).schedule({ ...ctx, targets }, options),
});

export default group({
  name: 'site',
  commands: [
    listSites(sites.columns),
    show(sites),
    createSite(sites),
    update(sites, changeable),
    remove(sites, { level: 'severe', warning: 'The site, its files and its releases are gone then.' }),
    deploy,
    watch,
    rollback,
    releases,
    webhooks,
    schedule,
    action({
      name: 'unschedule',
      summary: 'Cancel a scheduled deployment',
      calls: 'POST /servers/{server}/sites/{site}/cancel-scheduled-deploy',
      done: 'The scheduled deployment is cancelled.',
      examples: ['unschedule shop.example.com'],
    }),
    command({
      name: 'suspend',
      summary: 'Suspend a site: it answers no traffic until it is resumed',
      calls: 'POST /servers/{server}/sites/{site}/suspend',
      targets: 'each',
      consent: 'moderate',
      fields: { reason: text('Why, for the record') },
      examples: ['suspend shop.example.com --yes'],
      run: async (ctx, { targets: { site } }) => answer(await ctx.call(), sites.details, `Suspended ${site.label}`),
    }),
    action({
      name: 'resume',
      summary: 'Let a suspended site answer again',
      calls: 'POST /servers/{server}/sites/{site}/resume',
      targets: 'each',
      done: ({ site }) => `Resumed ${site?.label}`,
      examples: ['resume shop.example.com'],
    }),
    action({
      name: 'enable-zero-downtime',
      summary: 'Turn on atomic releases; the API has no way back',
      calls: 'POST /servers/{server}/sites/{site}/enable-zero-downtime',
      consent: { level: 'moderate', warning: 'The API has no way to turn this off again.' },
      done: ({ site }) => `Enabled zero-downtime releases on ${site?.label}`,
      examples: ['enable-zero-downtime blog.example.com --yes'],
    }),
  ],
});
