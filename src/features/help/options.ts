import { globals } from '../../cli/language/globals.ts';
import type { Topic } from '../../cli/language/topic.ts';
import { optionSections } from '../../cli/run/help/terms.ts';

const [[, everywhere] = ['', []]] = optionSections(globals);

export default {
  title: 'Global options',
  body: [
    everywhere,
    'Options that many commands take:',
    [
      ['--server, --site <name>', 'Server: name or IP; site: domain; or their ids'],
      ['-y, --yes, --confirm <name>', 'Confirm; by name if it cannot be undone'],
      ['--[no-]wait, --timeout <time>', 'See dnx help waiting'],
    ],
  ],
} satisfies Topic;
