import { command } from '../cli/language/command.ts';
import { rest } from '../cli/language/options.ts';
import { siteCalls } from '../features/remote/machine.ts';

export default command({
  name: 'tinker',
  summary: 'Open Tinker on a site',
  calls: siteCalls,
  options: { words: { ...rest('Options of Tinker'), required: false } },
  examples: ['tinker --site shop.example.com'],
  run: async () => {
    throw new Error('not yet');
  },
});
