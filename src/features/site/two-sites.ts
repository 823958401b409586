import { command } from '../../cli/language/command.ts';
import { argument, flag, following, from, list, required, text } from '../../cli/language/options.ts';
import { listOf } from '../../cli/language/shape.ts';
import { siteEndpoint, sitesEndpoint } from '../../platform/follow/readers.ts';
import { createVariableEndpoint, variablesEndpoint } from '../env/variables.ts';

/** What `site compare` reads of two sites and their servers. */
const comparedLists = [
  variablesEndpoint,
  'GET /servers/{server}/sites/{site}/queues',
  'GET /servers/{server}/sites/{site}/redirects',
  'GET /servers/{server}/daemons',
  'GET /servers/{server}/crontabs',
] as const;

/** `dnx site compare`. */
export const compare = command({
  name: 'compare',
  compares: true,
  summary: 'Compare two sites side by side',
  description:
    'Compares their settings, variables, queue workers and redirects, and the cron jobs and daemons of their servers that name them. Of a variable it says whether both have the same value, never which. A word is an environment of the link file or a site. The second one is the linked site by default.',
  exits: '10 there are differences, with --exit-code',
  calls: ['GET /servers', siteEndpoint, ...comparedLists, 'GET /git-repositories'],
  options: {
    first_site: { ...argument(required(text('Site', 'site'))), names: 'site' },
    other_site: { ...argument(text('Site', 'site')), names: 'site' },
    equal: flag('Also show what is equal'),
    exit_code: flag('Exit with 10 if there are differences'),
  },
  prints: async () => listOf((await import('./compare.ts')).sitePart),
  examples: ['compare shop.example.com blog.example.com', 'compare web-1/staging.example.com web-2/staging.example.com --equal'],
  run: async (ctx, { options }) => (await import('./compare.ts')).compareSites(ctx, options),
});

/** What `site copy` creates. */
const copied = [
  'POST /servers/{server}/sites',
  'POST /servers/{server}/sites/{site}/enable-zero-downtime',
  createVariableEndpoint,
  'POST /servers/{server}/sites/{site}/queues',
  'POST /servers/{server}/sites/{site}/redirects',
  'POST /servers/{server}/daemons',
  'POST /servers/{server}/crontabs',
] as const;

/** `dnx site copy`. */
export const copy = command({
  name: 'copy',
  reveals: 'values',
  summary: 'Copy a site to another server or domain',
  description:
    'Creates a site with the same settings, variables, queue workers and redirects, and the cron jobs and daemons of its server that name it. With --as, the new domain also replaces the old one in them, except in email addresses. Data, files, certificates, deploy keys and releases are not copied. A variable that the API hides is named, and is for dnx env push.\n\nInterrupted, run it again: it goes on. A domain that exists and is no such copy is refused.',
  exits: '10 the domain is that of another site; 12 only some of it was created',
  calls: [sitesEndpoint, siteEndpoint, 'GET /servers', ...comparedLists, 'GET /git-repositories', ...copied],
  targets: 'optional',
  consent: { level: 'moderate', deferred: true },
  options: {
    from_site: { ...argument(text('Site', 'site')), names: 'site' },
    to: required(from(text('Server to copy to', 'server'), { list: 'GET /servers' })),
    as: text('Domain of the copy (default the same)', 'domain'),
    except: list('Leave out this variable', 'KEY'),
    confirm: text('Domain of the copy, to send variables that could break it', 'name'),
    ...following,
    timeout: { ...following.timeout, later: true },
  },
  prints: async () => (await import('../plan/send.ts')).applyShape,
  examples: [
    'copy shop.example.com --to web-2 --dry-run',
    'copy shop.example.com --to web-1 --as demo.example.com --except DB_DATABASE --yes',
  ],
  run: async (ctx, { options, consent }) => (await import('./copy.ts')).copySite(ctx, options, consent),
});
