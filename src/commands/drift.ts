import { command } from '../cli/language/command.ts';
import { argument, following, list, reporting, text } from '../cli/language/options.ts';
import { listOf } from '../cli/language/shape.ts';
import { stateReads } from '../platform/kinds.ts';

export default command({
  name: 'drift',
  summary: 'Compare a state file with Deploynix',
  description: [
    'Shows what differs between deploynix.yml and Deploynix, and which side changed: Deploynix, a commit that was not applied, the file here, or both. For that it reads the last 50 commits of the file. Only what the file names is read and compared.',
    'Values of variables are compared, and never shown. What the API does not show, and references, are counted, and are no difference. -o also takes sarif (GitHub code scanning) and markdown (job summaries).',
  ].join('\n\n'),
  exits: '5 the token cannot read all of it; 10 Deploynix differs from the file',
  calls: stateReads,
  compares: true,
  options: {
    file: argument(text('State file (default deploynix.yml of the project)', 'file')),
    server: list('Only what is on this server', 'server'),
    site: list('Only this site', 'site'),
    accept: {
      ...list('Write the value at Deploynix into the file, by variable, field or resource; all for every one', 'name|all'),
      effect: 'local',
      reveals: 'values',
    },
    notify: following.notify,
    ...reporting,
  },
  formats: ['sarif', 'markdown'],
  prints: async () => listOf((await import('../features/state/drift-rows.ts')).driftRow),
  examples: ['drift', 'drift --site shop.example.com --json', 'drift --accept all', 'drift -o sarif > drift.sarif'],
  async run(ctx, { options: { file, accept, server = [], site = [] } }) {
    return (await import('../features/state/drift.ts')).showDrift(ctx, { file, accept, servers: server, sites: site });
  },
});
