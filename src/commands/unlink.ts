import { command } from '../cli/language/command.ts';

export default command({
  name: 'unlink',
  summary: 'Remove the link of this project',
  description:
    'Removes .deploynix.json, or one of its environments with --env. The file is in your repository, so there is no question; --yes removes even a file that cannot be read.',
  links: true,
  consent: async () => ({ level: 'moderate', deferred: true }),
  examples: ['unlink', 'unlink --env staging'],
  run: async (ctx, { consent }) => (await import('../features/link/unlink.ts')).unlink(ctx, consent),
});
