import { command } from '../cli/language/command.ts';
import { destination, flag, rest } from '../cli/language/options.ts';
import { destinationCalls } from '../features/remote/machine.ts';
import { siteOptions } from '../features/remote/options.ts';

export default command({
  name: 'ssh',
  summary: 'Connect to a server or a site over SSH',
  description:
    'Runs ssh with your own keys and configuration. On a site, starts in its live release. The server gets the words of the command unchanged, so use sh -c for pipes, variables and globs. Options of dnx come before the command. For the linked site, put -- before it.',
  calls: destinationCalls,
  checks: true,
  options: {
    destination: destination('Server or site (default: the linked site)'),
    ...siteOptions,
    print: flag('Print the command line of ssh instead of running it'),
    command: { ...rest('Command to run and its options (default: a login shell)'), required: false, bare: true },
  },
  exits: 'those of the command; 255 if ssh fails',
  examples: ['ssh web-1', 'ssh shop.example.com', 'ssh web-1 df -h /', "ssh shop.example.com sh -c 'tail -n 5 storage/logs/*.log'"],
  run: async (ctx, { targets, options }) => (await import('../features/remote/connect.ts')).connect(ctx, targets, options),
});
