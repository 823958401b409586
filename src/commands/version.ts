import { version } from '../base/version.ts';
import { command } from '../cli/language/command.ts';
import { nullable, objectOf, word } from '../cli/language/shape.ts';
import { textView } from '../cli/output/view.ts';
import { installationOf } from '../features/update/installation.ts';

export default command({
  name: 'version',
  effect: 'read',
  summary: 'Print the version',
  description: 'With --json, it says how dnx was installed, too.',
  prints: () => objectOf({ version: word, installed_with: nullable(word) }),
  examples: ['version'],
  run: async ({ world }) => textView(version, { version, installed_with: installationOf(world)?.by ?? null }),
});
