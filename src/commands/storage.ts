import { command, group } from '../cli/language/command.ts';
import { argument, flag, list, text } from '../cli/language/options.ts';
import { siteCalls } from '../features/remote/machine.ts';
import { siteOptions } from '../features/remote/options.ts';

const options = {
  ...siteOptions,
  directory: { ...argument(text('Directory here (default storage/app)', 'dir')) },
  exclude: list('Leave out what matches, as in rsync', 'pattern'),
  delete: flag('Delete what the other side does not have, after showing it'),
  dry_run: { ...flag('Show what would be copied and deleted'), effect: 'read' },
  confirm: text('Name of the site, to delete without a prompt', 'name'),
} as const;

const pull = command({
  name: 'pull',
  reach: 'server',
  summary: 'Copy storage/app of a site to this machine',
  description:
    'Copies what differs, with rsync on both sides. A copy that was cut off goes on where it stopped. Links that lead out of the directory are left out.',
  effect: 'local',
  reveals: 'files',
  calls: siteCalls,
  checks: true,
  options,
  exits: '12 if only a part was copied',
  prints: async () => (await import('../features/files/storage.ts')).synchronized,
  examples: ['pull shop.example.com', 'pull shop.example.com uploads --exclude cache/', 'pull shop.example.com --delete --dry-run'],
  run: async (ctx, { targets, options: given }) =>
    (await import('../features/files/storage.ts')).synchronize(ctx, targets, false, { ...given, yes: true }),
});

const push = command({
  name: 'push',
  reach: 'server',
  summary: 'Copy storage/app of this machine to a site',
  description:
    'Copies what differs, with rsync on both sides. New files get the owner and the modes of the directory there; those that exist keep theirs.',
  effect: 'change',
  reveals: 'files',
  calls: siteCalls,
  checks: true,
  consent: { level: 'moderate', deferred: true },
  options: { ...options, delete: { ...options.delete, effect: 'destroy' } },
  exits: '12 if only a part was copied',
  prints: async () => (await import('../features/files/storage.ts')).synchronized,
  examples: ['push shop.example.com --yes', 'push shop.example.com uploads --delete --dry-run'],
  run: async (ctx, { targets, options: given, consent }) =>
    (await import('../features/files/storage.ts')).synchronize(ctx, targets, true, { ...given, yes: consent.yes }),
});

export default group({ name: 'storage', noun: 'site', commands: [pull, push] });
