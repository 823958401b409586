import { command } from '../cli/language/command.ts';
import { flag } from '../cli/language/options.ts';
import { siteEndpoint } from '../features/deploy/snapshot.ts';

export default command({
  name: 'status',
  summary: 'Show the state of a site, and where it is set',
  description: [
    'Also reads its server, releases, pushes, certificates and workers, as far as the token can: six requests in all.',
    'With --watch, reads the site every 6 seconds, and prints what changes: on a terminal in place, elsewhere below. Use -o ndjson for a line of JSON per change. Ctrl-C ends it.',
  ].join('\n\n'),
  calls: siteEndpoint,
  options: { watch: flag('Keep it up to date until Ctrl-C') },
  examples: ['status shop.example.com', 'status shop.example.com --json'],
  run: async (ctx, { targets, options: { watch = false } }) =>
    (await import('../features/status/show.ts')).showStatus(ctx, targets, { watch }),
});
