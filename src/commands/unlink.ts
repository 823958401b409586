import { command } from '../cli/language/command.ts';
import { nullable, objectOf, word, words, yes } from '../cli/language/shape.ts';

export default command({
  name: 'unlink',
  summary: 'Remove the link of this project',
  description:
    'Removes .deploynix.json, or one of its environments with --env. It does not ask, because Git has the file. --yes also removes a file that cannot be read.',
  effect: 'local',
  links: true,
  consent: async () => ({ level: 'moderate', deferred: true }),
  prints: () => objectOf({ file: word, removed: words, deleted: yes, default: nullable(word) }),
  examples: ['unlink', 'unlink --env staging'],
  run: async (ctx, { consent }) => (await import('../features/link/unlink.ts')).unlink(ctx, consent),
});
