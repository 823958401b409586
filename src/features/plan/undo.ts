import { DnxError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { isMask, wordOf } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { message } from '../../cli/output/view.ts';
import { writePlan } from '../../cli/plan/dry-run.ts';
import { abilitiesOf, type Plan } from '../../cli/plan/plan.ts';
import { changeTitle, planView } from '../../cli/plan/show.ts';
import { hasMask, inverseOf, irreversibleUndo } from '../../cli/plan/undo.ts';
import { openVault, whyUnkept } from '../../cli/plan/vault.ts';
import { truthy } from '../../machine/env.ts';
import { isSame } from '../../platform/names/match.ts';
import { createdBy, isDone as isAsWanted, operations } from '../../platform/operations.ts';
import type { Remains } from './compare.ts';
import { openPast, type Past, readHistory, runWith, type SentChange, type SentRun, settle } from './past.ts';
import type { PlanMaterial } from './send.ts';

/** `redo` takes back what `undo` did. */
type Direction = 'undo' | 'redo';

type UndoOptions = Given<{
  id: string;
  dry_run: boolean;
  out: string;
  in_flight: 'done' | 'send';
  confirm: readonly string[];
  timeout: number;
}>;

/** `dnx undo` and `dnx redo`: take back what a command changed, as a plan like any other. */
export async function undo(ctx: Context, direction: Direction, options: UndoOptions, consent: GivenConsent) {
  const { id, dry_run, out, in_flight, confirm, timeout } = options;
  if (out !== undefined && !dry_run) throw usage('--out needs --dry-run.');
  if (truthy(ctx.world.env.DNX_NO_HISTORY) && !ctx.settings.session)
    throw usage(`dnx ${direction} needs the history.`, 'Unset DNX_NO_HISTORY.');
  const reader = await openReader(ctx, direction, options);
  const { run, steps, kept } = id === undefined ? lastRun(reader) : namedRun(reader, id);
  const word = direction === 'undo' ? 'undone' : 'redone';
  if (steps.every(({ isDone }) => isDone)) return { view: message(`${run.id} was already ${word}.`, []) };
  for (const { title, why } of kept) ctx.progress.warn(`Stays: ${title}. ${why}`);
  const incomplete: string[] = [];
  const material: PlanMaterial = {
    bodies: steps.map(({ body }) => body),
    left: steps.map(({ left }) => left),
    done: steps.map(({ isDone }) => isDone),
    answered({ change: { call }, body = {}, title }, answer) {
      if (!createdBy(call) || !isObject(answer)) return;
      const { secrets = [] } = operations[call] ?? {};
      const lost = Object.keys(body).filter((field) => !secrets.includes(field) && !isSame(body[field], answer[field]));
      if (lost.length === 0) return;
      incomplete.push(title);
      ctx.progress.warn(`${title.slice(2)}: Deploynix did not take: ${lost.join(', ')}.`);
    },
  };
  const line = [direction, run.id];
  const text = [direction, ...steps.map(({ change }) => `${change.line.run}/${change.line.n}`)].join(' ');
  const sending = { check: dry_run, allow_file: undefined, allow_op: undefined, in_flight, confirm, wait: undefined, timeout };
  const [{ applyPlan }, { openApplication }] = await Promise.all([import('./apply.ts'), import('./application.ts')]);
  const application = await openApplication(ctx, text, sending);
  const result = await applyPlan(ctx, { plan: planOf(ctx, steps), application, preview: '--dry-run', material }, sending, consent);
  if (dry_run) return previewed(ctx, line, steps, out);
  if (result.exit || kept.length + incomplete.length === 0) return result;
  return { ...result, exit: new DnxError('partial', `Only a part of ${run.id} was ${word}.`) };
}

function planOf({ settings: { host } }: Context, steps: readonly Step[]): Plan {
  const changes = steps.map(({ inverse }) => inverse);
  return { version: 1, host, changes, consent: { level: 'moderate', confirm: null }, abilities: abilitiesOf(changes), about: [] };
}

function previewed(ctx: Context, line: readonly string[], steps: readonly Step[], out: string | undefined) {
  const left = steps.filter(({ isDone }) => !isDone);
  const plan = planOf(ctx, left);
  if (out !== undefined && plan.changes.some(({ body }) => hasMask(body)))
    throw usage('A plan holds no secrets, so this cannot be saved as one.', `Use dnx ${line.join(' ')}.`);
  if (out !== undefined) writePlan(out, plan, ctx);
  const next = out === undefined ? [] : [{ command: ['apply', out], why: 'Apply this plan with' }];
  return { view: planView(plan, ctx.nameOf, { each: [], whole: [] }), note: 'Nothing was changed.', next };
}

type Step = Exclude<ReturnType<typeof stepOf>, string>;

/** The history, and what is needed to read its secrets. A text as `vault` says why there is none. */
type Reader = Awaited<ReturnType<typeof openReader>>;

async function openReader(ctx: Context, direction: Direction, { in_flight, dry_run: isDry = false }: UndoOptions) {
  const runs = readHistory(ctx);
  const needsVault = runs.some(({ changes }) => changes.some(({ line: { change } }) => hasMask(change.body) || hasMask(change.before)));
  const found = needsVault ? await openVault(ctx) : { why: '' };
  const vault = 'why' in found ? found.why : found;
  const unkept = needsVault ? await whyUnkept(ctx) : undefined;
  return { ctx, direction, in_flight, isDry, runs, past: openPast(runs), vault, unkept };
}

const impossible = (message: string, more: ConstructorParameters<typeof DnxError>[2] = {}): DnxError =>
  new DnxError('failed', message, { ...more, reason: 'undo_impossible' });

/** The run with this id, which may also be that of its undo. */
function namedRun(reader: Reader, word: string) {
  const { ctx, direction, runs, past } = reader;
  const named = runWith(runs, word);
  const base = past.baseOf(named);
  if (base !== named && direction === 'undo' && isUndo(reader, named))
    throw usage(`${named.id} is an undo of ${base.id}.`, undefined, { command: ['redo', base.id], why: 'To make that change again' });
  const { host, profile } = ctx.settings;
  if (base.host !== host || base.profile !== profile) {
    const origin = base.host === host ? `with profile ${base.profile}` : `at ${base.host}, not at ${host}`;
    throw usage(`${base.id} was made ${origin}.`, `Use --profile ${base.profile}.`);
  }
  const inverse = inverseOfRun(reader, base);
  if (inverse.steps.length > 0) return inverse;
  if (direction === 'redo') throw impossible(`${base.id} was not undone.`);
  const [first] = inverse.kept;
  if (!first) throw impossible(`${base.id} failed, so there is nothing to undo.`, { details: [] });
  throw impossible(`${base.id} cannot be undone: ${first.why}`, { details: [['change', first.title]] });
}

function isUndo({ runs }: Pick<Reader, 'runs'>, run: SentRun): boolean {
  const parent = runs.slice(runs.indexOf(run) + 1).find(({ id }) => id === run.undoes);
  return parent !== undefined && !isUndo({ runs }, parent);
}

/** The last run that has its effect, or of a redo, the one that was undone last. What cannot be taken back is skipped, and said. */
function lastRun(reader: Reader) {
  const { ctx, direction, past } = reader;
  /** The skipped run that last changed what has this id: going further back would lose that. */
  const skipped = new Map<string, string>();
  let reason: string | undefined;
  for (const run of candidatesIn(reader)) {
    const inverse = inverseOfRun(reader, run);
    if (inverse.steps.some(({ isDone }) => !isDone)) {
      const overwritten = run.changes.find((change) => skipped.has(targetNow(past, change)));
      if (!overwritten) return inverse;
      skip(ctx, run, `${titleOf(ctx, overwritten)}. ${skipped.get(targetNow(past, overwritten))} changed it since.`);
      continue;
    }
    const [first] = inverse.kept;
    if (inverse.steps.length > 0 || !first) continue;
    reason ??= first.why;
    if (direction === 'redo') continue;
    skip(ctx, run, `${first.title}. ${first.why}`);
    for (const change of run.changes)
      if (change.outcome === 'applied' && change.line.change.call.startsWith('PUT ')) skipped.set(targetNow(past, change), run.id);
  }
  if (reason !== undefined) throw impossible(`Nothing to ${direction}: ${reason}`);
  throw new DnxError('not_found', `Nothing to ${direction}.`, { next: [{ command: ['history'], why: 'See' }] });
}

const skip = ({ progress }: Context, run: SentRun, why: string): void => progress.note(`Skipped ${run.id}: ${why}`);

const targetNow = (past: Past, { created, line }: SentChange): string =>
  past.idNow(created ?? Object.values(line.change.targets).at(-1)?.id ?? '');

/** What starts a session creates a token and revokes it. */
const SESSION = /^(agent run|token lease)$/;

/** The runs of this host, profile and session that an undo or redo may be about, the latest first. */
function* candidatesIn({ ctx, direction, runs, past }: Reader): Generator<SentRun> {
  const { host, profile, session } = ctx.settings;
  const isOriginal = (run: SentRun) => run.undoes === null || (past.baseOf(run) === run && runs.some(({ id }) => id === run.undoes));
  const ours = runs.filter((run) => run.host === host && run.profile === profile && (!session || run.session === session.name));
  const bases = direction === 'undo' ? ours.filter(isOriginal) : ours.filter(({ undoes }) => undoes !== null).map(past.baseOf);
  for (const run of new Set(bases)) {
    const words = run.words.slice(0, 2).join(' ');
    if (!SESSION.test(words)) yield run;
    else if (direction === 'undo') skip(ctx, run, `dnx ${words}. A session is not undone.`);
  }
}

/** How the changes of a run are taken back: of an undo the last one first. What cannot be is kept. Fails if nobody knows what it changed. */
function inverseOfRun(reader: Reader, run: SentRun) {
  const { ctx, direction, past } = reader;
  if (run.lost > 0)
    throw impossible(`${run.id} cannot be undone: ${run.lost} of its changes ${run.lost === 1 ? 'is' : 'are'} no longer in the history.`);
  const applied = run.changes.map((change) => settled(reader, change)).filter(({ outcome }) => outcome === 'applied');
  const steps: Step[] = [];
  const kept: { title: string; why: string }[] = [];
  for (const base of direction === 'undo' ? applied.toReversed() : applied) {
    // Every second change of a chain has the effect of the first.
    const chain = past.chainOf(base);
    const at = chain.findLastIndex((_, index) => index % 2 === (direction === 'undo' ? 0 : 1));
    const change = chain[at];
    if (!change) continue;
    const step = stepOf(reader, change, at < chain.length - 1);
    const keep = (why: string) => kept.push({ title: titleOf(ctx, change), why });
    if (typeof step === 'string') keep(step);
    else steps.push(step);
    if (typeof step !== 'string' && step.lost && !step.isDone) keep(`dnx does not know how to bring back: ${step.lost.join(', ')}.`);
  }
  return { run, steps, kept };
}

/** A change whose outcome is known, if only by --in-flight. */
function settled({ ctx, in_flight, isDry }: Reader, change: SentChange): SentChange {
  if (change.outcome !== 'unknown') return change;
  if (in_flight === undefined)
    throw new DnxError('differences', `It is unknown whether this was performed: ${titleOf(ctx, change)}`, {
      reason: 'change_unknown',
      hint: `Check it, and run this again with --in-flight done if it was, or --in-flight send if it was not. Nothing was changed.`,
    });
  const wasDone = in_flight === 'done';
  if (!isDry) settle(ctx, change, wasDone ? null : false);
  return { ...change, outcome: wasDone ? 'applied' : 'failed' };
}

const titleOf = ({ nameOf }: Context, { line }: SentChange): string => changeTitle(line.change, nameOf).slice(2);

/** How a change is taken back, or why it cannot be. */
function stepOf(reader: Reader, change: SentChange, isDone: boolean) {
  const { past, unkept } = reader;
  const { line, answer } = change;
  const { call, body } = line.change;
  const created = change.created === null ? null : past.idNow(change.created);
  const last = past.lastOf(targetNow(past, change));
  if (!isDone && last && last !== change && last.line.change.call.startsWith('DELETE ')) return `It was deleted by ${last.line.run}.`;
  const secrets = secretsOf(reader, line);
  // Our own later changes count as known. A value that is as it was sent is not overwritten, whatever else was updated.
  const { updated_at, ...others } = { ...answer, updated_at: last?.answer?.updated_at };
  const isTimed = updated_at !== undefined && !(secrets.hasHashes && call.startsWith('PUT '));
  const known = { ...others, ...(isTimed && { updated_at }) };
  const found = inverseOf(line.change, { created, answer: known, secret: secrets.missing });
  if (typeof found === 'string') return found;
  const { lost, ...inverse } = found;
  const targets = Object.fromEntries(
    Object.entries(inverse.targets).map(([noun, target]) => [noun, { ...target, id: target.id === null ? null : past.idNow(target.id) }]),
  );
  const isAction = call.startsWith('POST ') && !createdBy(call);
  const remains: Remains = {
    status: answer?.status,
    hasSecret: secrets.isAsSent,
    isAsLeft: (target) => (isAction ? isAsWanted(call, body, target) : undefined),
  };
  return {
    change,
    inverse: { ...inverse, targets, undo: irreversibleUndo(inverse, () => unkept), undoes: { run: line.run, n: line.n } },
    body: isObject(inverse.body) ? secrets.unmasked(inverse.body) : undefined,
    left: remains,
    isDone,
    /** The fields that it does not bring back. */
    lost,
  };
}

/** The secrets of a line of the history, as far as they can be read. */
function secretsOf({ vault }: Reader, line: SentChange['line']) {
  const opened = typeof vault === 'string' ? undefined : vault;
  const values = (line.sealed !== undefined && opened?.open(line, line.sealed)) || undefined;
  const why =
    line.sealed === undefined
      ? (line.change.undo ?? 'Its value was not kept.')
      : `Its value cannot be read: ${typeof vault === 'string' ? vault : 'the key or the history is another one.'}`;
  return {
    hasHashes: line.hashes !== undefined && opened !== undefined,
    missing: (field: string) => (values && field in values ? undefined : why),
    isAsSent(field: string, value: unknown): boolean | undefined {
      const hash = line.hashes?.[field];
      return hash === undefined || !opened ? undefined : opened.hash(line, field, wordOf(value)) === hash;
    },
    /** A body with the kept values in place of masks. */
    unmasked: (body: JsonObject): JsonObject =>
      Object.fromEntries(
        Object.entries(body).map(([field, value]) => [field, isMask(value) && values && field in values ? values[field] : value]),
      ),
  };
}
