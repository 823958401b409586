import { command } from '../cli/language/command.ts';
import { argument, count, destination, required, rest } from '../cli/language/options.ts';
import { destinationCalls } from '../features/remote/machine.ts';
import { localPort, userOption } from '../features/remote/options.ts';

export default command({
  name: 'tunnel',
  reach: 'server',
  summary: 'Make a port of a server available on this machine',
  description:
    "Forwards a local port to a port on the server's loopback, such as that of Redis or Meilisearch, over SSH until Ctrl-C, and reconnects if the connection is lost. With a command after --, it runs the command with TUNNEL_HOST and TUNNEL_PORT in its environment instead, and ends with it. For databases, see dnx db tunnel.",
  effect: 'program',
  calls: destinationCalls,
  checks: true,
  options: {
    remote_port: { ...argument(required(count('Port on the server'))), placeholder: 'port' },
    destination: destination('Server or site (default: the linked site)'),
    user: userOption,
    port: { ...localPort, help: 'Local port (default: the same, or a free one)' },
    command: { ...rest('Command to run, after --'), required: false },
  },
  exits: 'with a command, those of the command',
  prints: async () => (await import('../features/remote/tunnel.ts')).portTunnel,
  examples: ['tunnel 6379 shop.example.com', 'tunnel 7700 web-1 --port 17700', 'tunnel 6379 web-1 -- redis-cli ping'],
  run: async (ctx, { targets, options }) => (await import('../features/remote/tunnel.ts')).openPortTunnel(ctx, targets, options),
});
