import { command } from '../cli/language/command.ts';
import { watching } from '../cli/language/options.ts';
import { siteEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'status',
  summary: 'Show the state of a site',
  description: [
    'Shows which site commands in this directory use and why, then its server, live release, certificate and workers. Sends at most five requests, one more for a preview. For the site of a project with previews, sends two to find their servers and one for each of them, to count the previews. Names what the token cannot read.',
    'With --watch, reads the site every 6 seconds and updates the output in place; without a terminal, it prints each change. Use -o ndjson for a line of JSON per change. Press Ctrl-C to stop.',
  ].join('\n\n'),
  calls: siteEndpoint,
  options: { watch: watching },
  prints: async () => (await import('../features/status/status.ts')).siteStatusShape,
  examples: ['status shop.example.com', 'status shop.example.com --json'],
  run: async (ctx, { targets, options: { watch = false } }) =>
    (await import('../features/status/status.ts')).showStatus(ctx, targets, { watch }),
});
