import { DnxError, isError, isStop, usage } from '../../../base/errors.ts';
import type { GivenConsent } from '../../../cli/language/command.ts';
import type { Given } from '../../../cli/language/options.ts';
import { message, record } from '../../../cli/output/view.ts';
import { keepPrivateFile } from '../../../machine/files/private-directory.ts';
import { readText } from '../../../machine/files/text-file.ts';
import type { Located } from '../../../platform/names/names.ts';
import { consentToSend } from '../dangers.ts';
import { type DeployOptions, deployIfWanted, nothingDeployed, refuseWithoutDeploy } from '../deploy-after.ts';
import { checkHolds, formatDotenv, parseDotenv } from '../dotenv/dotenv.ts';
import { dotenvEntries, isDotenvComment, lineAt } from '../dotenv/entries.ts';
import { resolveReferences, sayReferences } from '../references.ts';
import { applyFailure, applySteps, remoteSide, requireSendable } from '../remote.ts';
import { commandFor, countedVariables, stepDetails, stepLines, summaryColumns, summaryOf } from '../sync/show.ts';
import { baseOf, changingSteps, pushSteps, type Side, type SyncStep, type SyncSteps, sameSteps, stepsOf, UNKNOWN } from '../sync/steps.ts';
import { nextDeploy, type SiteVariable, type SyncingContext, variablesEndpoint } from '../variables.ts';
import { openEditor, type PrivateFile, removeLeftFiles, withPrivateFile } from './editor.ts';

interface EditSession {
  readonly ctx: SyncingContext;
  readonly targets: Located;
  /** The name of the file in messages. */
  readonly name: string;
  readonly draft: Draft;
  readonly consent: GivenConsent;
  /** Files outside of the project that references may read. */
  readonly allowed: readonly string[];
  readonly base: Map<string, string>;
  /** Variables with values that the user could not see, but may set. */
  readonly unseen: Set<string>;
  readonly sent: SyncStep[];
  asked: boolean;
}

/** Why the changes were not sent, and the text that helps to decide about conflicts. */
interface NotSent {
  readonly error: DnxError;
  readonly revised?: string;
}

/** `dnx env edit`: opens the variables in an editor and sends what was changed. */
export async function editVariables(
  ctx: SyncingContext,
  targets: Located,
  options: DeployOptions & Given<{ allow_file: readonly string[] }>,
  consent: GivenConsent,
) {
  const { allow_file: allowed = [], ...deploying } = options;
  refuseWithoutDeploy(deploying);
  removeLeftFiles(ctx);
  const { site } = targets;
  const draft = draftOf(remoteSide(await ctx.list<SiteVariable>(variablesEndpoint)), targets);
  const name = `${harmless(site.label).replaceAll('?', '-')}.env`;
  const unseen = new Set([...draft.hidden, ...draft.unwritable]);
  const sent: SyncStep[] = [];
  const session: EditSession = { ctx, targets, name, draft, consent, allowed, base: new Map(draft.base), unseen, sent, asked: false };
  const failure = await withPrivateFile(ctx, name, draft.text, (file) => editUntilSent(session, file));
  // The file is gone before a deployment, which takes minutes.
  const { added, changed, removed } = summaryOf(site.label, '', sent);
  const summary = { site: site.label, added, changed, removed };
  if (failure) return { view: record(summary, columns), exit: failure };
  const unchanged = 'Nothing changed.';
  if (sent.length === 0) return deploying.deploy ? nothingDeployed(unchanged, summary) : { view: message(unchanged, summary) };
  const sentence = `Updated ${countedVariables(sent.length)} of ${site.label}`;
  const deployed = await deployIfWanted(ctx, targets, deploying, { sentence, asked: session.asked, variables: summary });
  return deployed ?? { view: record(summary, columns, sentence, stepDetails(sent, 'past')), next: nextDeploy(ctx, targets) };
}

const columns = summaryColumns.filter(({ key }) => ['site', 'added', 'changed', 'removed'].includes(key));

