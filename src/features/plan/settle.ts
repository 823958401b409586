import { DnxError } from '../../base/errors.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { changeTitle } from '../../cli/plan/show.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import type { Flight } from './application.ts';
import { wasPerformed } from './compare.ts';
import { settleLost } from './past.ts';
import { type Applying, bodyOf, idsOf, isRelease, outcomeOf } from './send.ts';

/** Finds out what became of a request whose end this machine never saw. */
export async function settleFlight(applying: Applying): Promise<void> {
  const { ctx, plan, application, lists, options } = applying;
  const { flight } = application.saved;
  const change = flight && plan.changes[flight.at];
  if (!flight || !change) return;
  const seen = isRelease(change.call)
    ? await settledRelease(applying, flight, change)
    : await wasPerformed(lists, change, {
        ids: idsOf(change, application),
        body: await bodyOf(applying, flight.at, change),
        list: flight.ids,
      });
  if (seen === 'failed') return;
  const answer = options.in_flight && (options.in_flight === 'done' ? { id: null } : false);
  const found = seen ?? answer;
  lists.forget();
  const sentence = changeTitle(change, ctx.nameOf).slice(2);
  if (found === undefined)
    throw new DnxError('network', `It is unknown whether this was performed: ${sentence}`, {
      reason: 'change_unknown',
      hint: 'Check it, and run this again with --in-flight done or --in-flight send.',
    });
  application.end(flight.at, found || undefined);
  if (!options.check) settleLost(ctx, change, flight.sent_at, found);
  ctx.progress.note(`${found ? 'Was' : 'Was not'} performed before: ${sentence}`);
}

/** Without a saved run, a request was certainly not sent only if it was just now: old runs are removed. */
const KEPT_MS = 3_600_000;

/** Follows a deployment or rollback that an earlier process requested. False if it requested none, undefined if nobody knows. */
async function settledRelease({ ctx, application, options: { timeout } }: Applying, { at, sent_at }: Flight, { targets }: PlannedChange) {
  const { followRequested } = await import('../deploy/watch.ts');
  const inner = { ...ctx, ...within(ctx, allowanceOf({ timeout })), targets: {} };
  const found = await followRequested(inner, targets.site?.id ?? null, sent_at);
  if (!found) return ctx.clock.now() - Date.parse(sent_at) < KEPT_MS ? false : undefined;
  const { result, isAnswered } = found;
  const ended = outcomeOf(result);
  if (ended === 'done') return { id: null };
  if (!isAnswered && !ended && result.view.kind === 'record' && result.view.item.outcome === 'unknown') return undefined;
  if (!(result.exit instanceof DnxError)) return undefined;
  if (ended !== 'failed') throw result.exit;
  application.fail(at, result.exit);
  return 'failed' as const;
}
