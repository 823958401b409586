import { command } from '../cli/language/command.ts';
import { rest } from '../cli/language/options.ts';
import { siteCalls } from '../features/remote/machine.ts';

export default command({
  name: 'artisan',
  summary: 'Run an Artisan command on a site',
  calls: siteCalls,
  options: { command: rest('Artisan command and its options') },
  examples: ['artisan --site shop.example.com migrate:status'],
  run: async () => {
    throw new Error('not yet');
  },
});
