import { command } from '../cli/language/command.ts';
import { argument, flag, following, text } from '../cli/language/options.ts';

export default command({
  name: 'undo',
  summary: 'Take back a change that dnx made',
  description:
    'Takes back what the latest command changed, or that with this number of dnx history: it shows what it will send, asks, and is in the history itself. If something was changed since, it changes nothing. What cannot be taken back says so in --dry-run, before it happens: a deletion of what the API does not give back, a secret, a migration.',
  effect: 'destroy',
  applies: true,
  exits: '1 it cannot be undone; 10 it was changed since',
  options: {
    number: argument(text('Number or id in dnx history (default the latest)', 'number')),
    dry_run: { ...flag('Show what would change, and change nothing'), effect: 'read' },
    out: { ...text('Save the plan, for dnx apply', 'file'), effect: 'local' },
    confirm: text('Name of what cannot be undone, or of the site that variables could break', 'name'),
    timeout: following.timeout,
  },
  consent: async () => ({ level: 'moderate', deferred: true }),
  examples: ['undo --yes', 'undo --dry-run'],
  run: async (ctx, { options, consent }) => (await import('../features/plan/undo.ts')).undo(ctx, options, consent),
});
