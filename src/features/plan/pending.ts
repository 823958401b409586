import { type Detail, DnxError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { changeTitle } from '../../cli/plan/show.ts';
import { resourceName } from '../../platform/names/names.ts';
import { bodyOf } from './bodies.ts';
import { type Comparison, compare, type Situation } from './compare.ts';
import { type Dispatch, idsOf, isLeft, type MadeChanges, type PendingChange, placeOf } from './send.ts';

/** A change of a plan, compared with what is there now. */
interface ComparedChange extends PendingChange, Comparison {}

/** What is left to send of a plan, and what need not be sent, because its target is as it is wanted. */
export interface Remainder {
  readonly pending: readonly PendingChange[];
  readonly made: MadeChanges;
}

/** Compares every change that is left. Fails if anything is neither as it was nor as it is wanted, or if nobody can know. */
export async function remainderOf(dispatch: Dispatch): Promise<Remainder> {
  const { ctx, plan, material } = dispatch;
  const found = await comparedChanges(dispatch);
  const isMade = ({ made }: Comparison) => made !== undefined;
  const isReplaced = ({ at, change }: ComparedChange) =>
    found.some((later) => later.at > at && isMade(later) && placeOf(later.change) === placeOf(change));
  const moved = found.filter((item) => item.moved.length > 0 && !isReplaced(item));
  if (moved.length > 0)
    throw new DnxError('differences', `${moved.length} of ${plan.changes.length} changes no longer apply. Nothing was changed.`, {
      details: moved.flatMap(({ title, moved: lines }) => lines.map((line): Detail => [title, line])),
      reason: 'plan_moved',
      hint: material ? 'To take back another change: dnx undo ID' : 'Make a new plan.',
    });
  const unclear = unclearIn(found);
  const answer = dispatch.options.in_flight;
  if (unclear.length > 0 && answer === undefined) throw unknownChanges(unclear);
  const isAnswered = (item: ComparedChange) => answer === 'done' && unclear.some(({ at }) => at === item.at);
  const done = found.filter((item) => isMade(item) || item.moved.length > 0 || isAnswered(item));
  for (const { title, made } of done)
    if (made?.unseen?.length)
      ctx.progress.note(`Not compared, because the API does not show it: the ${made.unseen.join(', ')} of ${title}`);
  return {
    pending: found.filter((item) => !done.includes(item)),
    made: Object.fromEntries(done.map(({ at, made }) => [at, { id: made?.id ?? null }])),
  };
}

async function comparedChanges(dispatch: Dispatch): Promise<readonly ComparedChange[]> {
  const { ctx, plan, lists, material, application } = dispatch;
  const found: ComparedChange[] = [];
  const made: Record<number, { readonly id: string | null }> = { ...application.saved.done };
  /** The places of the changes before, and of those that are still to be sent. */
  const places = new Set<string>();
  const open = new Set<string>();
  const taken = new Set(Object.values(made).flatMap(({ id }) => id ?? []));
  const said = saidBy(plan.changes);
  for (const [at, change] of plan.changes.entries()) {
    const place = placeOf(change);
    const order = { isFirst: !places.has(place), isNext: !open.has(place) };
    places.add(place);
    if (!isLeft(dispatch, at)) continue;
    const body = await bodyOf(dispatch, at, change);
    const situation = { ...said, ...order, ids: idsOf(change, made), body, since: plan.created_at, isTaken: (id: string) => taken.has(id) };
    const comparison = await compare(lists, change, situation, material?.left[at]);
    if (!comparison.made && comparison.moved.length === 0) open.add(place);
    if (comparison.made) made[at] = comparison.made;
    if (comparison.made && comparison.made.id !== null) taken.add(comparison.made.id);
    const isLike = !comparison.made && comparison.unclear === undefined;
    const branch = change.deployment && isLike ? await (await import('../changes/branch.ts')).movedBranch(ctx, change.deployment) : [];
    const names = Object.entries(change.targets).map(([noun, target]) => [
      noun,
      { ...target, name: comparison.targets[noun]?.label ?? target.id },
    ]);
    const title = changeTitle({ ...change, targets: Object.fromEntries(names) }, ctx.nameOf);
    found.push({ ...comparison, at, change, title, body, moved: [...comparison.moved, ...branch] });
  }
  return found;
}

/** What the changes of a plan say of each other's targets. */
function saidBy(changes: readonly PlannedChange[]): Pick<Situation, 'isDeleted' | 'namesOf'> {
  const deleted = new Set<string>();
  const names = new Map<string, readonly string[]>();
  const keyOf = (noun: string, id: string) => `${noun} ${id}`;
  for (const { call, targets, body } of changes) {
    const [noun = '', target] = Object.entries(targets).at(-1) ?? [];
    const key = keyOf(noun, target?.id ?? '');
    const name = isObject(body) ? resourceName(body, noun) : undefined;
    if (call.startsWith('DELETE ')) deleted.add(key);
    else if (call.startsWith('PUT ') && name !== undefined) names.set(key, [...(names.get(key) ?? []), name]);
  }
  return { isDeleted: (noun, id) => deleted.has(keyOf(noun, id)), namesOf: (noun, id) => names.get(keyOf(noun, id)) ?? [] };
}

/**
 * The changes of which nobody can know whether they were made. A restart leaves nothing to see; but if another change of the plan is made, and
 * none before the restart is still to be made, somebody may have applied the plan elsewhere.
 */
function unclearIn(found: readonly ComparedChange[]): readonly ComparedChange[] {
  const isApplied = found.some(({ made }) => made !== undefined);
  const first = found.findIndex(({ made, isBlind, unclear }) => !made && !isBlind && unclear === undefined);
  return found.flatMap((item, index) => {
    if (item.unclear !== undefined) return [item];
    if (!item.isBlind || !isApplied || (first >= 0 && first < index)) return [];
    return [{ ...item, unclear: 'another change of this plan was already made, perhaps by dnx apply elsewhere' }];
  });
}

function unknownChanges(unclear: readonly ComparedChange[]): DnxError {
  const [only, ...others] = unclear;
  const what = only && others.length === 0 ? `this was performed: ${only.title.slice(2)}` : `${unclear.length} changes were performed`;
  return new DnxError('network', `It is unknown whether ${what}`, {
    details: unclear.map(({ title, unclear: why = '' }): Detail => [title, why]),
    reason: 'change_unknown',
    hint: 'Check it, and run this again with --in-flight done or --in-flight send.',
  });
}
