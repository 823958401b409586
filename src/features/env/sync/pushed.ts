import type { Next } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { message, type Result, record } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import { changedAnd, type Deploying, deployAfter } from '../deploy-after.ts';
import { type createEndpoint, type deleteEndpoint, type listEndpoint, nextDeploy, type updateEndpoint } from '../variables.ts';
import type { Applied } from './apply.ts';
import type { BaseRecord } from './base-record.ts';
import { failureOf } from './failure.ts';
import { type Plan, type Reason, stepsOf } from './plan.ts';
import type { PushSides } from './push-plan.ts';
import { commandFor, counted, detailsOf, keptNote, summaryColumns, summaryOf } from './show.ts';

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
