import { cancelled, DnxError, type Next, usage } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { message, type Result, record } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import { changedAnd, type Deploying, deployAfter, refuseWithoutDeploy } from '../deploy-after.ts';
import { parseDotenv } from '../dotenv/dotenv.ts';
import { removeLeftFiles } from '../edit/editor.ts';
import { openLocal } from '../local-file.ts';
import { resolveReferences, sayReferences } from '../references.ts';
import { remoteSide } from '../remote.ts';
import { type createEndpoint, type deleteEndpoint, listEndpoint, nextDeploy, type updateEndpoint, type Variable } from '../variables.ts';
import { type Applied, applyPlan, failureOf, requireSendable } from './apply.ts';
import { type BaseRecord, openBase, saveBase } from './base-record.ts';
import { askSide, type Chosen, choiceOf, requireKnown } from './conflicts.ts';
import { changesOf, type Plan, type PushSides, planPush, type Reason, samePlan, stepsOf } from './plan.ts';
import { commandFor, conflictOf, counted, detailsOf, keptNote, planLines, summaryColumns, summaryOf } from './show.ts';

interface Options extends Chosen, Deploying {
  readonly file: string | undefined;
  readonly prune: boolean | undefined;
  readonly dry_run: boolean | undefined;
  readonly allow_file: readonly string[] | undefined;
}

/** `dnx env push`: sends what changed in the file since the last pull or push, and nothing else. */
export async function push(ctx: PushContext, targets: Located, options: Options, yes: boolean): Promise<Result> {
  refuseWithoutDeploy(options);
  removeLeftFiles(ctx);
  const { site } = targets;
  const choice = choiceOf(options);
  const file = openLocal(options.file, ctx);
  if (file.text === undefined)
    throw usage(`${file.name} does not exist.`, undefined, { command: commandFor('pull', file.name, targets), why: 'Create it with' });
  const dotenv = parseDotenv(file.text, file.name);
  const allowed = options.allow_file ?? [];
  const local = await resolveReferences(dotenv, { directory: file.directory, allowed }, ctx);
  sayReferences(ctx, dotenv);
  const known = await ctx.list<Variable>(listEndpoint);
  requireKnown(choice, local, remoteSide(known));
  const base = await openBase(ctx, { host: ctx.settings.host, site: site.id, file: file.path });
  const sides = { local, base, choice, prune: options.prune ?? false };
  const first: Push = { ctx, targets, name: file.name, base, sides, allowed, deploying: options };
  const { push, plan, asked } = await decided(first, known, options.dry_run !== true);
  const changes = changesOf(plan);
  requireSendable(plan);
  const summary = summaryOf(site.label, file.name, plan.steps);
  if (options.dry_run) return { view: message(dryRun(push, plan), summary) };
  const conflicts = stepsOf(plan, 'conflict');
  if (conflicts.length > 0)
    return { view: record(summary, summaryColumns), exit: conflictOf(conflicts, base.known, 'Nothing was sent.', HINT) };
  if (changes.length === 0) {
    await saveBase(ctx, base, plan, []);
    return nothingPushed(push, plan);
  }
  const fresh = await confirmed(push, known, plan, { yes, asked });
  const applied = await applyPlan(ctx, targets, fresh, plan);
  await saveBase(ctx, base, plan, applied.done);
  return pushed(push, plan, applied);
}

const HINT = 'Use --ours KEY for the value of the file, or --theirs KEY to leave it as it is at Deploynix.';

/** The plan. Without a record of the last pull, a user on a terminal is asked to decide the conflicts. */
async function decided(push: Push, known: readonly Variable[], asks: boolean): Promise<{ push: Push; plan: Plan; asked: boolean }> {
  const remote = remoteSide(known);
  const plan = planPush({ ...push.sides, remote });
  const other = push.base.elsewhere();
  if (other !== undefined) push.ctx.progress.warn(`${push.name} was last synced with ${other}, not with ${push.targets.site.label}.`);
  const conflicts = stepsOf(plan, 'conflict');
  if (conflicts.length === 0 || !asks || push.base.known || !push.ctx.ask.allowed) return { push, plan, asked: false };
  const choice = await askSide(push.ctx, push.sides.choice, conflicts.length, push.name);
  const sides = { ...push.sides, choice };
  return { push: { ...push, sides }, plan: planPush({ ...sides, remote }), asked: true };
}

