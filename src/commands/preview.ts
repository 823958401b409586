import { command, group } from '../cli/language/command.ts';
import { argument, choice, content, duration, flag, following, ifExists, reporting, secret, text } from '../cli/language/options.ts';
import { listOf, objectOf, word } from '../cli/language/shape.ts';
import { findReads, projectReads, removalCalls, upCalls, usersEndpoint } from '../features/preview/calls.ts';
import { certificatesEndpoint } from '../platform/follow/readers.ts';

const branch = argument(text('Branch (default: of the CI job, or the current one)', 'branch'));
const options = { from: text('Base site, as a domain or an environment (default: preview.site)', 'site') };

const list = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List the previews of this project',
  description:
    'The state is up, creating, failed, overdue (past its deadline), orphaned (its branch is gone) or unmarked (without DNX_PREVIEW). dnx preview sweep removes overdue and orphaned previews.',
  calls: [...projectReads, ...findReads],
  options,
  prints: async () => listOf((await import('../features/preview/list.ts')).listedPreview),
  examples: ['list', "list --query '[].url'"],
  run: async (ctx, { options: given }) => (await import('../features/preview/list.ts')).listPreviews(ctx, given),
});

const open = command({
  name: 'open',
  summary: 'Open the preview of a branch in a browser',
  description:
    'Uses https if the preview has a valid certificate. Set BROWSER to choose a browser. Without one, as over SSH, the URL is printed.',
  effect: 'program',
  calls: [...projectReads, ...findReads, certificatesEndpoint],
  options: {
    branch,
    ...options,
    print: { ...flag('Print the URL instead'), effect: 'read' },
  },
  prints: () => objectOf({ url: word }),
  examples: ['open feature/cart', 'open --print'],
  run: async (ctx, { options: given }) => (await import('../features/preview/list.ts')).openPreview(ctx, given),
});

/** What `down` and `sweep` have in common. They never go through a plan file, and only a person confirms them. */
const removing = {
  consent: { level: 'severe', named: 'the base site', deferred: true },
  prints: async () => (await import('../features/preview/removal.ts')).removalShape,
} as const;
const removalReads = [...projectReads, ...findReads, usersEndpoint] as const;
const removalOptions = {
  ...options,
  dry_run: { ...flag('Show what would be removed, what stays, and why'), effect: 'read' },
  timeout: { ...following.timeout, later: true },
} as const;

const down = command({
  ...removing,
  name: 'down',
  summary: 'Remove the preview of a branch',
  description:
    'Removes the site, and once it is gone, its database and user. dnx proves that each belongs to the preview right before it deletes it. A database that another site may use stays.',
  exits: '6 no preview, 10 a site of that name that is not the preview, 12 not everything was removed',
  calls: [...removalReads, { unless: 'dry_run', also: removalCalls }],
  options: { branch, ...removalOptions, ...ifExists },
  examples: ['down feature/cart --dry-run', 'down feature/cart --confirm shop.example.com'],
  run: async (ctx, { options: given, consent }) => (await import('../features/preview/sweep.ts')).removePreview(ctx, given, consent),
});

const sweep = command({
  ...removing,
  name: 'sweep',
  summary: 'Remove previews that are overdue or whose branch is gone',
  description:
    'Removes previews of this project that are past their deadline, or older than an hour with a branch that is gone, and databases that an interrupted command left. dnx proves that each belongs to the project right before it deletes it. A database that a site may use stays. After a failure, it continues with the rest.',
  exits: '12 not everything was removed',
  calls: [...removalReads, { unless: 'dry_run', also: removalCalls }],
  options: removalOptions,
  examples: ['sweep --dry-run', 'sweep --confirm shop.example.com'],
  run: async (ctx, { options: given, consent }) => (await import('../features/preview/sweep.ts')).sweepPreviews(ctx, given, consent),
});

const up = command({
  name: 'up',
  summary: 'Create or update the preview of a branch',
  description:
    'Creates a site with the settings of the base site and its own database and variables, deploys the branch, and waits for the result. Its settings are in preview in the link file of the default branch, whatever is checked out. Run it again after a push or an interruption.',
  exits: '1 deployment or certificate failed, 6 branch not found, 10 name taken or another value stored, 12 only partly created',
  calls: upCalls,
  consent: { level: 'moderate', deferred: true },
  options: {
    branch,
    ...options,
    server: text('One of the servers in preview.server', 'server'),
    ttl: duration('Time until a sweep removes it, from 1h to 365d (default: preview.ttl, or 3d)'),
    database: choice('Its own database, or none (default: preview.database, or own)', ['own', 'none']),
    certificate: content("Certificate and chain as PEM, instead of Let's Encrypt"),
    private_key: secret('Private key of --certificate, as PEM'),
    seed: text('Artisan command to run once after the first deployment (default: preview.seed)', 'command'),
    dump: { ...text('SQL dump to import once instead, as from dnx db dump', 'file'), reach: 'machine' },
    verify: text('Path to request after the deployment, such as /up (default: preview.verify)', 'path'),
    timeout: { ...following.timeout, later: true },
    ...reporting,
    comment: { ...text('Also write a pull request comment in Markdown to this file', 'file'), section: 'CI', effect: 'local' },
  },
  prints: async () => (await import('../features/preview/up.ts')).upShape,
  examples: ['up feature/cart --dry-run', 'up feature/cart --yes', 'up --ttl 1d --comment comment.md --result-file preview.env --yes'],
  run: async (ctx, { options: given, consent }) => (await import('../features/preview/up.ts')).previewUp(ctx, given, consent),
});

export default group({ name: 'preview', commands: [up, list, open, down, sweep] });