/** Opens the editor until the changes are sent, and keeps what a user changed who then gives up. Returns why only some were sent. */
async function editUntilSent(session: EditSession, file: PrivateFile): Promise<DnxError | undefined> {
  const kept = <E>(error: E) =>
    session.ctx.ask.allowed && isError(error, 'cancelled', 'interrupted') ? withDraft(error, session, file) : error;
  try {
    return kept(await editAgain(session, file));
  } catch (error) {
    throw kept(error);
  }
}

function withDraft(error: DnxError, { draft, targets }: EditSession, { path }: PrivateFile): DnxError {
  const text = readText(path);
  if (text === undefined || text === draft.text || text.split(/[\r\n]+/).every(isDotenvComment)) return error;
  const kept = keepPrivateFile(path);
  return error.withHint(`Your draft is kept for a day, for you alone: ${kept}`, ...error.next, {
    command: commandFor('push', kept, targets),
    why: 'Send it with',
  });
}

async function editAgain(session: EditSession, { path, write }: PrivateFile): Promise<DnxError | undefined> {
  const { ctx, draft, base, sent } = session;
  for (;;) {
    const opened = ctx.clock.elapsed();
    await openEditor(ctx, path);
    const text = readText(path);
    if (text === undefined) throw gaveUp(session, 'The file is gone');
    if (text === draft.text) {
      if (ctx.ask.allowed && ctx.clock.elapsed() - opened < QUICK_MS) ctx.progress.note(WAIT);
      return undefined;
    }
    if (base.size > 0 && text.split(/[\r\n]+/).every(isDotenvComment)) throw gaveUp(session, 'The file is empty');
    const failed = await sendEdited(session, text).catch((error: unknown): NotSent => {
      if (isError(error)) return { error };
      throw error;
    });
    if (!failed) return undefined;
    const { error, revised } = failed;
    const isOver = !ctx.ask.allowed || isStop(error);
    if (isOver && sent.length === 0) throw error;
    if (isOver) return error;
    if (error.code !== 'cancelled') ctx.progress.failed(error.message, error.details);
    if (!(await ctx.ask.confirm('Edit again?', true))) throw gaveUp(session);
    if (revised !== undefined) write(revised);
  }
}

/** An editor that ends sooner probably opened the file in another window. */
const QUICK_MS = 1_000;
const WAIT = 'If the editor is still open, tell it to wait, as in EDITOR="code --wait".';

function gaveUp({ ctx, sent, targets }: EditSession, why = 'Cancelled'): DnxError {
  if (sent.length === 0) return new DnxError('cancelled', `${why}; nothing was changed.`);
  const already = `${countedVariables(sent.length)} ${sent.length === 1 ? 'was' : 'were'} already changed`;
  return new DnxError('cancelled', `${why}; ${already}.`, { details: stepDetails(sent, 'past'), next: nextDeploy(ctx, targets) });
}

async function sendEdited(session: EditSession, text: string): Promise<NotSent | undefined> {
  const { ctx, base, name } = session;
  const { site, server } = session.targets;
  const edited = variablesIn(text, name);
  const local = await resolveReferences(edited, { directory: ctx.world.cwd, allowed: session.allowed }, ctx);
  sayReferences(ctx, edited);
  const ours = [...session.unseen].filter((key) => local.has(key));
  const planFor = (known: readonly SiteVariable[]) =>
    pushSteps({ local, base: baseOf(base), choice: { ours, theirs: [] }, prune: true, remote: remoteSide(known) });
  for (let known = await ctx.list<SiteVariable>(variablesEndpoint); ; ) {
    const sync = planFor(known);
    const conflicts = stepsOf(sync, 'conflict').map(({ key }) => key);
    if (conflicts.length > 0) return conflict(session, text, conflicts, remoteSide(known));
    requireSendable(sync);
    const changes = changingSteps(sync);
    if (changes.length === 0) return undefined;
    const asked = await consentToSend(ctx, session.targets, {
      changes,
      remote: remoteSide(known),
      consent: session.consent,
      ask: {
        lines: stepLines({ steps: changes }),
        question: `Update ${countedVariables(changes.length)} of ${site.label} (${server.label})?`,
      },
    });
    if (!asked) return apply(session, known, sync);
    session.asked = true;
    known = await ctx.list<SiteVariable>(variablesEndpoint);
    if (sameSteps(planFor(known), sync)) return apply(session, known, sync);
    ctx.progress.warn('Variables were changed at Deploynix meanwhile. Nothing was sent.');
  }
}

