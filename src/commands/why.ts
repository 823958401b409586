import { command } from '../cli/language/command.ts';
import { siteCalls } from '../features/remote/machine.ts';

export default command({
  name: 'why',
  summary: 'Find out why a deployment failed or a site is down',
  calls: siteCalls,
  examples: ['why shop.example.com'],
  run: async () => {
    throw new Error('not yet');
  },
});
