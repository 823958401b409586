import { usage } from '../base/errors.ts';
import { command } from '../cli/language/command.ts';
import { argument, choice, flag, following, list, reporting } from '../cli/language/options.ts';
import { data } from '../cli/output/view.ts';

export default command({
  name: 'apply',
  summary: 'Apply a plan that --out saved',
  description:
    'Reads again what the plan replaces, and changes nothing if it is neither as it was nor as the plan wants it. Then asks for the strictest consent that a change needs, and sends each change once, unless its target is already as the plan wants it. If dnx is interrupted, run it again, on any machine: it finds out what was done, and goes on.\n\nA plan can only change what it names at its own host. It runs no program, and reads files outside of the project only if you allow it.',
  effect: 'destroy',
  applies: true,
  exits: '10 the plan no longer applies; 12 only some changes were applied; 13 nobody can know what was applied',
  options: {
    plan: argument(list('Plan; several are applied as one, in this order', 'file')),
    check: { ...flag('Only compare: exit with 10 if the plan no longer applies'), effect: 'read' },
    allow_file: { ...list('File outside of the project that the plan may read a secret from', 'PATH'), reach: 'machine' },
    in_flight: choice('What became of a change, if dnx cannot find out', ['done', 'send']),
    confirm: list('Name of what cannot be undone, or of the site that variables could break', 'name'),
    schema: { ...flag('Print the JSON Schema of a plan'), effect: 'read' },
    ...following,
    ...reporting,
  },
  consent: async () => ({ level: 'moderate', deferred: true }),
  prints: async () => (await import('../features/plan/send.ts')).applyShape,
  examples: ['apply plan.json --check', 'apply plan.json --yes', 'apply --schema'],
  async run(ctx, { options: { plan, schema, ...options }, consent }) {
    if (schema) return data((await import('../../docs/plan.schema.json')).default);
    if (plan === undefined) throw usage('Missing <plan>.', 'Make one with --dry-run --out FILE.');
    return (await import('../features/plan/apply.ts')).applyPlanFiles(ctx, plan, options, consent);
  },
});
