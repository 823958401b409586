import { spanIn } from '../base/time.ts';
import { command } from '../cli/language/command.ts';
import { content, destination, text } from '../cli/language/options.ts';
import { either } from '../cli/language/shape.ts';
import { siteOptions } from '../features/remote/options.ts';
import { serverEndpoint, siteEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'why',
  summary: 'Find out why a deployment failed, or a site or server is down',
  description: [
    'Reads what Deploynix knows about the site, requests it once, and reads logs and server state over one SSH connection. Prints the cause, the line that shows it and the commands that fix it, or Unknown and the nearest lines. Changes nothing and runs no code of the site.',
    'Of a server, prints everything that is wrong over one SSH connection: disk, memory, load, services, PHP-FPM, programs of Supervisor, certificates, killed processes and pending updates. What can wait is minor.',
    'Whatever the token or your SSH key cannot read is listed as unknown. SSH needs server:read. Passwords, tokens and values of variables are hidden.',
  ].join('\n\n'),
  exits: '0 for any diagnosis, including Unknown; others if the site or server could not be read',
  calls: [serverEndpoint, { when: 'site', instead: siteEndpoint }],
  options: {
    destination: destination('Server or site (default: the linked site)'),
    log: content('Deployment log, such as a copy from the dashboard'),
    since: text(
      'Look back until then, also if the site answers by now: 2h, 02:00, or a time in UTC (default: the failed deployment, or an hour; a day for a server)',
      'when',
    ),
    url: { ...text('URL to request (default: https and the domain)'), reach: 'machine' },
    ...siteOptions,
  },
  prints: async () => {
    const [{ diagnosisShape }, { serverDiagnosisShape }] = await Promise.all([
      import('../features/why/diagnosis.ts'),
      import('../features/why/server/diagnose.ts'),
    ]);
    return either(diagnosisShape, serverDiagnosisShape);
  },
  examples: [
    'why shop.example.com',
    'why shop.example.com --json',
    'why shop.example.com --since 12h',
    'why shop.example.com --log @deploy.log',
    'why web-1',
  ],
  async run(ctx, { targets, options }) {
    const { server, site } = targets;
    const now = ctx.clock.now();
    const { since } = spanIn({ since: options.since }, now);
    const choices = { ...options, since: since === undefined ? undefined : now - since };
    return site
      ? (await import('../features/why/why.ts')).diagnose(ctx, { server, site }, choices)
      : (await import('../features/why/server/diagnose.ts')).diagnoseServer(ctx, server, choices);
  },
});
