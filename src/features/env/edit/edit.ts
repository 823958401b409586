import { cancelled, DnxError, isError, isStop } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { message, type Result, record } from '../../../cli/output/view.ts';
import { readText } from '../../../machine/files/text-file.ts';
import type { Located } from '../../../platform/names/names.ts';
import { changedAnd, type Deploying, deployAfter, refuseWithoutDeploy } from '../deploy-after.ts';
import { isComment } from '../dotenv/entries.ts';
import { resolveReferences, sayReferences } from '../references.ts';
import { remoteSide } from '../remote.ts';
import { applyPlan, failureOf, requireSendable } from '../sync/apply.ts';
import { baseOf, changesOf, type Plan, planPush, type Side, type Step, samePlan, stepsOf, UNKNOWN } from '../sync/plan.ts';
import { counted, detailsOf, planLines, summaryColumns, summaryOf } from '../sync/show.ts';
import { type createEndpoint, type deleteEndpoint, listEndpoint, nextDeploy, type updateEndpoint, type Variable } from '../variables.ts';
import { type Draft, draftOf, harmless, variablesIn, withConflicts } from './draft.ts';
import { openEditor, removeLeftFiles, withPrivateFile } from './editor.ts';

interface Options extends Deploying {
  readonly allow_file: readonly string[] | undefined;
}

/** `dnx env edit`: opens the variables in an editor and sends what was changed. */
export async function edit(ctx: EditContext, targets: Located, { allow_file = [], ...deploying }: Options, yes: boolean): Promise<Result> {
  refuseWithoutDeploy(deploying);
  removeLeftFiles(ctx);
  const { site } = targets;
  const draft = draftOf(remoteSide(await ctx.list<Variable>(listEndpoint)), targets);
  const name = `${harmless(site.label).replaceAll('?', '-')}.env`;
  const { sent, failure } = await withPrivateFile(ctx, name, draft.text, ({ path, write }) =>
    editUntilSent(ctx, targets, { path, name, draft, write }, { yes, allowed: allow_file }),
  );
  // The file is gone before a deployment, which takes minutes.
  const summary = changesIn(site.label, sent);
  if (failure) return { view: record(summary, columns), exit: failure };
  if (sent.length === 0) return unchanged(site.label, deploying);
  const done = `Updated ${counted(sent.length)} of ${site.label}`;
  if (await wantsDeployment(ctx, deploying, yes, done)) {
    ctx.progress.succeeded(done);
    return deployAfter(ctx, targets, deploying, summary);
  }
  return { view: record(summary, columns, done, detailsOf(sent, 'past')), next: nextDeploy(site) };
}

/** The keys that were changed, for scripts. */
function changesIn(site: string, steps: readonly Step[]) {
  const { added, changed, removed } = summaryOf(site, '', steps);
  return { site, added, changed, removed };
}

const columns = summaryColumns.filter(({ key }) => ['site', 'added', 'changed', 'removed'].includes(key));

function unchanged(site: string, { deploy }: Deploying): Result {
  const summary = changesIn(site, []);
  return {
    view: message('Nothing changed.', deploy ? changedAnd(summary, null) : summary),
    ...(deploy && { note: 'Nothing was deployed.' }),
  };
}

/** Asks whether to deploy, unless an option says so. */
async function wantsDeployment({ ask }: EditContext, { deploy }: Deploying, yes: boolean, done: string): Promise<boolean> {
  if (deploy !== undefined) return deploy;
  return ask.allowed && !yes && ask.confirm(`${done}. Deploy now?`);
}

/** What was sent, and why not all of it. */
export interface Sent {
  readonly sent: readonly Step[];
  readonly failure?: DnxError;
}

/** Opens the editor until the changes are sent or the user gives up. */
export async function editUntilSent(
  ctx: EditContext,
  targets: Located,
  file: EditedFile,
  { yes, allowed }: Pick<Session, 'yes' | 'allowed'>,
): Promise<Sent> {
  const { base, hidden, unwritable } = file.draft;
  const session: Session = { ctx, targets, file, yes, allowed, base: new Map(base), unseen: new Set([...hidden, ...unwritable]), sent: [] };
  const { sent } = session;
  for (;;) {
    const opened = ctx.clock.elapsed();
    await openEditor(ctx, file.path);
    const text = readText(file.path);
    if (text === undefined) throw gaveUp(session, 'The file is gone');
    if (text === file.draft.text) {
      if (ctx.ask.allowed && ctx.clock.elapsed() - opened < QUICK_MS) ctx.progress.note(WAIT);
      return { sent };
    }
    if (base.size > 0 && text.split(/[\r\n]+/).every(isComment)) throw gaveUp(session, 'The file is empty');
    const refusal = await send(session, text).catch((error: unknown) => {
      if (isError(error)) return { error };
      throw error;
    });
    if (!refusal) return { sent };
    if (!ctx.ask.allowed || isStop(refusal.error)) {
      if (sent.length === 0) throw refusal.error;
      return { sent, failure: refusal.error };
    }
    await askAgain(session, refusal);
  }
}

/** An editor that ends sooner probably opened the file in another window. */
const QUICK_MS = 1_000;
const WAIT = 'If the editor is still open, tell it to wait, as in EDITOR="code --wait".';

/** Shows why the changes were not sent, and returns if the user wants to edit them again. */
async function askAgain(session: Session, { error, revised }: Refusal): Promise<void> {
  const { ask, progress } = session.ctx;
  if (error.code !== 'cancelled') progress.failed(error.message, error.details);
  if (!(await ask.confirm('Edit again?', true))) throw gaveUp(session);
  if (revised !== undefined) session.file.write(revised);
}

/** The error if the user gives up. Earlier attempts may have sent something. */
function gaveUp({ sent, targets: { site } }: Session, why = 'Cancelled'): DnxError {
  if (sent.length === 0) return new DnxError('cancelled', `${why}; nothing was changed.`);
  const already = `${counted(sent.length)} ${sent.length === 1 ? 'was' : 'were'} already changed`;
  return new DnxError('cancelled', `${why}; ${already}.`, { details: detailsOf(sent, 'past'), next: nextDeploy(site) });
}

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
