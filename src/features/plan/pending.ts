import { type Detail, DnxError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { isMask } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { isSecretField, mayHoldSecret } from '../../cli/plan/plan.ts';
import { changeTitle } from '../../cli/plan/show.ts';
import { createdBy } from '../../platform/operations.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { isInside, openLocal, projectDirectory } from '../env/local-file.ts';
import { resolveReferences } from '../env/references.ts';
import { type Comparison, compare, keyOf } from './compare.ts';
import { type Dispatch, idsOf, isLeft, type MadeChanges, type PendingChange, placeOf } from './send.ts';

/** A change of a plan, compared with what is there now. */
interface ComparedChange extends PendingChange, Comparison {}

/** What is left to send of a plan, and what need not be sent. Fails if anything is neither as it was nor as it is wanted, or if nobody can know. */
export async function remainderOf(dispatch: Dispatch): Promise<{ readonly pending: readonly PendingChange[]; readonly made: MadeChanges }> {
  const { plan, material, options } = dispatch;
  const found = await comparedChanges(dispatch);
  const isReplaced = ({ at, change }: ComparedChange) =>
    found.some((later) => later.made && later.at > at && placeOf(later.change) === placeOf(change));
  const moved = found.filter((item) => item.moved.length > 0 && !isReplaced(item));
  if (moved.length > 0)
    throw new DnxError('differences', `${moved.length} of ${plan.changes.length} changes no longer apply. Nothing was changed.`, {
      details: moved.flatMap(({ title, moved: lines }) => lines.map((line): Detail => [title, line])),
      reason: 'plan_moved',
      hint: material?.left ? 'To take back another change: dnx undo ID' : 'Make a new plan.',
    });
  const unclear = unclearIn(found);
  if (unclear.length > 0 && options.in_flight === undefined) throw unknownChanges(unclear);
  const answered = options.in_flight === 'done' ? unclear.map(({ at }) => at) : [];
  const isMade = (item: ComparedChange) => Boolean(item.made) || item.moved.length > 0 || answered.includes(item.at);
  return {
    pending: found.filter((item) => !isMade(item)),
    made: Object.fromEntries(found.filter(isMade).map(({ at, made }) => [at, { id: made?.id ?? null }])),
  };
}

async function comparedChanges(dispatch: Dispatch): Promise<readonly ComparedChange[]> {
  const { ctx, plan, lists, material, application } = dispatch;
  const found: ComparedChange[] = [];
  const made: Record<number, { readonly id: string | null }> = { ...application.saved.done };
  const earlier = new Map<string, 'made' | 'open'>();
  const deleted = new Set(plan.changes.filter(isDeletion).flatMap((change) => targetsOf(change).at(-1) ?? []));
  /** The numbers of the changes that are left and delete something. */
  const gone = new Map<string, number>();
  const created = new Set<string>();
  for (const [at, change] of plan.changes.entries()) {
    const place = placeOf(change);
    if (isLeft(dispatch, at)) {
      const body = await bodyOf(dispatch, at, change);
      const situation = { ids: idsOf(change, made), body, earlier: earlier.get(place), since: plan.created_at, deleted, created };
      const comparison = await compare(lists, change, situation, material?.left?.[at]);
      const deletions = comparison.made ? [] : targetsOf(change).flatMap((target) => gone.get(target) ?? []);
      const moved = [...comparison.moved, ...deletions.map((number) => `change ${number} deletes what it needs`)];
      if (comparison.made) made[at] = comparison.made;
      else if (isDeletion(change)) gone.set(targetsOf(change).at(-1) ?? '', at + 1);
      found.push(await described(ctx, { ...comparison, moved, at, change, body }));
    }
    if (made[at]) created.add(keyOf(createdBy(change.call) ?? '', made[at].id ?? ''));
    const isOpen = earlier.get(place) === 'open' || (found.at(-1)?.at === at && !made[at] && found.at(-1)?.moved.length === 0);
    earlier.set(place, isOpen ? 'open' : 'made');
  }
  return found;
}

const isDeletion = ({ call }: PlannedChange): boolean => call.startsWith('DELETE ');

/** Its targets, of which the last one is what it deletes. */
const targetsOf = ({ targets }: PlannedChange): readonly string[] =>
  Object.entries(targets).map(([noun, { id, created_by }]) => keyOf(noun, id ?? `#${created_by}`));

/** A compared change with its title, by the names that its targets have now, and whether the branch of a deployment has moved. */
async function described(ctx: Context, compared: Omit<ComparedChange, 'title'>): Promise<ComparedChange> {
  const { change, targets, made, unclear, moved } = compared;
  const names = Object.entries(change.targets).map(([noun, target]) => [noun, { ...target, name: targets[noun]?.label ?? target.id }]);
  const title = changeTitle({ ...change, targets: Object.fromEntries(names) }, ctx.nameOf);
  if (!change.deployment || made || unclear !== undefined) return { ...compared, title };
  return { ...compared, title, moved: [...moved, ...(await (await import('../changes/branch.ts')).movedBranch(ctx, change.deployment))] };
}

/**
 * The changes of which nobody can know whether they were made. A restart leaves nothing to see; but if another change of the plan is made, and
 * none before the restart is still to be made, somebody may have applied the plan elsewhere.
 */
function unclearIn(found: readonly ComparedChange[]): readonly ComparedChange[] {
  const isApplied = found.some(({ made }) => made);
  const first = found.findIndex(({ made, isBlind, unclear }) => !made && !isBlind && unclear === undefined);
  const why = 'another change of this plan was already made, perhaps by dnx apply elsewhere';
  return found.flatMap((item, index) => {
    if (item.unclear !== undefined) return [item];
    return item.isBlind && isApplied && (first < 0 || index < first) ? [{ ...item, unclear: why }] : [];
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

/** The body of a change, with the secrets that its references name. A plan never runs a program, and reads outside of the project only what the user allows. */
export async function bodyOf(dispatch: Dispatch, at: number, { call, body }: PlannedChange): Promise<JsonObject | undefined> {
  if (dispatch.material) return dispatch.material.bodies[at];
  if (!isObject(body)) return undefined;
  const entries: [string, unknown][] = [];
  for (const [field, value] of Object.entries(body)) {
    const reference = isObject(value) && typeof value.secret === 'string' && Object.keys(value).length === 1 ? value.secret : undefined;
    if (reference === undefined && (mayHoldSecret(call, field, value) || isMask(value)))
      throw usage(
        `The plan has the ${field.replaceAll('_', ' ')} as text. Nothing was changed.`,
        'A secret must be file://, env://, dotenv:// or state://.',
      );
    if (reference !== undefined && !isSecretField(call, field)) throw usage(`The plan has a secret as ${field}. Nothing was changed.`);
    entries.push([field, reference === undefined ? value : await secretAt(dispatch, field, reference)]);
  }
  return Object.fromEntries(entries);
}

async function secretAt(dispatch: Dispatch, field: string, reference: string): Promise<string> {
  const { ctx, options } = dispatch;
  const [, file, key] = /^dotenv:\/\/(.+)#([^#]+)$/.exec(reference) ?? [];
  if (file !== undefined && key !== undefined) return dotenvValue(dispatch, file, key);
  const [, state, path] = /^state:\/\/(.+)#([^#]+)$/.exec(reference) ?? [];
  if (state !== undefined && path !== undefined) return stateValue(dispatch, state, path);
  if (!/^(file|env):\/\/./.test(reference))
    throw usage(`The plan has a secret that cannot be read: ${reference}`, 'A secret must be file://, env://, dotenv:// or state://.');
  const rules = { directory: ctx.world.cwd, allowed: options.allow_file ?? [] };
  const found = await resolveReferences({ variables: new Map(), references: new Map([[field, reference]]) }, rules, ctx);
  return found.get(field) ?? '';
}

async function stateValue({ ctx, options, states }: Dispatch, name: string, path: string): Promise<string> {
  const value = states.get(name) ?? (await import('../state/references.ts')).openStateValues(ctx, name, options);
  states.set(name, value);
  return value(path);
}

async function dotenvValue(dispatch: Dispatch, name: string, key: string): Promise<string> {
  const { ctx, options, dotenv } = dispatch;
  const file = dotenv.get(name) ?? readDotenv(dispatch, name);
  dotenv.set(name, file);
  const { variables, references, directory } = file;
  const reference = references.get(key);
  const value = variables.get(key);
  if (value === undefined && reference === undefined) throw usage(`${name} has no variable ${key}.`);
  if (reference === undefined) return value ?? '';
  if (reference.startsWith('op://')) throw usage(`${key} in ${name} is ${reference}, and a plan runs no program.`, 'Use env push instead.');
  const rules = { directory, allowed: options.allow_file ?? [] };
  const found = await resolveReferences({ variables, references: new Map([[key, reference]]) }, rules, ctx);
  return found.get(key) ?? '';
}

function readDotenv({ ctx, options }: Dispatch, name: string) {
  const { path, text, directory } = openLocal(name, ctx);
  if (!isInside(path, projectDirectory(ctx.world)) && !options.allow_file?.includes(name))
    throw usage(`${name} is outside of this project.`, `To read it, use --allow-file ${name}.`);
  if (text === undefined) throw usage(`${name} does not exist.`);
  return { ...parseDotenv(text, name), directory };
}
