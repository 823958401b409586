import { command } from '../cli/language/command.ts';
import { argument, flag, list, required } from '../cli/language/options.ts';
import { userOption } from '../features/remote/options.ts';
import { serverEndpoint, siteEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'cp',
  reach: 'server',
  summary: 'Copy files to and from a server or a site',
  description: [
    'A path on a server is SERVER:PATH or SITE:PATH, as in scp; USER@ before it signs in as another user. A relative one begins in the live release of a site, or in the home directory. * ? and [ ] match names there, so quote them.',
    'A file takes its place once it is whole. Links are followed. With rsync on both sides, a copy that was cut off goes on where it stopped; otherwise tar copies.',
  ].join('\n\n'),
  effect: 'program',
  reveals: 'files',
  calls: ['GET /servers', serverEndpoint, siteEndpoint],
  options: {
    paths: { ...argument(required(list('Sources, and last the target'))), placeholder: 'path' },
    recursive: { ...flag('Copy directories'), short: 'r' },
    user: userOption,
  },
  exits: '12 if only a part was copied',
  prints: async () => (await import('../features/files/copy.ts')).copied,
  examples: [
    'cp shop.example.com:storage/logs/laravel.log .',
    "cp 'web-1:/var/log/nginx/*.log' .",
    'cp -r shop.example.com:storage/logs logs',
    'cp dump.sql.gz web-1:/tmp/',
  ],
  run: async (ctx, { options }) => (await import('../features/files/copy.ts')).copy(ctx, options),
});
