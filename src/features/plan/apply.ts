import { type Detail, DnxError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import { isMask } from '../../base/text.ts';
import { HOUR } from '../../base/time.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { done, message, nothing } from '../../cli/output/view.ts';
import { commitDetails } from '../../cli/plan/deployment.ts';
import { abilitiesOf, type Plan, type PlannedChange } from '../../cli/plan/plan.ts';
import { isSecretField, mayHoldSecret } from '../../cli/plan/secret-fields.ts';
import { changeSection, changeTitle, countedChanges } from '../../cli/plan/show.ts';
import { type ConsentQuestion, nameQuestion, putAll, requireName, warnOfLoss } from '../../cli/run/consent.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import { type Located, type Target, targetIds } from '../../platform/names/names.ts';
import { operationPath, operations, severeOperations } from '../../platform/operations.ts';
import { changesBy, sendingQuestions, warnUnkept } from '../env/dangers.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { isInside, openLocal, projectDirectory } from '../env/local-file.ts';
import { resolveReferences } from '../env/references.ts';
import { remoteSide } from '../env/remote.ts';
import { variablesEndpoint } from '../env/variables.ts';
import { type Flight, failureIn, openApplication } from './application.ts';
import { compare, type Lists, openLists, wasPerformed } from './compare.ts';
import { readPlanFile } from './file.ts';
import { settleLost } from './past.ts';
import {
  type Dispatch,
  idsOf,
  isLeft,
  isRelease,
  isSamePlace,
  outcomeOf,
  type PendingChange,
  type SendingOptions,
  sendAll,
  type UndoMaterial,
} from './send.ts';

/** `dnx apply FILE`. */
export async function applyPlanFile(ctx: Context, file: string, options: SendingOptions, consent: GivenConsent) {
  const { plan, text } = readPlanFile(file, ctx.world);
  if (plan.host !== ctx.settings.host)
    throw usage(`${file} is a plan for ${plan.host}, not for ${ctx.settings.host}.`, `If you trust it, use --host ${quoted(plan.host)}.`);
  return applyPlan(ctx, { plan, text, preview: '--check' }, options, consent);
}

/** A plan, its text, which tells it from others, and the option that only previews it. */
interface NamedPlan {
  readonly plan: Plan;
  readonly text: string;
  readonly preview: '--check' | '--dry-run';
  readonly material?: UndoMaterial;
}

/** Compares, asks, and sends each change once. What was applied before is not sent again. */
export async function applyPlan(ctx: Context, named: NamedPlan, options: SendingOptions, consent: GivenConsent) {
  const application = await openApplication(ctx, named.text, options.check);
  try {
    const dispatch = { ctx, plan: named.plan, application, lists: openLists(ctx), options, material: named.material };
    await settleFlight(dispatch);
    const failure = failureIn(application.saved);
    const pending = await pendingIn(dispatch);
    if (pending.length === 0 && failure) throw failure;
    if (pending.length === 0) return { view: message('This plan was already applied.', { applied: true, changes: [] }) };
    if (options.wait === false && pending.some(({ change }) => change.deployment?.verify))
      throw usage('This plan verifies a deployment, so it cannot be combined with --no-wait.', 'Remove --no-wait.');
    if (severeIn(pending).length > 1)
      throw usage('The plan has several changes that cannot be undone, so it is not applied.', 'Apply one at a time.');
    if (options.check) {
      const abilities = abilitiesOf(pending.map(({ change }) => change));
      const report = { applies: true, changes: pending.length, abilities };
      const details: readonly Detail[] = abilities.length > 0 ? [['needs', abilities.join(', ')]] : [];
      return { view: done(`${countedChanges(pending)} can be applied`, report, details) };
    }
    const asked = await putAll(ctx, questionsBefore(ctx, pending, dispatch.lists, { ...consent, preview: named.preview }));
    if (typeof asked === 'object') return { view: nothing, exit: usage(`This was not answered yet: ${asked.text}`) };
    if (asked) {
      // A person may take long to answer.
      dispatch.lists.forget();
      await pendingIn(dispatch);
    }
    return await sendAll(dispatch, pending);
  } finally {
    application.release();
  }
}

/** The changes to send, with their secrets and the names of their targets. Fails if anything is not as it was. */
async function pendingIn(dispatch: Dispatch): Promise<readonly PendingChange[]> {
  const { ctx, plan, lists, material } = dispatch;
  const { changes } = plan;
  const pending: (PendingChange & { readonly moved: readonly string[] })[] = [];
  for (const [at, change] of changes.entries()) {
    if (!isLeft(dispatch, at)) continue;
    const changed = changes.slice(0, at).some((item) => isSamePlace(item, change));
    const { targets, moved } = await compare(lists, change, changed, material?.left[at]);
    const names = Object.entries(change.targets).map(([noun, target]) => [noun, { ...target, name: targets[noun]?.label ?? target.id }]);
    const title = changeTitle({ ...change, targets: Object.fromEntries(names) }, ctx.nameOf);
    if (change.deployment) moved.push(...(await (await import('../changes/branch.ts')).movedBranch(ctx, change.deployment)));
    pending.push({ at, change, title, targets, moved, body: await bodyOf(dispatch, at, change) });
  }
  const moved = pending.filter((item) => item.moved.length > 0);
  if (moved.length === 0) return pending;
  throw new DnxError('differences', `${moved.length} of ${changes.length} changes no longer apply. Nothing was changed.`, {
    details: moved.flatMap(({ title, moved }) => moved.map((item): Detail => [title, item])),
    reason: 'plan_moved',
    hint: material ? 'To take back another change: dnx undo ID' : 'Make a new plan.',
  });
}

/** Shows what will be sent, and asks for the strictest consent that a change needs. What the plan says of that does not count. */
async function* questionsBefore(
  ctx: Context,
  pending: readonly PendingChange[],
  lists: Lists,
  consent: GivenConsent & Pick<NamedPlan, 'preview'>,
): AsyncGenerator<ConsentQuestion, void> {
  // In a log, where nobody is asked, the values of variables stay hidden.
  const isAsked = ctx.ask.allowed && !consent.yes && consent.confirm === undefined;
  for (const { change, title, body } of pending) {
    const more = change.deployment ? commitDetails(change.deployment) : [];
    const { details } = changeSection(change, ctx.nameOf, { more, sent: isAsked ? body : undefined });
    ctx.progress.note([title, ...details.map(([field, words]) => `  ${field}  ${words}`)].join('\n'));
  }
  const [first] = severeIn(pending);
  if (consent.confirm !== undefined && !first && !pending.some(isOfVariable))
    throw usage('--confirm names nothing of this plan. Nothing was changed.', 'Use --yes.');
  let isNamed = first !== undefined;
  for await (const question of variableQuestions(ctx, pending, lists, consent)) {
    isNamed = true;
    yield question;
  }
  if (first) yield* severeQuestion(ctx, first, consent);
  if (isNamed || consent.yes || consent.confirm !== undefined) return;
  if (!ctx.ask.allowed)
    throw usage('This requires confirmation.', `Use --yes, or ${consent.preview} to change nothing.`).with({
      reason: 'confirmation_missing',
    });
  if (pending.some((item) => isOfVariable(item) && !item.change.call.startsWith('POST '))) await warnUnkept(ctx);
  yield { kind: 'confirm', text: `Apply ${countedChanges(pending)}?` };
}

const severeIn = (pending: readonly PendingChange[]) => pending.filter(({ change }) => severeOperations.includes(change.call));

const isOfVariable = ({ change }: PendingChange): boolean => operations[change.call]?.consent === 'variables';

async function* variableQuestions(ctx: Context, pending: readonly PendingChange[], lists: Lists, consent: GivenConsent) {
  const variables = pending.filter(isOfVariable);
  const sites = new Map(variables.map((variable) => [variable.targets.site?.id ?? '', variable.targets]));
  for (const [id, targets] of sites) {
    if (!targets.server || !targets.site) continue;
    const items = await lists.read(operationPath(variablesEndpoint), targetIds(targets));
    const remote = remoteSide(items ?? []);
    const changes = variables
      .filter((item) => item.targets.site?.id === id)
      .flatMap(({ change, body, targets: { variable } }) => changesBy(change.call, body, variable?.label, remote));
    yield* sendingQuestions(ctx, targets as Located, { changes, remote, consent });
  }
}

async function* severeQuestion(ctx: Context, { title, change, targets }: PendingChange, { confirm }: GivenConsent) {
  const [noun, target] = Object.entries(targets).at(-1) as [string, Target];
  const check = (typed: string) => requireName(typed, { noun, ...target });
  if (confirm !== undefined) return check(confirm);
  if (!ctx.ask.allowed)
    throw usage('This cannot be undone and requires confirmation.', `Use --confirm ${quoted(target.label)}.`).with({
      reason: 'name_to_type',
    });
  ctx.progress.warn(`${title.slice(2)} (id ${target.id}). This cannot be undone.`);
  await warnOfLoss(ctx, change.call.startsWith('DELETE ') ? 'delete' : '', targets, noun);
  yield { kind: 'input', text: nameQuestion(target.label), check } as const;
}

/** Finds out what became of a request whose end this machine never saw. */
async function settleFlight(dispatch: Dispatch): Promise<void> {
  const { ctx, plan, application, lists, options } = dispatch;
  const { flight } = application.saved;
  const change = flight && plan.changes[flight.at];
  if (!flight || !change) return;
  const seen = isRelease(change.call)
    ? await settledRelease(dispatch, flight, change)
    : await wasPerformed(lists, change, idsOf(change, application), await bodyOf(dispatch, flight.at, change), flight.ids);
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
const KEPT_MS = HOUR;

/** Follows a deployment or rollback that an earlier process requested. False if it requested none, undefined if nobody knows. */
async function settledRelease({ ctx, application, options: { timeout } }: Dispatch, { at, sent_at }: Flight, { targets }: PlannedChange) {
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

/** The body of a change, with the secrets that its references name. A plan never runs a program, and reads outside of the project only what the user allows. */
async function bodyOf({ ctx, options, material }: Dispatch, at: number, { call, body }: PlannedChange): Promise<JsonObject | undefined> {
  if (material) return material.bodies[at];
  if (!isObject(body)) return undefined;
  const entries: [string, unknown][] = [];
  for (const [field, value] of Object.entries(body)) {
    const reference = isObject(value) && typeof value.secret === 'string' && Object.keys(value).length === 1 ? value.secret : undefined;
    if (reference === undefined && (mayHoldSecret(call, field, value) || isMask(value)))
      throw usage(
        `The plan has the ${field.replaceAll('_', ' ')} as text. Nothing was changed.`,
        'A secret must be file://, env:// or dotenv://.',
      );
    if (reference !== undefined && !isSecretField(call, field)) throw usage(`The plan has a secret as ${field}. Nothing was changed.`);
    entries.push([field, reference === undefined ? value : await secretAt(ctx, field, reference, options.allow_file)]);
  }
  return Object.fromEntries(entries);
}

async function secretAt(ctx: Context, field: string, reference: string, allowed: readonly string[] = []): Promise<string> {
  const [, file, key] = /^dotenv:\/\/(.+)#([^#]+)$/.exec(reference) ?? [];
  if (file !== undefined && key !== undefined) return dotenvValue(ctx, file, key, allowed);
  if (!/^(file|env):\/\/./.test(reference))
    throw usage(`The plan has a secret that cannot be read: ${reference}`, 'A secret must be file://, env:// or dotenv://.');
  const rules = { directory: ctx.world.cwd, allowed };
  const found = await resolveReferences({ variables: new Map(), references: new Map([[field, reference]]) }, rules, ctx);
  return found.get(field) ?? '';
}

async function dotenvValue(ctx: Context, name: string, key: string, allowed: readonly string[]): Promise<string> {
  const { path, text, directory } = openLocal(name, ctx);
  if (!isInside(path, projectDirectory(ctx.world)) && !allowed.includes(name))
    throw usage(`${name} is outside of this project.`, `To read it, use --allow-file ${name}.`);
  if (text === undefined) throw usage(`${name} does not exist.`);
  const { variables, references } = parseDotenv(text, name);
  const reference = references.get(key);
  const value = variables.get(key);
  if (value === undefined && reference === undefined) throw usage(`${name} has no variable ${key}.`);
  if (reference === undefined) return value ?? '';
  if (reference.startsWith('op://')) throw usage(`${key} in ${name} is ${reference}, and a plan runs no program.`, 'Use env push instead.');
  const found = await resolveReferences({ variables, references: new Map([[key, reference]]) }, { directory, allowed }, ctx);
  return found.get(key) ?? '';
}
