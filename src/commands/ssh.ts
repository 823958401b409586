import { command } from '../cli/language/command.ts';
import { destination, flag, rest, under } from '../cli/language/options.ts';
import { either, listOf, objectOf, word } from '../cli/language/shape.ts';
import { fleetCalls, isForSeveral, onOption } from '../features/remote/fleet.ts';
import { siteOptions } from '../features/remote/options.ts';
import { serverEndpoint, siteEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'ssh',
  reach: 'server',
  summary: 'Connect to a server or a site over SSH',
  description: [
    'Runs ssh with your own keys and configuration. On a site, starts in its live release. The server gets the words of the command unchanged, so use sh -c for pipes, variables and globs. Options of dnx come before the command. For the linked site, put -- before it.',
    'With --all or --on, the command runs side by side, without a terminal, and each line begins with the name.',
    'With --config, ssh, scp, rsync, sftp and editors can use the names of your servers and sites.',
  ].join('\n\n'),
  effect: 'program',
  calls: [
    serverEndpoint,
    { when: 'site', instead: siteEndpoint },
    ...fleetCalls,
    { when: 'config', and: 'all', also: ['GET /servers/{server}/sites'] },
    serverEndpoint,
  ],
  checks: true,
  options: {
    destination: destination('Server or site (default: the linked site)'),
    ...siteOptions,
    // As in ssh, for rsync -e 'dnx ssh'.
    user: { ...siteOptions.user, short: 'l' },
    print: { ...flag('Print the command line of ssh instead of running it'), effect: 'read' },
    ...under('Several', { all: flag('Run the command on every server'), on: onOption }),
    config: { ...flag('Print entries for ~/.ssh/config; with --all, of all servers and sites'), effect: 'read' },
    command: { ...rest('Command to run and its options (default: a login shell)'), required: false, bare: true },
  },
  exits: 'those of the command; 12 if it failed on some of several, 255 if ssh fails',
  prints: async () => {
    const [{ remoteOutcome }, { sshEntries }] = await Promise.all([
      import('../features/remote/side-by-side.ts'),
      import('../features/remote/ssh-config.ts'),
    ]);
    return either(listOf(remoteOutcome), sshEntries, objectOf({ command: word }));
  },
  examples: [
    'ssh web-1',
    'ssh shop.example.com',
    'ssh web-1 df -h /',
    "ssh shop.example.com sh -c 'tail -n 5 storage/logs/*.log'",
    'ssh --all -- uptime',
    'ssh --on web-1,shop.example.com -- php --version',
    'ssh --config --all',
  ],
  async run(ctx, { targets, options }) {
    const several = isForSeveral(ctx, options, 'servers');
    if (options.config) return (await import('../features/remote/ssh-config.ts')).sshConfig(ctx, targets, options);
    const { connect, connectToSeveral } = await import('../features/remote/connect.ts');
    return several ? connectToSeveral(ctx, options) : connect(ctx, targets, options);
  },
});
