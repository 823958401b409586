import { type Detail, DnxError, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { inQuotes } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { done, message, nothing, type Result } from '../../cli/output/view.ts';
import { commitDetails } from '../../cli/plan/deployment.ts';
import { abilitiesOf, type Plan } from '../../cli/plan/plan.ts';
import { changeSection, changeTitle, countedChanges } from '../../cli/plan/show.ts';
import { type ConsentQuestion, putAll, warnOfLoss } from '../../cli/run/consent.ts';
import { type Located, sameName, type Target, targetIds } from '../../platform/names/names.ts';
import { operationPath, operations, severeOperations } from '../../platform/operations.ts';
import { changesBy, sendingQuestions, warnUnkept } from '../env/dangers.ts';
import { remoteSide } from '../env/remote.ts';
import { variablesEndpoint } from '../env/variables.ts';
import { failureIn, openApplication } from './application.ts';
import { compare, type Lists, openLists } from './compare.ts';
import { readPlanFile } from './file.ts';
import { type Applying, bodyOf, isLeft, isSamePlace, type Pending, type SendingOptions, sendAll, type Undoing } from './send.ts';
import { settleFlight } from './settle.ts';

/** `dnx apply FILE`. */
export async function applyPlanFile(ctx: Context, file: string, options: SendingOptions, consent: GivenConsent): Promise<Result> {
  const { plan, text } = readPlanFile(file, ctx.world);
  if (plan.host !== ctx.settings.host)
    throw usage(`${file} is a plan for ${plan.host}, not for ${ctx.settings.host}.`, `If you trust it, use --host ${quoted(plan.host)}.`);
  return applyPlan(ctx, { plan, text, line: ['apply', file], preview: '--check' }, options, consent);
}

/** A plan, and what names it. */
interface Given {
  readonly plan: Plan;
  /** The option that sends nothing. */
  readonly preview: '--check' | '--dry-run';
  /** What tells it from other plans. */
  readonly text: string;
  /** The words after `dnx`. */
  readonly line: readonly string[];
  readonly undoing?: Undoing;
}

/** Compares, asks, and sends each change once. What was applied before is not sent again. */
export async function applyPlan(ctx: Context, given: Given, options: SendingOptions, consent: GivenConsent): Promise<Result> {
  const application = await openApplication(ctx, given.text, options.check);
  try {
    const applying = { ctx, plan: given.plan, application, lists: openLists(ctx), options, undoing: given.undoing };
    await settleFlight(applying);
    const failure = failureIn(application.saved);
    const pending = await pendingIn(applying);
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
    const asked = await putAll(ctx, questionsBefore(ctx, pending, applying.lists, { ...consent, preview: given.preview }));
    if (typeof asked === 'object') return { view: nothing, exit: usage(`This was not answered yet: ${asked.text}`) };
    if (asked) {
      // A person may take long to answer.
      applying.lists.forget();
      await pendingIn(applying);
    }
    return await sendAll(applying, pending);
  } finally {
    application.release();
  }
}

/** The changes to send, with their secrets and the names of their targets. Fails if anything is not as it was. */
async function pendingIn(applying: Applying): Promise<readonly Pending[]> {
  const { ctx, plan, lists, undoing } = applying;
  const { changes } = plan;
  const pending: (Pending & { readonly moved: readonly string[] })[] = [];
  for (const [at, change] of changes.entries()) {
    if (!isLeft(applying, at)) continue;
    const changed = changes.slice(0, at).some((each) => isSamePlace(each, change));
    const { targets, moved } = await compare(lists, change, changed, undoing?.left[at]);
    const names = Object.entries(change.targets).map(([noun, each]) => [noun, { ...each, name: targets[noun]?.label ?? each.id }]);
    const title = changeTitle({ ...change, targets: Object.fromEntries(names) }, ctx.nameOf);
    if (change.deployment) moved.push(...(await (await import('../changes/tip.ts')).movedBranch(ctx, change.deployment)));
    pending.push({ at, change, title, targets, moved, body: await bodyOf(applying, at, change) });
  }
  const moved = pending.filter((each) => each.moved.length > 0);
  if (moved.length === 0) return pending;
  throw new DnxError('differences', `${moved.length} of ${changes.length} changes no longer apply. Nothing was changed.`, {
    details: moved.flatMap(({ title, moved }) => moved.map((each): Detail => [title, each])),
    reason: 'plan_moved',
    hint: undoing ? 'To take back another change: dnx undo ID' : 'Make a new plan.',
  });
}

/** Shows what will be sent, and asks for the strictest consent that a change needs. What the plan says of that does not count. */
async function* questionsBefore(
  ctx: Context,
  pending: readonly Pending[],
  lists: Lists,
  given: GivenConsent & Pick<Given, 'preview'>,
): AsyncGenerator<ConsentQuestion, void> {
  // In a log, where nobody is asked, the values of variables stay hidden.
  const isAsked = ctx.ask.allowed && !given.yes && given.confirm === undefined;
  for (const { change, title, body } of pending) {
    const more = change.deployment ? commitDetails(change.deployment) : [];
    const { details } = changeSection(change, ctx.nameOf, { more, sent: isAsked ? body : undefined });
    ctx.progress.note([title, ...details.map(([field, words]) => `  ${field}  ${words}`)].join('\n'));
  }
  const [first] = severeIn(pending);
  if (given.confirm !== undefined && !first && !pending.some(isOfVariable))
    throw usage('--confirm names nothing of this plan. Nothing was changed.', 'Use --yes.');
  let isNamed = first !== undefined;
  for await (const question of variableQuestions(ctx, pending, lists, given)) {
    isNamed = true;
    yield question;
  }
  if (first) yield* nameQuestion(ctx, first, given);
  if (isNamed || given.yes || given.confirm !== undefined) return;
  if (!ctx.ask.allowed)
    throw usage('This requires confirmation.', `Use --yes, or ${given.preview} to change nothing.`).with({
      reason: 'confirmation_missing',
    });
  if (pending.some((each) => isOfVariable(each) && !each.change.call.startsWith('POST '))) await warnUnkept(ctx);
  yield { kind: 'confirm', text: `Apply ${countedChanges(pending)}?` };
}

const severeIn = (pending: readonly Pending[]) => pending.filter(({ change }) => severeOperations.includes(change.call));

const isOfVariable = ({ change }: Pending): boolean => operations[change.call]?.consent === 'variables';

/** A question for each site that variables could break. */
async function* variableQuestions(ctx: Context, pending: readonly Pending[], lists: Lists, given: GivenConsent) {
  const variables = pending.filter(isOfVariable);
  const sites = new Map(variables.map((each) => [each.targets.site?.id ?? '', each.targets]));
  for (const [id, targets] of sites) {
    if (!targets.server || !targets.site) continue;
    const items = await lists.read(operationPath(variablesEndpoint), targetIds(targets));
    const remote = remoteSide(items ?? []);
    const changes = variables
      .filter((each) => each.targets.site?.id === id)
      .flatMap(({ change, body, targets: { variable } }) => changesBy(change.call, body, variable?.label, remote));
    yield* sendingQuestions(ctx, targets as Located, { changes, remote, given });
  }
}

/** The question for the name of what cannot be undone, unless the command line has it. */
async function* nameQuestion(
  ctx: Context,
  { title, change, targets }: Pending,
  { confirm }: GivenConsent,
): AsyncGenerator<ConsentQuestion, void> {
  const [noun, target] = Object.entries(targets).at(-1) as [string, Target];
  const check = (typed: string) => {
    if (!sameName(noun, typed, target.label) && typed !== target.id)
      throw usage(`'${typed}' does not match. Nothing was changed.`, `Expected ${inQuotes(target.label)}.`);
  };
  if (confirm !== undefined) return check(confirm);
  if (!ctx.ask.allowed)
    throw usage('This cannot be undone and requires confirmation.', `Use --confirm ${quoted(target.label)}.`).with({
      reason: 'name_to_type',
    });
  ctx.progress.warn(`${title.slice(2)} (id ${target.id}). This cannot be undone.`);
  await warnOfLoss(ctx, change.call.startsWith('DELETE ') ? 'delete' : '', targets, noun);
  yield { kind: 'input', text: `Type ${inQuotes(target.label)} to continue:`, check };
}
