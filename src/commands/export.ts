import { command } from '../cli/language/command.ts';
import { argument, list, text } from '../cli/language/options.ts';
import { stateReads } from '../platform/kinds.ts';

export default command({
  name: 'export',
  summary: 'Write a state file from what is there',
  description: [
    'Prints the servers, sites and repositories as the deploynix.yml that would make them. In a linked project it prints its site alone; with --server, the server and its sites; otherwise everything. With --out, a file that exists keeps its comments, order, aliases and references, and loses what Deploynix does not have.',
    'Values of variables that may be secrets are not in the file: their keys stand in secrets. A command or URL that holds a secret stops the export, because nothing can stand for it.',
  ].join('\n\n'),
  exits: '5 the token cannot read all of it',
  reveals: 'values',
  calls: stateReads,
  options: {
    site: argument(list('Only these sites', 'site')),
    server: list('Only this server, with its sites', 'server'),
    out: { ...text('Write to this file, and keep what stands in it', 'file'), effect: 'local' },
    allow_secret: list('Variable to write with its value, or list whose entries may hold a secret', 'KEY'),
  },
  prints: async () => (await import('../features/state/export.ts')).exportShape,
  examples: [
    'export shop.example.com',
    'export --server web-1 --out deploynix.yml',
    'export --json',
    'export shop.example.com --allow-secret MAIL_FROM_NAME',
  ],
  async run(ctx, { options: { site = [], server = [], out, allow_secret: allowed = [] } }) {
    return (await import('../features/state/export.ts')).exportState(ctx, { sites: site, servers: server, out, allowed });
  },
});
