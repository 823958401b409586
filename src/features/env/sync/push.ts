import { cancelled, DnxError, usage } from '../../../base/errors.ts';
import { message, type Result, record } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import { type Deploying, refuseWithoutDeploy } from '../deploy-after.ts';
import { parseDotenv } from '../dotenv/dotenv.ts';
import { removeLeftFiles } from '../edit/private-file.ts';
import { resolveReferences, sayReferences } from '../references/references.ts';
import { listEndpoint, type Variable } from '../variables.ts';
import { applyPlan } from './apply.ts';
import { openBase } from './base-record.ts';
import { askSide, type Chosen, choiceOf, requireKnown } from './choices.ts';
import { openLocal } from './local-file.ts';
import { changesOf, type Plan, samePlan, stepsOf } from './plan.ts';
import { planPush } from './push-plan.ts';
import { nothingPushed, type Push, type PushContext, pushed } from './pushed.ts';
import { remoteSide } from './remote-side.ts';
import { saveBase } from './save-base.ts';
import { requireSendable } from './sendable.ts';
import { commandFor, conflictOf, counted, planLines, summaryColumns, summaryOf } from './show.ts';

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
