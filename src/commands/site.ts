import { wordOf } from '../base/text.ts';
import { command, group } from '../cli/language/command.ts';
import { action, answer, create, list, remove, resource, show, update } from '../cli/language/crud.ts';
import { consents } from '../cli/language/globals.ts';
import { assumed, duration, natural, reference, required, suggest, text } from '../cli/language/options.ts';
import { columns, rows } from '../cli/output/view.ts';
import { releasesEndpoint, siteEndpoint } from '../features/deploy/follow-deployment.ts';
import type { Release } from '../features/deploy/judge.ts';
import { deployOptions, reporting, waiting } from '../features/deploy/options.ts';

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
    create: 'new.example.com --type laravel',
    update: '--php-version 8.4',
  },
});

const fields = {
  domain: natural(required(assumed(text('The domain it answers on', 'domain')))),
  type: suggest(assumed(text('What kind of site')), 'laravel', 'wordpress', 'statamic', 'static', 'nextjs', 'nuxt'),
  git_repository_id: reference(assumed(text('The repository it is deployed from, by name or id', 'repository')), 'git_repository'),
  branch: assumed(text('The branch that is deployed')),
  web_directory: assumed(text('The directory that is served, such as /public', 'path')),
  php_version: suggest(assumed(text('PHP version')), '8.0', '8.1', '8.2', '8.3', '8.4'),
};
const { type: _, ...changeable } = fields;

const deploy = command({
  name: 'deploy',
  summary: 'Deploy a site and follow it to its end',
  description: [
    'Exit codes: 0 it succeeded, or with --no-wait was started; 1 it failed, or was superseded; 11 it failed verification and was rolled back; 12 some of several failed; 124 it goes on after --timeout.',
    'Interrupted or cut off, it can be taken up again with: dnx site watch',
  ].join('\n'),
  endpoint: 'POST /servers/{server}/sites/{site}/deploy',
  many: 'together',
  options: deployOptions,
  examples: [
    'deploy shop.example.com',
    'deploy shop.example.com --server web-1 --no-wait',
    'deploy shop.example.com --timeout 5m --json',
    'deploy shop.example.com blog.example.com --dry-run',
    'deploy --server web-1 --all --concurrency 2',
  ],
  run: async (ctx, values) => (await import('../features/deploy/command.ts')).deployCommand(ctx, values),
});

const watch = command({
  name: 'watch',
  summary: 'Follow a deployment that is under way, or take up the one that was left',
  description: 'Without a site it takes up the last deployment that was followed on this machine and did not come to its end here.',
  endpoint: siteEndpoint,
  uses: [releasesEndpoint],
  targetless: true,
  options: { timeout: waiting.timeout, ...reporting },
  examples: ['watch shop.example.com'],
  run: async (ctx, { timeout, ...report }) => {
    const [{ watch }, { reported }] = await Promise.all([import('../features/deploy/watch.ts'), import('../features/deploy/report.ts')]);
    return reported(ctx, report, (inner) => watch(inner, timeout));
  },
});

const rollback = command({
  name: 'rollback',
  summary: 'Make an earlier release live again',
  description: 'Re-points the site to a kept release. It rebuilds nothing and does not undo migrations.',
  endpoint: 'POST /servers/{server}/sites/{site}/rollback',
  uses: [siteEndpoint, releasesEndpoint],
  consent: { level: 'moderate', verb: 'Roll back', warning: 'A rollback does not undo database migrations.' },
  options: {
    to: text('The release, by name or id; picked on a terminal, the previous one otherwise', 'release'),
    ...waiting,
    ...reporting,
    yes: consents.moderate.yes,
  },
  examples: ['rollback shop.example.com --yes', 'rollback shop.example.com --to 01JQ8Z4T9G0000000000RE0003 --yes'],
  run: async (ctx, values) => {
    const [{ rollback }, { reported }] = await Promise.all([
      import('../features/deploy/rollback.ts'),
      import('../features/deploy/report.ts'),
    ]);
    return reported(ctx, values, (inner) => rollback(inner, values));
  },
});

const releases = command({
  name: 'releases',
  summary: 'List the releases that are kept',
  endpoint: releasesEndpoint,
  examples: ['releases shop.example.com'],
  run: async (ctx, args) =>
    rows(
      await ctx.api.list<Release>(releasesEndpoint, args),
      columns<Release>(
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
  endpoint: 'GET /servers/{server}/sites/{site}/webhooks',
  examples: ['webhooks shop.example.com'],
  run: async (ctx, args) =>
    rows(
      await ctx.api.list<Webhook>('GET /servers/{server}/sites/{site}/webhooks', args),
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
  endpoint: 'POST /servers/{server}/sites/{site}/schedule-deploy',
  options: {
    at: text('When: 2026-12-01T02:00, or with its offset 2026-12-01T02:00:00Z', 'time'),
    tz: text('The time zone of --at (the one of this machine)', 'zone'),
    in: duration('When: so long from now'),
    yes: consents.moderate.yes,
  },
  examples: ['schedule shop.example.com --at 2099-12-01T02:00 --tz Europe/Berlin', 'schedule shop.example.com --in 90m --yes'],
  run: async (ctx, values) => (await import('../features/deploy/schedule.ts')).schedule(ctx, values),
});

export default group({
  name: 'site',
  noun: 'site',
  summary: 'Sites: deploy, watch, roll back',
  commands: [
    list(sites),
    show(sites),
    create(sites, fields),
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
      endpoint: 'POST /servers/{server}/sites/{site}/cancel-scheduled-deploy',
      done: 'The scheduled deployment is cancelled.',
      examples: ['unschedule shop.example.com'],
    }),
    command({
      name: 'suspend',
      summary: 'Suspend a site: it answers no traffic until it is resumed',
      endpoint: 'POST /servers/{server}/sites/{site}/suspend',
      many: true,
      consent: { level: 'moderate' },
      options: { reason: text('Why, for the record') },
      examples: ['suspend shop.example.com --yes'],
      run: async (ctx, { reason, ...place }) =>
        answer(
          await ctx.api.send('POST /servers/{server}/sites/{site}/suspend', place, { body: reason === undefined ? undefined : { reason } }),
          sites.details ?? [],
          'Suspended.',
        ),
    }),
    action({
      name: 'resume',
      summary: 'Let a suspended site answer again',
      endpoint: 'POST /servers/{server}/sites/{site}/resume',
      many: true,
      done: 'Resumed.',
      examples: ['resume shop.example.com'],
    }),
    action({
      name: 'enable-zero-downtime',
      summary: 'Turn on atomic releases; the API has no way back',
      endpoint: 'POST /servers/{server}/sites/{site}/enable-zero-downtime',
      consent: { level: 'moderate', warning: 'The API has no way to turn this off again.' },
      done: 'Zero-downtime releases are on.',
      examples: ['enable-zero-downtime blog.example.com --yes'],
    }),
  ],
});
