import { command } from '../cli/language/command.ts';
import { flag } from '../cli/language/options.ts';
import { releasesEndpoint, siteEndpoint } from '../features/deploy/site.ts';
import { variablesEndpoint } from '../features/env/variables.ts';

export default command({
  name: 'changes',
  summary: 'Show what the next deployment would bring',
  description:
    'Compares the commit of the live release with the branch of the site in the Git clone of this directory: commits, migrations, keys of .env.example that the site lacks, and the PHP version that composer.json requires. Reads the clone as it is; what cannot be known is listed as unknown.\n\nThe files of a project are those beside its link file, or at the root of the repository.',
  exits: 'with --exit-code: 0 no differences, 10 differences, 1 no known difference, but something is unknown',
  calls: [siteEndpoint, releasesEndpoint, variablesEndpoint],
  options: {
    fetch: flag('Fetch the branch from the remote first'),
    exit_code: flag('Exit with 10 if there are differences'),
  },
  examples: ['changes shop.example.com', 'changes shop.example.com --fetch', 'changes shop.example.com --json'],
  run: async (ctx, { targets, options }) => (await import('../features/changes/show.ts')).changes(ctx, targets, options),
});
