import { type Consent, command } from '../cli/language/command.ts';
import { argument, choice, flag, following, list, text } from '../cli/language/options.ts';

const options = {
  id: argument(text('Id in dnx history (default the last change)', 'id')),
  dry_run: { ...flag('Show what would change, and change nothing'), effect: 'read' },
  out: { ...text('Save the plan, for dnx apply', 'file'), effect: 'local' },
  in_flight: choice('What became of a change whose response was lost, if dnx cannot find out: done, or to be sent', ['done', 'send']),
  confirm: list('Name of what cannot be undone, or of the site that variables could break', 'name'),
  timeout: following.timeout,
} as const;

/** What `dnx undo` and `dnx redo` have in common. */
export const undoing = {
  effect: 'destroy',
  applies: true,
  exits: '1 it cannot be undone; 10 it was changed since; 12 only a part was undone',
  options,
  consent: async (): Promise<Consent> => ({ level: 'moderate', deferred: true }),
} as const;

export default command({
  ...undoing,
  name: 'undo',
  summary: 'Take back a change that dnx made',
  description:
    'Takes back the last change of this profile that was not taken back yet; again, the one before it. Or that with this id of dnx history. It shows what it will send, asks, and is in the history itself; dnx redo makes the change again. What was changed since is left alone.\n\nDeployments, restarts and sessions are skipped. What cannot be taken back says so in --dry-run, before it happens. Interrupted, run it again: it goes on.',
  prints: async () => (await import('../features/plan/send.ts')).applyShape,
  examples: ['undo --yes', 'undo --dry-run'],
  run: async (ctx, { options, consent }) => (await import('../features/plan/undo.ts')).undo(ctx, 'undo', options, consent),
});
