import { type Detail, DnxError, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { HOUR } from '../../base/time.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Printed } from '../../cli/language/shape.ts';
import { done, message, nothing, type Result, type View } from '../../cli/output/view.ts';
import { abilitiesOf, type Plan, type PlannedChange } from '../../cli/plan/plan.ts';
import { changeTitle, countedChanges } from '../../cli/plan/show.ts';
import { type ConsentQuestion, putAll } from '../../cli/run/consent.ts';
import type { Turn } from '../../cli/run/turn.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import { type Application, type Flight, failureIn, openApplication } from './application.ts';
import { isRelease, openLists, wasPerformed } from './compare.ts';
import { consentWords, type NeededConsent, neededConsent, questionsBefore, requireAnswers } from './consent.ts';
import { readPlanFiles } from './file.ts';
import { settleLost } from './past.ts';
import { bodyOf, remainderOf } from './pending.ts';
import {
  type applyShape,
  type Dispatch,
  idsOf,
  outcomeOf,
  type PendingChange,
  type PlanMaterial,
  type SendingOptions,
  sendAll,
  unchangedRows,
} from './send.ts';

/** `dnx apply FILE…`: several plans are one, in this order. */
export async function applyPlanFiles(ctx: Context, files: readonly string[], options: SendingOptions, consent: GivenConsent) {
  const { plan, text } = readPlanFiles(files, ctx.world);
  if (plan.host !== ctx.settings.host)
    throw usage(
      `${files[0]} is a plan for ${plan.host}, not for ${ctx.settings.host}.`,
      `If you trust it, use --host ${quoted(plan.host)}.`,
    );
  return applyPlan(ctx, { plan, application: await openApplication(ctx, text, options), preview: '--check' }, options, consent);
}

/** A plan, its progress, and the option that only previews it. */
interface OpenPlan {
  readonly plan: Plan;
  readonly application: Application;
  readonly preview: '--check' | '--dry-run';
  /** The command has shown what it does, and asked for it. */
  readonly isAgreed?: boolean;
  /** Of a plan that was just made, what is not in a file. */
  readonly material?: PlanMaterial;
  /** Waits for a person, so that nobody else has to. */
  readonly pause?: Turn['pause'];
  /** What is shown if nothing is sent. */
  readonly shown?: (pending: readonly PendingChange[], needed: NeededConsent) => View<never>;
}

/** Compares, asks, and sends each change once. What was applied before, or is as the plan wants it, is not sent. */
export async function applyPlan(
  ctx: Context,
  { plan, application, preview, isAgreed, material, pause = (wait) => wait(), shown }: OpenPlan,
  options: SendingOptions,
  { yes }: GivenConsent,
): Promise<Result<Printed<typeof applyShape>>> {
  try {
    const lists = openLists(ctx, material?.read);
    const dispatch = { ctx, plan, application, lists, options, dotenv: new Map(), states: new Map(), material };
    await settleFlight(dispatch);
    const failure = failureIn(application.saved);
    const { pending, made } = await remainderOf(dispatch);
    if (pending.length === 0 && failure) throw failure;
    if (pending.length === 0) {
      application.settle(made);
      return { view: message('This plan was already applied.', unchangedRows(plan, application.saved.done)) };
    }
    if (options.wait === false && pending.some(({ change }) => change.deployment?.verify))
      throw usage('This plan verifies a deployment, so it cannot be combined with --no-wait.', 'Remove --no-wait.');
    const given = { yes, confirm: options.confirm ?? [] };
    const needed = await neededConsent(plan, pending, dispatch.lists, given);
    if (options.check) {
      if ((yes || given.confirm.length > 0) && !ctx.ask.allowed) requireAnswers(needed, given, preview);
      return { view: shown?.(pending, needed) ?? checked(pending, needed) };
    }
    const ask = { ...ctx.ask, put: (question: ConsentQuestion) => pause(() => ctx.ask.put(question)) };
    const asked = !isAgreed && (await putAll({ ask }, questionsBefore(ctx, pending, needed, { given, preview })));
    if (typeof asked === 'object') return { view: nothing, exit: usage(`This was not answered yet: ${asked.text}`) };
    // A person may take long to answer.
    if (asked) dispatch.lists.forget();
    const now = asked ? await remainderOf(dispatch) : { pending, made };
    if (now.pending.length > pending.length)
      throw new DnxError('differences', 'A change was taken back during the question. Nothing was changed.', { reason: 'plan_moved' });
    application.settle(now.made);
    return await sendAll(dispatch, now.pending);
  } finally {
    application.release();
  }
}

function checked(pending: readonly PendingChange[], needed: NeededConsent) {
  const abilities = abilitiesOf(pending.map(({ change }) => change));
  const report = { applies: true, changes: pending.length, abilities, confirm: needed.names.map(({ label }) => label) };
  const needs: readonly Detail[] = abilities.length > 0 ? [['needs', abilities.join(', ')]] : [];
  return done(`${countedChanges(pending)} can be applied`, report, [...needs, ['consent', consentWords(needed)]]);
}

/** Finds out what became of a request whose end this machine never saw. */
async function settleFlight(dispatch: Dispatch): Promise<void> {
  const { ctx, plan, application, lists, options } = dispatch;
  const { flight } = application.saved;
  const change = flight && plan.changes[flight.at];
  if (!flight || !change) return;
  const seen = isRelease(change.call)
    ? await settledRelease(dispatch, flight, change)
    : await wasPerformed(lists, change, idsOf(change, application.saved.done), await bodyOf(dispatch, flight.at, change), flight.ids);
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