/** Asks for confirmation. If that took time, reads the variables again: nothing is sent if the plan is no longer the same. */
async function confirmed(push: Push, known: readonly Variable[], plan: Plan, { yes, asked }: { yes: boolean; asked: boolean }) {
  const { ctx, targets, sides, deploying } = push;
  if (!yes) {
    const { length } = changesOf(plan);
    for (const line of planLines(plan)) ctx.progress.note(line);
    if (
      !(await ctx.ask.confirm(
        `Push ${counted(length)} to ${targets.site.label} (${targets.server.label})${deploying.deploy ? ' and deploy' : ''}?`,
      ))
    )
      throw cancelled();
  }
  if (yes && !asked) return known;
  const fresh = await ctx.list<Variable>(listEndpoint);
  if (samePlan(planPush({ ...sides, remote: remoteSide(fresh) }), plan)) return fresh;
  throw new DnxError('differences', 'Variables were changed at Deploynix meanwhile. Nothing was sent.', { hint: 'Run the command again.' });
}

function dryRun({ targets: { site }, base }: Push, plan: Plan): string {
  const { length } = changesOf(plan);
  const sentence = length === 0 ? `Would push nothing to ${site.label}.` : `Would push ${counted(length)} to ${site.label}.`;
  return [sentence, ...(base.known ? [] : ['There is no record of the last pull.']), ...planLines(plan)].join('\n');
}

export type PushContext = Context<typeof listEndpoint | typeof createEndpoint | typeof updateEndpoint | typeof deleteEndpoint>;

/** What is pushed, and to where. */
export interface Push {
  readonly ctx: PushContext;
  readonly targets: Located;
  /** The file as the user knows it. */
  readonly name: string;
  readonly base: BaseRecord;
  readonly sides: Omit<PushSides, 'remote'>;
  /** Files outside of the project that its references may read. */
  readonly allowed: readonly string[];
  readonly deploying: Deploying;
}

/** The result if nothing had to be sent. */
export function nothingPushed(push: Push, plan: Plan): Result {
  const { targets, name, deploying } = push;
  const { site } = targets;
  const summary = summaryOf(site.label, name, plan.steps);
  const sentence = `Nothing to push to ${site.label}.`;
  const { note } = keptNote(plan.steps);
  if (!deploying.deploy) return { view: message(sentence, summary), ...(note !== undefined && { note }), next: nextOf(push, plan) };
  return {
    view: message(sentence, changedAnd(summary, null)),
    note: [...(note === undefined ? [] : [note]), 'Nothing was deployed.'].join('\n'),
    next: [...nextOf(push, plan), ...nextDeploy(site)],
  };
}

/** The result of what was sent, and of the deployment. A failure says which variables were sent and which were not. */
export async function pushed(push: Push, plan: Plan, applied: Applied): Promise<Result> {
  const { ctx, targets, name, deploying } = push;
  const { site } = targets;
  const { done, failed, left } = applied;
  const steps = [...done, ...stepsOf(plan, 'keep')];
  const summary = summaryOf(site.label, name, steps);
  const exit = failureOf(applied, [{ command: commandFor('push', name, targets, ...sameOptions(push)), why: 'Send the rest with' }]);
  if (exit) {
    if (exit.code !== 'partial') throw exit;
    const missing = [...failed.map(({ step }) => step), ...left].map(({ key }) => key);
    const view = record({ ...summary, failed: missing }, summaryColumns);
    return { view, exit: deploying.deploy ? exit.withHint('Nothing was deployed.', ...exit.next) : exit };
  }
  const sentence = `Pushed ${counted(done.length)} to ${site.label}`;
  if (deploying.deploy) {
    ctx.progress.succeeded(sentence);
    return deployAfter(ctx, targets, deploying, summary);
  }
  return { view: record(summary, summaryColumns, sentence, detailsOf(steps, 'past')), next: [...nextOf(push, plan), ...nextDeploy(site)] };
}

/** The options with which another push decides as this one did. */
const sameOptions = ({ sides: { choice, prune }, allowed, deploying }: Push): readonly string[] => [
  ...choice.ours.flatMap((key) => ['--ours', key]),
  ...choice.theirs.flatMap((key) => ['--theirs', key]),
  ...allowed.flatMap((file) => ['--allow-file', file]),
  ...(prune ? ['--prune'] : []),
  ...(deploying.deploy ? ['--deploy'] : []),
];

/** How to get what changed at Deploynix, and to remove there what was removed here. */
function nextOf({ name, targets }: Push, { steps }: Plan): readonly Next[] {
  const isKept = (...reasons: readonly (Reason | undefined)[]) =>
    steps.some(({ verb, reason }) => verb === 'keep' && reasons.includes(reason));
  return [
    ...(isKept('changed there', 'removed there', 'only there')
      ? [{ command: commandFor('pull', name, targets), why: 'Get what changed at Deploynix with' }]
      : []),
    ...(isKept('removed here')
      ? [{ command: commandFor('push', name, targets, '--prune'), why: 'Remove at Deploynix what was removed here with' }]
      : []),
  ];
}
