import { globals } from '../../cli/language/globals.ts';
import type { Topic } from '../../cli/language/topic.ts';
import { optionSections } from '../../cli/run/help/terms.ts';

const [[, everywhere] = ['', []]] = optionSections(globals);

export default {
  title: 'Options of every command',
  body: [
    [...everywhere, ['-h, --help', 'Show help']],
    'Options that many commands take:',
    [
      ['--server <server>', 'The server, by name, IP address or id'],
      ['--site <site>', 'The site, by domain, server/domain or id'],
      ['-y, --yes', 'Skip a confirmation'],
      ['--confirm <name>', 'Confirm what cannot be undone'],
      ['--[no-]wait, --timeout <time>', 'See dnx help waiting'],
    ],
  ],
} satisfies Topic;
