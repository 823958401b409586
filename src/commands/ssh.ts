import { command } from '../cli/language/command.ts';
import { destination, flag, rest, text } from '../cli/language/options.ts';
import { destinationCalls } from '../features/remote/machine.ts';

export default command({
  name: 'ssh',
  summary: 'Connect to a server or a site over SSH',
  calls: destinationCalls,
  options: {
    destination: destination('Server or site (default: that of the project)'),
    user: text('User to sign in as (default: that of Deploynix)', 'name'),
    print: flag('Print the command line of ssh instead of running it'),
    command: { ...rest('Command to run, after --'), required: false },
  },
  exits: 'those of the command; 255 if ssh fails',
  examples: ['ssh web-1', 'ssh shop.example.com', 'ssh web-1 -- df -h /'],
  run: async (ctx, { targets, options }) => (await import('../features/remote/connect.ts')).connect(ctx, targets, options),
});
