import { command } from '../cli/language/command.ts';
import { argument, choice, destination, flag, integer, list, text, under } from '../cli/language/options.ts';
import { logsEndpoint } from '../features/logs/server-log.ts';
import { levels, sourceNames } from '../features/remote/log-paths.ts';
import { userOption } from '../features/remote/options.ts';
import { serverEndpoint, siteEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'logs',
  summary: 'Show the logs of a site or a server',
  description: `Reads the logs of a site over SSH, and those of a server from Deploynix. With -f, or an option for what to show, a server is read over SSH, too.
With -f, new entries are shown until Ctrl-C, also after a log is rotated, a release changes or the connection is lost. An entry is what a program wrote at once; --trace shows its stack trace, too.`,
  calls: [
    logsEndpoint,
    { when: 'site', instead: siteEndpoint },
    { when: 'all', instead: 'GET /servers' },
    { when: 'all', also: ['GET /servers/{server}/sites'] },
    { when: ['site', 'follow', 'source', 'path', 'since', 'until', 'level', 'grep'], also: [serverEndpoint] },
  ],
  checks: true,
  options: {
    destination: destination('Server or site (default: the linked site)'),
    sites: argument(list('More sites, whose logs are shown together', 'site')),
    all: flag('Show the logs of every site, or of those of --server'),
    follow: { ...flag('Show new entries as they are written'), short: 'f', reach: 'endless' },
    lines: { ...integer('Number of entries of each file (default 100)'), short: 'n', least: 0 },
    trace: flag('Show stack traces, not only their length'),
    source: choice('Log to show; laravel by default, nginx for a server with -f', sourceNames),
    path: { ...list('File on the server to show instead; a relative one starts in the live release', 'file'), reveals: 'files' },
    ...under('Search', {
      since: text('Only entries since then: 15m, 02:00, yesterday, or a time in UTC', 'when'),
      until: text('Only entries until then', 'when'),
      level: choice('Only entries of this level or a worse one', levels),
      grep: text('Only entries that match; case matters if the pattern has a capital letter', 'pattern'),
    }),
    user: userOption,
  },
  exits: '5 permission denied; 6 no such file; 12 some sites failed; 13 no connection; 130 Ctrl-C',
  prints: async () => (await import('../features/logs/server-log.ts')).logsShape,
  examples: [
    'logs shop.example.com',
    'logs shop.example.com -f',
    'logs shop.example.com --since 1h --level error --trace',
    'logs shop.example.com blog.example.com --level warning -f',
    'logs --all --since 02:00 --level error',
    'logs shop.example.com --source deploy -n 20',
    'logs web-1 --path /var/log/dpkg.log',
  ],
  run: async (ctx, { targets, options }) => (await import('../features/logs/logs.ts')).showLogs(ctx, targets, options),
});
