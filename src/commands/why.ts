import { command } from '../cli/language/command.ts';
import { content, duration, text } from '../cli/language/options.ts';
import { siteOptions } from '../features/remote/options.ts';
import { siteEndpoint } from '../platform/follow/readers.ts';

export default command({
  name: 'why',
  summary: 'Find out why a deployment failed or a site is down',
  description: [
    'Reads what Deploynix knows about the site, requests it once, and reads logs and server state over one SSH connection. Prints the cause, the line that shows it and the commands that fix it, or Unknown and the nearest lines. Changes nothing and runs no code of the site.',
    'Whatever the token or your SSH key cannot read is listed as unknown. SSH needs server:read. Passwords, tokens and values of variables are hidden.',
  ].join('\n\n'),
  exits: '0 for any diagnosis, including Unknown; others if the site could not be read',
  calls: siteEndpoint,
  options: {
    log: content('Deployment log, such as a copy from the dashboard'),
    since: duration('How far to look back, also if the site answers by now (default: the failed deployment, or an hour)'),
    url: { ...text('URL to request (default: https and the domain)'), reach: 'machine' },
    ...siteOptions,
  },
  prints: async () => (await import('../features/why/diagnosis.ts')).diagnosisShape,
  examples: [
    'why shop.example.com',
    'why shop.example.com --json',
    'why shop.example.com --since 12h',
    'why shop.example.com --log @deploy.log',
  ],
  run: async (ctx, { targets, options }) => (await import('../features/why/why.ts')).diagnose(ctx, targets, options),
});
