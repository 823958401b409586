import { command } from '../cli/language/command.ts';
import { flag } from '../cli/language/options.ts';
import { siteEndpoint } from '../features/deploy/site.ts';

export default command({
  name: 'status',
  summary: 'Show the state of a site',
  description: [
    'Shows where commands in this directory would go and why, then the site, its server, live release, certificate and workers. Sends at most six requests; what the token cannot read is left out and said.',
    'With --watch, reads the site every 6 seconds, and prints what changes: on a terminal in place, elsewhere below. Use -o ndjson for a line of JSON per change. Ctrl-C ends it.',
  ].join('\n\n'),
  calls: siteEndpoint,
  options: { watch: flag('Keep it up to date until Ctrl-C') },
  examples: ['status shop.example.com', 'status shop.example.com --json'],
  run: async (ctx, { targets, options: { watch = false } }) =>
    (await import('../features/status/status.ts')).showStatus(ctx, targets, { watch }),
});
