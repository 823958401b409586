import { command } from '../cli/language/command.ts';
import { argument, duration, list, under, watching } from '../cli/language/options.ts';
import { listOf } from '../cli/language/shape.ts';
import { userOption } from '../features/remote/options.ts';
import { serverEndpoint, serversEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'top',
  summary: 'Show how busy servers are',
  description:
    'Shows load, memory, the fullest disk, the busy processes of PHP-FPM and the workers of each server, with one SSH connection each. Workers are the processes of Supervisor. A server that cannot be read is listed with the reason. Changes nothing and runs no code of a site.',
  calls: [serversEndpoint, { when: 'servers', also: [serverEndpoint] }],
  options: {
    servers: argument(list('Servers (default: all)', 'server')),
    user: userOption,
    ...under('Live', {
      watch: watching,
      interval: { ...duration('How often to read with --watch (default 5s)'), least: 1000 },
    }),
  },
  exits: '12 some servers could not be read; 130 Ctrl-C',
  prints: async () => listOf((await import('../features/top/top.ts')).busyServer),
  examples: ['top', 'top web-1 web-2', 'top --watch', 'top --json'],
  run: async (ctx, { options }) => (await import('../features/top/top.ts')).showTop(ctx, options),
});
