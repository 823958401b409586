import { command, group } from '../cli/command.ts';
import { action, answer, list, resource, said, show } from '../cli/crud.ts';
import { duration, required, text, toggle, using } from '../cli/options.ts';
import { deploy } from '../deploy/deploy.ts';
import { rollback } from '../deploy/rollback.ts';
import { watch } from '../deploy/watch.ts';
import { releasesEndpoint, siteEndpoint } from '../follow/deployment.ts';
import type { Release } from '../follow/judge.ts';
import { columns, rows } from '../output/view.ts';

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
  example: { target: 'shop.example.com', parents: '--server web-1' },
});

const waiting = {
  wait: using(toggle('Follow it to its end; by default where the token can'), siteEndpoint, releasesEndpoint),
  timeout: duration('How long to wait (15m)'),
};

const deployCommand = command({
  name: 'deploy',
  summary: 'Deploy a site and follow it to its end',
  description: 'Exit code 0: it succeeded. 1: it failed. 124: it goes on after --timeout. With --no-wait, 0: it was started.',
  endpoint: 'POST /servers/{server}/sites/{site}/deploy',
  options: waiting,
  examples: ['deploy shop.example.com', 'deploy shop.example.com --server web-1 --no-wait', 'deploy shop.example.com --timeout 5m --json'],
  run: (ctx, { server, site, wait, timeout }) => deploy(ctx, { server, site }, { wait, timeoutMs: timeout }),
});

const watchCommand = command({
  name: 'watch',
  summary: 'Follow a deployment that is under way',
  endpoint: siteEndpoint,
  uses: [releasesEndpoint],
  options: { timeout: waiting.timeout },
  examples: ['watch shop.example.com'],
  run: (ctx, { server, site, timeout }) => watch(ctx, { server, site }, timeout),
});

const rollbackCommand = command({
  name: 'rollback',
  summary: 'Make an earlier release live again',
  description: 'Re-points the site to a kept release. It rebuilds nothing and does not undo migrations.',
  endpoint: 'POST /servers/{server}/sites/{site}/rollback',
  uses: [siteEndpoint, releasesEndpoint],
  consent: { level: 'moderate', warning: 'A rollback does not undo database migrations.' },
  options: { to: text('The release, by name or id; the previous one otherwise', 'release'), ...waiting },
  examples: ['rollback shop.example.com --yes', 'rollback shop.example.com --to 20260318_143200 --yes'],
  run: (ctx, { server, site, to, wait, timeout }) => rollback(ctx, { server, site }, { to, wait, timeoutMs: timeout }),
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
        { key: 'commit_hash', title: 'Commit', cell: ({ commit_hash }) => commit_hash?.slice(0, 7) },
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
        { key: 'commit_hash', title: 'Commit', cell: ({ commit_hash }) => commit_hash?.slice(0, 7) },
        'commit_message',
      ),
      'No pushes yet.',
    ),
});

const schedule = command({
  name: 'schedule',
  summary: 'Deploy a site later',
  endpoint: 'POST /servers/{server}/sites/{site}/schedule-deploy',
  options: { at: required(text('When: ISO 8601 with its offset, such as 2026-12-01T02:00:00Z', 'time')) },
  examples: ['schedule shop.example.com --at 2099-12-01T02:00:00Z'],
  run: async (ctx, { at, ...place }) => {
    const reply = await ctx.api.send('POST /servers/{server}/sites/{site}/schedule-deploy', place, {
      body: { scheduled_at: new Date(at).toISOString() },
    });
    return said(reply, `Scheduled for ${at}.`);
  },
});

export default group({
  name: 'site',
  noun: 'site',
  summary: 'Sites: deploy, watch, roll back',
  commands: [
    list(sites),
    show(sites),
    deployCommand,
    watchCommand,
    rollbackCommand,
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
