import { command } from '../cli/language/command.ts';
import { listOf } from '../cli/language/shape.ts';
import { backupsEndpoint, certificatesEndpoint, releasesEndpoint, serversEndpoint, sitesEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'report',
  summary: 'Report on all sites',
  description: [
    'Shows the server, PHP version, branch, live release, certificate, workers and newest backup of each site. Without --server or DNX_SERVER, reports on all servers. What the token cannot read is unknown.',
    'Sends 2 requests, 2 for each server and 3 for each site, within the rate limit: 8 servers with 40 sites take 138 requests. -o also takes markdown.',
  ].join('\n\n'),
  exits: '12 not everything could be read, for another reason than the token',
  calls: [
    serversEndpoint,
    { when: 'server', instead: sitesEndpoint },
    { when: 'server', also: [serversEndpoint] },
    sitesEndpoint,
    releasesEndpoint,
    certificatesEndpoint,
    'GET /servers/{server}/sites/{site}/queues',
    'GET /servers/{server}/certificates',
    backupsEndpoint,
  ],
  formats: ['markdown'],
  prints: async () => listOf((await import('../features/report/report.ts')).siteReport),
  examples: ['report', 'report --server web-1', 'report -o csv', 'report -o markdown', 'report --json'],
  run: async (ctx, { targets: { server } }) => (await import('../features/report/report.ts')).showReport(ctx, server),
});
