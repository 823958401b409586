import { DnxError, usage } from '../../base/errors.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Result } from '../../cli/output/view.ts';
import { writePlan } from '../../cli/plan/dry-run.ts';
import { abilitiesOf, type Plan, type PlannedChange } from '../../cli/plan/plan.ts';
import { changeTitle, planView } from '../../cli/plan/show.ts';
import { inverseOf, irreversibleUndo } from '../../cli/plan/undo.ts';
import { type PastRun, pastRun, readHistory } from './history.ts';

interface Options {
  readonly number: string | undefined;
  readonly dry_run: boolean | undefined;
  readonly out: string | undefined;
  readonly timeout: number | undefined;
}

/** `dnx undo`: takes back what a command changed, as a plan like any other. */
export async function undo(ctx: Context, { number = '1', dry_run, out, timeout }: Options, consent: GivenConsent): Promise<Result> {
  const run = pastRun(readHistory(ctx), number);
  if (run.host !== ctx.settings.host)
    throw usage(`Change ${number} was made at ${run.host}, not at ${ctx.settings.host}.`, `Use --profile ${run.profile}.`);
  const plan = undoPlan(ctx, run);
  if (dry_run) {
    if (out !== undefined) writePlan(out, plan, ctx);
    const next = out === undefined ? [] : [{ command: ['apply', out], why: 'Apply this plan with' }];
    return { view: planView(plan, ctx.nameOf, { each: [], whole: [] }), note: 'Nothing was changed.', next };
  }
  if (out !== undefined) throw usage('--out needs --dry-run.');
  // The ids are our own; something may have another name by now.
  const unnamed = plan.changes.map((change) => ({
    ...change,
    targets: Object.fromEntries(Object.entries(change.targets).map(([noun, target]) => [noun, { ...target, name: null }])),
  }));
  const given = { plan: { ...plan, changes: unnamed }, text: `undo ${run.id}`, shown: `undo ${number}`, preview: '--dry-run' } as const;
  const options = { check: undefined, allow_file: undefined, in_flight: undefined, wait: undefined, timeout };
  return (await import('./apply.ts')).applyPlan(ctx, given, options, consent);
}

/** The changes that take a run back, the last one first. Warns of what stays. */
function undoPlan({ progress, nameOf, settings }: Context, run: PastRun): Plan {
  const unknown = run.changes.find(({ outcome }) => outcome === 'unknown');
  if (unknown)
    throw new DnxError('differences', `It is unknown whether this was performed: ${changeTitle(unknown, nameOf).slice(2)}`, {
      reason: 'change_unknown',
      hint: 'Check it first. Nothing was changed.',
    });
  const changes: PlannedChange[] = [];
  const reasons: [string, string][] = [];
  for (const change of run.changes.filter(({ outcome }) => outcome === 'applied').reverse()) {
    const inverse = inverseOf(change, change.created);
    if (typeof inverse === 'string') reasons.push([changeTitle(change, nameOf), inverse]);
    else changes.push({ ...inverse, undo: irreversibleUndo(inverse) });
  }
  const [first] = reasons;
  if (changes.length === 0)
    throw new DnxError(
      'failed',
      first ? `Change ${run.number} cannot be undone: ${first[1]}` : `Change ${run.number} failed, so there is nothing to undo.`,
      {
        reason: 'undo_impossible',
        details: first ? [['change', first[0].slice(2)]] : [],
      },
    );
  for (const [title, why] of reasons) progress.warn(`Stays: ${title.slice(2)}. ${why}`);
  const level = 'moderate' as const;
  return { version: 1, host: settings.host, changes, consent: { level, confirm: null }, abilities: abilitiesOf(changes), about: [] };
}
