import { command } from '../cli/language/command.ts';
import { argument, choice, text } from '../cli/language/options.ts';

export default command({
  name: 'history',
  effect: 'read',
  summary: 'Show what dnx changed from this machine',
  description:
    'Lists the commands that changed something at Deploynix, the latest first. With show and a number, shows what each change replaced. The history is a file that only you can read, without secrets, and the oldest entries are dropped.',
  options: {
    verb: argument(choice('What to do (default list)', ['list', 'show'])),
    number: argument(text('Number in the list, or id', 'number')),
    site: { ...text('Only changes of this site: domain or id', 'site'), short: 's' },
    since: text('Only changes since then: 2h, 7d, or a time in UTC', 'when'),
  },
  examples: ['history', 'history --site shop.example.com --since 7d', 'history --json'],
  run: async (ctx, { options }) => (await import('../features/plan/history.ts')).history(ctx, options),
});
