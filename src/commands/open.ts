import { command } from '../cli/language/command.ts';
import { destination, flag } from '../cli/language/options.ts';
import { objectOf, word } from '../cli/language/shape.ts';
import { destinationCalls } from '../features/remote/machine.ts';

export default command({
  name: 'open',
  summary: 'Open a site or the dashboard in a browser',
  description:
    'Opens a site at its domain, with https if it has a valid certificate, and a server in the dashboard. BROWSER chooses the browser: a command, or several separated by colons; %s in it is the URL. Without a browser, as over SSH, the URL is printed.',
  effect: 'program',
  calls: destinationCalls,
  checks: true,
  options: {
    destination: destination('Server or site (default: the linked site)'),
    dashboard: flag('Open its page in the dashboard'),
    print: { ...flag('Print the URL instead'), effect: 'read' },
  },
  prints: () => objectOf({ url: word }),
  examples: ['open shop.example.com', 'open web-1', 'open shop.example.com --dashboard --print'],
  run: async (ctx, { targets, options }) => (await import('../features/open/open.ts')).openUrl(ctx, targets, options),
});
