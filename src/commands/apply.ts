import { command } from '../cli/language/command.ts';
import { dryRunOptions } from '../cli/language/globals.ts';
import { argument, choice, flag, following, list, reporting, under } from '../cli/language/options.ts';
import { data } from '../cli/output/view.ts';

/** Options for a state file alone. */
const stateOptions = under('State file', {
  server: list('Only what is on this server', 'server'),
  site: list('Only this site', 'site'),
  create: flag('Create sites that do not exist'),
  delete: flag('Delete what a list has besides, if the file owns the list'),
  set_unknown: list('Send this value although the API hides it; all for every one', 'name|all'),
  deploy: flag('Deploy the sites whose changes take effect with a deployment'),
  allow_op: { ...flag('Run op for references to 1Password'), effect: 'program' },
});

export default command({
  name: 'apply',
  summary: 'Apply a state file, or a plan that --out saved',
  description:
    'Without a file, applies the deploynix.yml of the project: reads what is there, shows what is different, and sends that. What the file does not name stays as it is. Nothing is deleted without --delete, and no site is created without --create.\n\nA plan is compared with what it replaces, and changes nothing if that is neither as it was nor as the plan wants it. A plan can only change what it names at its own host.\n\nBoth ask for the strictest consent that a change needs, and send each change once. If dnx is interrupted, run it again: it goes on. No program but Git runs, and no file outside of the project is read, unless you allow it.',
  effect: 'destroy',
  applies: true,
  exits:
    '5 a list could not be read; 10 the plan no longer applies, or not all is as the file says; 12 only some changes were applied; 13 unknown what was',
  options: {
    plan: argument(list('State file or plan (default deploynix.yml); several plans are applied as one, in this order', 'file')),
    ...stateOptions,
    ...dryRunOptions,
    check: { ...flag('Only compare a plan: exit with 10 if it no longer applies'), effect: 'read' },
    allow_file: { ...list('File outside of the project that may be read for a secret', 'PATH'), reach: 'machine' },
    in_flight: choice('What became of a change of a plan, if dnx cannot find out', ['done', 'send']),
    confirm: list('Name of what cannot be undone, or of the site that variables could break', 'name'),
    schema: { ...flag('Print the JSON Schema of a plan'), effect: 'read' },
    ...following,
    timeout: { ...following.timeout, later: true },
    ...reporting,
  },
  consent: async () => ({ level: 'moderate', deferred: true }),
  prints: async () => (await import('../features/plan/send.ts')).applyShape,
  examples: ['apply --dry-run', 'apply deploynix.yml --yes', 'apply plan.json --check', 'apply plan.json --yes', 'apply --schema'],
  async run(ctx, { options, consent }) {
    if (options.schema) return data((await import('../../docs/plan.schema.json')).default);
    return (await import('../features/state/choose.ts')).applyFiles(ctx, options, consent);
  },
});
