import { usage } from '../base/errors.ts';
import { command, group } from '../cli/language/command.ts';
import { argument, destination, flag, required, text } from '../cli/language/options.ts';
import { listOf } from '../cli/language/shape.ts';
import { destinationCalls } from '../features/remote/machine.ts';
import { userOption } from '../features/remote/options.ts';
import { serverEndpoint, siteEndpoint } from '../platform/follow/readers.ts';

const shape = async () => (await import('../features/service/services.ts')).serviceShape;

const list = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List the services of a server',
  description:
    'nginx, PHP-FPM, databases, Redis, Valkey and Supervisor, as systemd on the server knows them. With --all, a server that cannot be read is named.',
  effect: 'read',
  calls: [serverEndpoint, { when: 'site', instead: siteEndpoint }, { when: 'all', instead: 'GET /servers' }, serverEndpoint],
  checks: true,
  options: {
    destination: destination('Server or site (default: the linked site)'),
    all: flag('List those of every server'),
    user: userOption,
  },
  exits: '12 some servers could not be read; 13 no connection',
  prints: async () => listOf(await shape()),
  examples: ['list web-1', 'list --all', 'list --all --json'],
  async run(ctx, { targets, options }) {
    if (options.all && (ctx.isGiven('server') || ctx.isGiven('site'))) throw usage('--all cannot be combined with another name.');
    return (await import('../features/service/services.ts')).listServices(ctx, targets, options);
  },
});

const changing = (action: 'restart' | 'reload', description: string) =>
  command({
    name: action,
    reach: 'server',
    summary: `${action === 'restart' ? 'Restart' : 'Reload'} a service of a server`,
    description,
    effect: 'change',
    calls: destinationCalls,
    checks: true,
    ...(action === 'restart' && { consent: { level: 'moderate', deferred: true } as const }),
    options: {
      service: argument(required(text('Service, such as nginx or php8.3-fpm; php-fpm is that of the site or server'))),
      destination: destination('Server or site (default: the linked site)'),
      user: userOption,
    },
    exits: '1 its configuration is broken, or it does not come up; 5 the SSH user may not; 6 no such service',
    prints: shape,
    examples: [
      `${action} nginx web-1${action === 'restart' ? ' --yes' : ''}`,
      `${action} php-fpm shop.example.com${action === 'restart' ? ' --yes' : ''}`,
    ],
    run: async (ctx, { targets, options, consent }) =>
      (await import('../features/service/services.ts')).changeService(ctx, targets, action, { ...options, ...consent }),
  });

export default group({
  name: 'service',
  commands: [
    list,
    changing(
      'restart',
      'Tests the configuration of nginx and PHP-FPM first, and leaves a service alone whose configuration is broken. Works as far as the SSH user may, by itself or with sudo.',
    ),
    changing('reload', 'Reads the configuration again, without an interruption, after a test of that of nginx and PHP-FPM.'),
  ],
});