async function apply({ ctx, targets, base, sent }: EditSession, known: readonly SiteVariable[], sync: SyncSteps) {
  const applied = await applySteps(ctx, targets, known, sync);
  sent.push(...applied.done);
  for (const { key, value } of applied.done) setOrDelete(base, key, value);
  const error = applyFailure(applied);
  return error && { error };
}

/** The refusal of changes to variables that also changed at Deploynix. Whoever edits again sees the other values. */
function conflict({ base, unseen }: EditSession, text: string, keys: readonly string[], remote: Side): NotSent {
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

type Draft = ReturnType<typeof draftOf>;

/** Writes the variables of a site for an editor. Those that Deploynix hides, or a dotenv file cannot hold, are kept. */
function draftOf(remote: Side, { site, server }: Located) {
  const base = new Map<string, string>();
  const [hidden, unwritable]: [string[], string[]] = [[], []];
  for (const [key, value] of remote) {
    if (!holds(key, value === UNKNOWN ? '' : value)) unwritable.push(key);
    else if (value === UNKNOWN) hidden.push(key);
    else base.set(key, value);
  }
  const lines = [
    `Environment variables of ${harmless(site.label)} on ${harmless(server.label)}`,
    'Values are quoted as in any .env file. Remove a line to remove its variable.',
    'To cancel, leave the file as it is, or empty it.',
    ...(hidden.length > 0 ? [`Deploynix hides these; they stay unless you set them: ${hidden.map(harmless).join(' ')}`] : []),
    ...(unwritable.length > 0 ? [`These cannot be edited here, and stay: ${unwritable.map(harmless).join(' ')}`] : []),
  ];
  return { text: `${comment(lines)}\n${formatDotenv(base)}`, base, hidden, unwritable };
}

/** Reads an edited file. Throws a usage error that names the line. */
export function variablesIn(text: string, name: string) {
  const lines = new Map<string, number>();
  for (const { key, start, value } of dotenvEntries(text, name)) {
    const line = lineAt(text, start);
    if (value === undefined) throw usage(`${name} line ${line}: ${key} has no value. Write ${key}= for an empty one.`);
    const first = lines.get(key);
    if (first !== undefined) throw usage(`${name} line ${line}: ${key} is set twice, first in line ${first}.`);
    lines.set(key, line);
  }
  return parseDotenv(text, name);
}

function withConflicts(text: string, keys: readonly string[], remote: Side): string {
  let result = text;
  for (const key of keys) {
    const entry = [...dotenvEntries(result)].find((item) => item.key === key);
    const at = entry?.start ?? result.length;
    const start = at > 0 && !/[\r\n]$/.test(result.slice(0, at)) ? '\n' : '';
    result = `${result.slice(0, at)}${start}${comment(conflictLines(key, remote.get(key), entry !== undefined))}${result.slice(at)}`;
  }
  return result;
}

function conflictLines(key: string, there: string | typeof UNKNOWN | undefined, kept: boolean): readonly string[] {
  if (there === undefined) return [`${key} was removed at Deploynix. Save to add it again.`];
  const outcome = kept ? 'Save to overwrite it.' : 'You removed it; save to remove it there, too.';
  if (there === UNKNOWN || !holds(key, there)) return [`${key} was changed at Deploynix. ${outcome}`];
  return [`${key} was changed at Deploynix, as below. ${outcome}`, formatDotenv(new Map([[key, there]])).trimEnd()];
}

const comment = (lines: readonly string[]): string => lines.map((line) => `# ${line}\n`).join('');

/** A key or name for a comment, which phpdotenv searches for quotes and line breaks. */
export const harmless = (name: string): string => name.replace(/[^\p{L}\p{N}\p{M}_.-]/gu, '?');

function holds(key: string, value: string): boolean {
  try {
    checkHolds(key, value);
    return true;
  } catch (error) {
    if (isError(error, 'usage')) return false;
    throw error;
  }
}
