import { command } from '../cli/language/command.ts';
import { content, text } from '../cli/language/options.ts';
import { siteEndpoint } from '../features/deploy/snapshot.ts';

export default command({
  name: 'why',
  summary: 'Find out why a deployment failed or a site is down',
  description: [
    'Reads what Deploynix knows of the site, requests it once, and reads logs and state of the server over SSH, in one connection that runs none of its code. Then it names the cause with the line that shows it and the commands that fix it, or Unknown with the nearest lines. Nothing is changed.',
    'What the token or you cannot read is left out and said: SSH needs server:read and a key on the server. Passwords, tokens and values of variables are hidden.',
  ].join('\n\n'),
  exits: '0 if there is a diagnosis, also Unknown; another code if the site could not be read',
  calls: siteEndpoint,
  options: {
    log: content('Deployment log, such as a copy from the dashboard'),
    url: text('URL to request (default: https and the domain)'),
    path: text('Directory of the site on the server'),
    user: text('User to sign in as (default: that of Deploynix)'),
  },
  examples: ['why shop.example.com', 'why shop.example.com --json', 'why shop.example.com --log @deploy.log'],
  run: async (ctx, { targets, options: { log, path, url, user } }) =>
    (await import('../features/why/why.ts')).diagnose(ctx, targets, { log, path, url, user }),
});
