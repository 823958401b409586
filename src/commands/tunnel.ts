import { command } from '../cli/language/command.ts';
import { argument, destination, required, rest, text } from '../cli/language/options.ts';
import { destinationCalls } from '../features/remote/machine.ts';
import { localPort, userOption } from '../features/remote/options.ts';

export default command({
  name: 'tunnel',
  reach: 'server',
  summary: 'Make a port of a server, or behind it, available on this machine',
  description:
    "Forwards a local port to a port on the server's loopback, such as that of Redis or Meilisearch, or to HOST:PORT as the server reaches it, over SSH until Ctrl-C, and reconnects if the connection is lost. With a command after --, it runs the command with TUNNEL_HOST and TUNNEL_PORT in its environment instead, and ends with it. For databases, see dnx db tunnel.",
  effect: 'program',
  calls: destinationCalls,
  checks: true,
  options: {
    far: {
      ...argument(required(text('Port on the server, or a host and a port behind it; before or after the server', 'port|host:port'))),
      looks: /^(\[.*\]:|[^@:/]+:)?\d+$/,
    },
    destination: destination('Server or site (default: the linked site)'),
    user: userOption,
    port: { ...localPort, help: 'Local port (default: the same, or a free one)' },
    command: { ...rest('Command to run, after --'), required: false },
  },
  exits: 'with a command, those of the command',
  prints: async () => (await import('../features/remote/forward.ts')).portTunnel,
  examples: [
    'tunnel 6379 shop.example.com',
    'tunnel 7700 web-1 --port 17700',
    'tunnel web-1 redis.internal:6379',
    'tunnel 6379 web-1 -- redis-cli ping',
  ],
  run: async (ctx, { targets, options }) => (await import('../features/remote/forward.ts')).openPortTunnel(ctx, targets, options),
});
