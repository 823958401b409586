import { command } from '../cli/language/command.ts';
import { choice, destination, flag, integer, list } from '../cli/language/options.ts';
import { logsEndpoint } from '../features/logs/server-log.ts';
import { sourceNames } from '../features/remote/log-paths.ts';
import { userOption } from '../features/remote/options.ts';
import { serverEndpoint, siteEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'logs',
  summary: 'Show the logs of a site or a server',
  description: `Reads the logs of a site over SSH, and those of a server from Deploynix. With -f, or with --source or --path, a server is read over SSH, too.
With -f, new lines are shown until Ctrl-C, also after a log is rotated, a release changes or the connection is lost.`,
  calls: [
    logsEndpoint,
    { when: 'site', instead: siteEndpoint },
    { when: 'site', also: [serverEndpoint] },
    { when: 'follow', also: [serverEndpoint] },
    { when: 'source', also: [serverEndpoint] },
    { when: 'path', also: [serverEndpoint] },
  ],
  checks: true,
  options: {
    destination: destination('Server or site (default: the linked site)'),
    follow: { ...flag('Show new lines as they are written'), short: 'f' },
    lines: { ...integer('Number of lines of each file (default 100)'), short: 'n', least: 0 },
    source: choice('Log to show; laravel by default, nginx for a server with -f', sourceNames),
    path: list('File on the server to show instead; a relative one starts in the live release', 'file'),
    user: userOption,
  },
  exits: '5 permission denied; 6 no such file; 13 no connection; 130 Ctrl-C',
  examples: [
    'logs shop.example.com',
    'logs shop.example.com -f',
    'logs shop.example.com --source deploy -n 20',
    'logs web-1 --lines 20',
    'logs web-1 --path /var/log/dpkg.log',
  ],
  run: async (ctx, { targets, options }) => (await import('../features/logs/logs.ts')).showLogs(ctx, targets, options),
});
