import { command } from '../cli/language/command.ts';
import { undoing } from './undo.ts';

export default command({
  ...undoing,
  name: 'redo',
  summary: 'Make a change again that dnx undo took back',
  description: 'Makes the change again that dnx undo took back last, or that with this id of dnx history.',
  prints: async () => (await import('../features/plan/send.ts')).applyShape,
  examples: ['redo --yes', 'redo --dry-run'],
  run: async (ctx, { options, consent }) => (await import('../features/plan/undo.ts')).undo(ctx, 'redo', options, consent),
});
