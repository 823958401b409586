import { command } from '../cli/language/command.ts';
import { flag, toggle } from '../cli/language/options.ts';

export default command({
  name: 'link',
  summary: 'Link this project to a site',
  description:
    'Writes .deploynix.json at the root of the Git repository, so that commands in it need no site. Commit the file: it has no secrets. Without a site, you pick one; the sites of this repository come first.\n\nWith --env, links one of several environments. The first one is production, and the default.',
  effect: 'local',
  calls: ['GET /servers/{server}/sites/{site}', 'GET /servers/{server}', 'GET /servers', 'GET /servers/{server}/sites'],
  targets: 'optional',
  links: true,
  consent: async () => ({ level: 'moderate', deferred: true }),
  options: {
    default: flag('Use this environment if none is given'),
    confirm_deploys: toggle('Ask before deployments and pushes of variables'),
    schema: { ...flag('Print the JSON Schema of .deploynix.json'), effect: 'read' },
  },
  prints: async () => (await import('../features/link/link.ts')).linkShape,
  examples: [
    'link shop.example.com',
    'link web-2/staging.example.com --env staging',
    'link shop.example.com --confirm-deploys',
    'link --schema',
  ],
  run: async (ctx, { targets, options, consent }) => (await import('../features/link/link.ts')).linkProject(ctx, targets, options, consent),
});
