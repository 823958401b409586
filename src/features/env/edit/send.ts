import { cancelled, DnxError } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Located } from '../../../platform/names/names.ts';
import { resolveReferences, sayReferences } from '../references/references.ts';
import { applyPlan } from '../sync/apply.ts';
import { failureOf } from '../sync/failure.ts';
import { baseOf, type Side, UNKNOWN } from '../sync/merge.ts';
import { changesOf, type Plan, type Step, samePlan, stepsOf } from '../sync/plan.ts';
import { planPush } from '../sync/push-plan.ts';
import { remoteSide } from '../sync/remote-side.ts';
import { requireSendable } from '../sync/sendable.ts';
import { counted, planLines } from '../sync/show.ts';
import { type createEndpoint, type deleteEndpoint, listEndpoint, type updateEndpoint, type Variable } from '../variables.ts';
import { type Draft, variablesIn, withConflicts } from './draft.ts';

export type EditContext = Context<typeof listEndpoint | typeof createEndpoint | typeof updateEndpoint | typeof deleteEndpoint>;

/** A file for the editor. */
export interface EditedFile {
  readonly path: string;
  /** In messages. */
  readonly name: string;
  readonly draft: Draft;
  write(text: string): void;
}

/** What the user has seen of the site, and what was sent so far. */
export interface Session {
  readonly ctx: EditContext;
  readonly targets: Located;
  readonly file: EditedFile;
  readonly yes: boolean;
  /** Files outside of the project that references may read. */
  readonly allowed: readonly string[];
  /** The values that the user has seen. */
  readonly base: Map<string, string>;
  /** Variables with values that the user could not see, but may set. */
  readonly unseen: Set<string>;
  readonly sent: Step[];
}

/** Why the changes were not sent, and the text that helps to decide about conflicts. */
export interface Refusal {
  readonly error: DnxError;
  readonly revised?: string;
}

/** Sends what the user changed, after a confirmation. */
export async function send(session: Session, text: string): Promise<Refusal | undefined> {
  const { ctx, file, base } = session;
  const edited = variablesIn(text, file.name);
  const local = await resolveReferences(edited, { directory: ctx.world.cwd, allowed: session.allowed }, ctx);
  sayReferences(ctx, edited);
  const ours = [...session.unseen].filter((key) => local.has(key));
  const planFor = (known: readonly Variable[]) =>
    planPush({ local, base: baseOf(base), choice: { ours, theirs: [] }, prune: true, remote: remoteSide(known) });
  for (let known = await ctx.list<Variable>(listEndpoint); ; ) {
    const plan = planFor(known);
    const conflicts = stepsOf(plan, 'conflict').map(({ key }) => key);
    if (conflicts.length > 0) return conflict(session, text, conflicts, remoteSide(known));
    requireSendable(plan);
    if (changesOf(plan).length === 0) return undefined;
    if (session.yes) return apply(session, known, plan);
    await confirm(session, plan);
    known = await ctx.list<Variable>(listEndpoint);
    if (samePlan(planFor(known), plan)) return apply(session, known, plan);
    ctx.progress.warn('Variables were changed at Deploynix meanwhile. Nothing was sent.');
  }
}

async function confirm({ ctx, targets: { site, server } }: Session, plan: Plan): Promise<void> {
  const steps = changesOf(plan);
  for (const line of planLines({ steps })) ctx.progress.note(line);
  if (!(await ctx.ask.confirm(`Update ${counted(steps.length)} of ${site.label} (${server.label})?`))) throw cancelled();
}

/** Sends a plan. What was sent is the base of another attempt. */
async function apply({ ctx, targets, base, sent }: Session, known: readonly Variable[], plan: Plan): Promise<Refusal | undefined> {
  const applied = await applyPlan(ctx, targets, known, plan);
  sent.push(...applied.done);
  for (const { key, value } of applied.done) setOrDelete(base, key, value);
  const error = failureOf(applied);
  return error && { error };
}

/** The refusal of changes to variables that also changed at Deploynix. Whoever edits again sees the other values. */
function conflict({ base, unseen }: Session, text: string, keys: readonly string[], remote: Side): Refusal {
  for (const key of keys) {
    const there = remote.get(key);
    if (there === UNKNOWN) unseen.add(key);
    else setOrDelete(base, key, there);
  }
  const error = new DnxError('differences', `Also changed at Deploynix: ${keys.join(', ')}. Nothing was sent.`, {
    hint: 'Run the command again.',
  });
  return { error, revised: withConflicts(text, keys, remote) };
}

function setOrDelete(values: Map<string, string>, key: string, value: string | undefined): void {
  if (value === undefined) values.delete(key);
  else values.set(key, value);
}
