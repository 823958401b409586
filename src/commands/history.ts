import { command } from '../cli/language/command.ts';
import { argument, choice, text } from '../cli/language/options.ts';

export default command({
  name: 'history',
  effect: 'read',
  summary: 'Show what dnx changed from this machine',
  description:
    'Lists the commands that changed something at Deploynix, the latest first. With show and an id, shows what each change replaced. The history is a file that only you can read, and the oldest entries are dropped. Secrets in it are encrypted, with a key beside your token.',
  options: {
    verb: argument(choice('What to do (default list)', ['list', 'show'])),
    id: argument(text('Id of a change, or a beginning that no other one has', 'id')),
    site: { ...text('Only changes of this site: domain or id', 'site'), short: 's' },
    since: text('Only changes since then: 2h, yesterday, or a time in UTC', 'when'),
  },
  prints: async () => (await import('../features/plan/history.ts')).historyShape,
  examples: ['history', 'history --site shop.example.com --since 7d', 'history --json'],
  run: async (ctx, { options }) => (await import('../features/plan/history.ts')).history(ctx, options),
});
