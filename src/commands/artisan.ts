import { command } from '../cli/language/command.ts';
import { rest } from '../cli/language/options.ts';
import { siteCalls } from '../features/remote/machine.ts';
import { checkArtisan, siteOptions } from '../features/remote/options.ts';

export default command({
  name: 'artisan',
  summary: 'Run an Artisan command on a site',
  description:
    "Runs in the live release, with the site's version of PHP, over SSH. Options of dnx come first: everything after the site is passed on as it is.",
  calls: siteCalls,
  checks: true,
  options: {
    ...siteOptions,
    command: { ...rest('Artisan command and its options (default: list)'), required: false, bare: true, check: checkArtisan },
  },
  exits: 'those of the command; 6 if the site has no artisan file, 255 if ssh fails',
  examples: ['artisan shop.example.com migrate:status', 'artisan shop.example.com migrate --force'],
  run: async (ctx, { targets, options }) =>
    (await import('../features/remote/artisan.ts')).artisan(ctx, targets, options, options.command ?? []),
});
