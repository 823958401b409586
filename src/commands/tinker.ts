import { command } from '../cli/language/command.ts';
import { argument, list, text } from '../cli/language/options.ts';
import { siteCalls } from '../features/remote/machine.ts';
import { checkFiles, siteOptions } from '../features/remote/options.ts';

export default command({
  name: 'tinker',
  reach: 'server',
  summary: 'Open Tinker on a site',
  description: "Runs in the live release, with the site's version of PHP, over SSH. Reads code from stdin if that is not a terminal.",
  effect: 'program',
  calls: siteCalls,
  checks: true,
  options: {
    ...siteOptions,
    execute: text('Run this code and exit', 'code'),
    file: { ...argument(list('PHP files to include')), check: checkFiles },
  },
  exits: 'those of Tinker; 6 if the site has no artisan file, 255 if ssh fails',
  examples: ['tinker shop.example.com', "tinker shop.example.com --execute 'App\\Models\\User::count()'"],
  async run(ctx, { targets, options: { execute, file: files = [], ...options } }) {
    const words = ['tinker', ...(execute === undefined ? [] : [`--execute=${execute}`]), ...files];
    return (await import('../features/remote/artisan.ts')).artisan(ctx, targets, options, words);
  },
});
