import { command } from '../cli/language/command.ts';
import { destination, flag } from '../cli/language/options.ts';
import { destinationCalls } from '../features/remote/machine.ts';

export default command({
  name: 'open',
  summary: 'Open a site or the dashboard in a browser',
  calls: destinationCalls,
  options: { destination: destination('Server or site (default: that of the project)'), print: flag('Print the URL instead') },
  examples: ['open shop.example.com --print'],
  run: async () => {
    throw new Error('not yet');
  },
});
