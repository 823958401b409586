import { usage } from '../base/errors.ts';
import { command } from '../cli/language/command.ts';
import { argument, flag, list } from '../cli/language/options.ts';

export default command({
  name: 'schema',
  effect: 'read',
  summary: 'Describe commands as JSON, for programs',
  description: [
    'Lists the commands, or those of a group, with their effect. Describes one command in full: arguments, options, JSON Schemas of its input and output, token abilities, requests and examples. With errors, describes the errors that --json prints.',
    'The effect is the most that a command does. read: changes nothing. local: changes files or settings of this machine. change: also changes what is at Deploynix or on a server. destroy: also what cannot be restored. program: runs a program or opens a terminal.',
  ].join('\n\n'),
  options: {
    command: argument(list('Command, group, or errors', 'command')),
    all: flag('Describe every command'),
  },
  prints: async () => (await import('../features/schema/schema.ts')).schemaShape,
  examples: ['schema', 'schema deploy', 'schema env --json', 'schema errors'],
  async run(ctx, { options: { command: words = [], all = false } }) {
    if (all && words.length > 0) throw usage('--all describes every command, so it takes none.');
    return (await import('../features/schema/schema.ts')).schemaView(ctx, words, all);
  },
});
