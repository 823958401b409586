import { command } from '../cli/language/command.ts';
import { flag, rest } from '../cli/language/options.ts';
import { listOf } from '../cli/language/shape.ts';
import { fleetCalls, isForSeveral, onOption } from '../features/remote/fleet.ts';
import { checkArtisan, siteOptions } from '../features/remote/options.ts';
import { serverEndpoint, siteEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'artisan',
  reach: 'server',
  summary: 'Run an Artisan command on a site',
  description:
    "Runs in the live release, with the site's version of PHP, over SSH. Options of dnx come first: everything after the site is passed on as it is. On several sites it runs side by side, without a terminal, and each line begins with the site.",
  effect: 'program',
  calls: [siteEndpoint, ...fleetCalls, { when: 'all', also: ['GET /servers/{server}/sites'] }, serverEndpoint],
  checks: true,
  options: {
    ...siteOptions,
    all: flag('Run it on every site'),
    on: onOption,
    command: { ...rest('Artisan command and its options (default: list)'), required: false, bare: true, check: checkArtisan },
  },
  exits: 'those of the command; 6 if the site has no artisan file, 12 if some of several sites failed, 255 if ssh fails',
  prints: async () => listOf((await import('../features/remote/side-by-side.ts')).remoteOutcome),
  examples: [
    'artisan shop.example.com migrate:status',
    'artisan shop.example.com migrate --force',
    'artisan --all about --json',
    'artisan --on shop.example.com,blog.example.com migrate:status',
  ],
  async run(ctx, { targets, options }) {
    const { artisan, artisanOnSeveral } = await import('../features/remote/artisan.ts');
    const { command: words = [], ...others } = options;
    return isForSeveral(ctx, options, 'sites') ? artisanOnSeveral(ctx, others, words) : artisan(ctx, targets, others, words);
  },
});
