import { command } from '../cli/language/command.ts';
import { flag } from '../cli/language/options.ts';
import { variablesEndpoint } from '../features/env/variables.ts';
import { releasesEndpoint, siteEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'changes',
  summary: 'Show what the next deployment would bring',
  description:
    'Compares the live release with the branch of the site, in the Git clone in this directory: commits, migrations, variables of .env.example that the site lacks, and the PHP version that composer.json requires. Without --fetch, the clone is not updated. What dnx cannot know is listed as unknown.\n\nThe files of the project are next to its .deploynix.json, or at the root of the repository.',
  exits: 'with --exit-code: 0 no differences, 10 differences, 1 no known difference, but something is unknown',
  calls: [siteEndpoint, releasesEndpoint, variablesEndpoint],
  options: {
    fetch: { ...flag('Fetch the branch from the remote first'), effect: 'local' },
    exit_code: flag('Exit with 10 if there are differences'),
  },
  prints: async () => (await import('../features/changes/changes.ts')).changesShape,
  examples: ['changes shop.example.com', 'changes shop.example.com --fetch', 'changes shop.example.com --json'],
  run: async (ctx, { targets, options }) => (await import('../features/changes/show.ts')).changes(ctx, targets, options),
});
