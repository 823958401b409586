import { command } from '../cli/language/command.ts';
import { destination, flag } from '../cli/language/options.ts';
import { destinationCalls } from '../features/remote/machine.ts';

export default command({
  name: 'logs',
  summary: 'Show the logs of a site or a server',
  calls: destinationCalls,
  options: { destination: destination('Server or site (default: that of the project)'), follow: { ...flag('Follow'), short: 'f' } },
  examples: ['logs shop.example.com'],
  run: async () => {
    throw new Error('not yet');
  },
});
