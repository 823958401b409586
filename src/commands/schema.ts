import { usage } from '../base/errors.ts';
import { command } from '../cli/language/command.ts';
import { argument, flag, list } from '../cli/language/options.ts';

export default command({
  name: 'schema',
  summary: 'Describe commands as JSON, for programs',
  description:
    'Alone or with a group, lists the commands: what each does at most, in one line. With a command, describes all of it: arguments, options, JSON Schemas of its input and output, abilities, requests and examples. With errors, describes the errors that --json prints.',
  options: {
    command: argument(list('Command, group, or errors', 'command')),
    all: flag('Describe every command'),
  },
  examples: ['schema', 'schema deploy', 'schema env --json', 'schema errors'],
  async run(ctx, { options: { command: words = [], all = false } }) {
    if (all && words.length > 0) throw usage('--all describes every command, so it takes none.');
    return (await import('../features/schema/schema.ts')).schemaView(ctx, words, all);
  },
});
