import { version } from '../base/version.ts';
import { command } from '../cli/language/command.ts';
import { text } from '../cli/output/view.ts';

export default command({
  name: 'version',
  summary: 'Print the version',
  examples: ['version'],
  run: async () => text(version, { version }),
});
