import { command } from '../cli/language/command.ts';

export default command({
  name: 'audit',
  summary: 'Check servers and sites for risks',
  calls: ['GET /servers'],
  examples: ['audit'],
  run: async () => {
    throw new Error('not yet');
  },
});
