import { DnxError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { isMask, wordOf } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { message, type Result } from '../../cli/output/view.ts';
import { writePlan } from '../../cli/plan/dry-run.ts';
import { abilitiesOf, type Plan, type PlannedChange } from '../../cli/plan/plan.ts';
import { changeTitle, planView } from '../../cli/plan/show.ts';
import { hasMask, inverseOf, irreversibleUndo } from '../../cli/plan/undo.ts';
import { openVault, type Vault, whyUnkept } from '../../cli/plan/vault.ts';
import { truthy } from '../../machine/env.ts';
import { createdBy, isDone as isAsWanted } from '../../platform/operations.ts';
import type { Left } from './compare.ts';
import { openPast, type Past, readHistory, runWith, type SentChange, type SentRun, settle } from './past.ts';
import type { Undoing } from './send.ts';

/** `redo` takes back what `undo` did. */
type Direction = 'undo' | 'redo';

interface Options {
  readonly id: string | undefined;
  readonly dry_run: boolean | undefined;
  readonly out: string | undefined;
  readonly in_flight: 'done' | 'send' | undefined;
  readonly timeout: number | undefined;
}

/** `dnx undo` and `dnx redo`: take back what a command changed, as a plan like any other. */
export async function undo(ctx: Context, direction: Direction, given: Options, consent: GivenConsent): Promise<Result> {
  const { id, dry_run, out, in_flight, timeout } = given;
  if (out !== undefined && !dry_run) throw usage('--out needs --dry-run.');
  if (truthy(ctx.world.env.DNX_NO_HISTORY) && !ctx.settings.session)
    throw usage(`dnx ${direction} needs the history.`, 'Unset DNX_NO_HISTORY.');
  const reader = await openReader(ctx, direction, given);
  const { run, steps, stays } = id === undefined ? lastRun(reader) : runOf(reader, id);
  const word = direction === 'undo' ? 'undone' : 'redone';
  if (steps.every(({ isDone }) => isDone)) return { view: message(`${run.id} was already ${word}.`, { applied: true, changes: [] }) };
  for (const [title, why] of stays) ctx.progress.warn(`Stays: ${title}. ${why}`);
  const lost: string[] = [];
  const undoing: Undoing = {
    bodies: steps.map(({ body }) => body),
    left: steps.map(({ left }) => left),
    done: steps.map(({ isDone }) => isDone),
    lost(title, fields) {
      lost.push(title);
      ctx.progress.warn(`${title.slice(2)}: Deploynix did not take: ${fields.join(', ')}.`);
    },
  };
  const text = [direction, ...steps.map(({ change: { line } }) => `${line.run}/${line.n}`)].join(' ');
  const plan = { plan: planOf(ctx, steps), text, line: [direction, run.id], preview: '--dry-run', undoing } as const;
  const options = { check: dry_run, allow_file: undefined, in_flight, wait: undefined, timeout };
  const result = await (await import('./apply.ts')).applyPlan(ctx, plan, options, consent);
  if (dry_run) return previewed(ctx, [direction, run.id], steps, out);
  if (result.exit || stays.length + lost.length === 0) return result;
  return { ...result, exit: new DnxError('partial', `Only a part of ${run.id} was ${word}.`) };
}

function planOf({ settings: { host } }: Context, steps: readonly Step[]): Plan {
  const changes = steps.map(({ inverse }) => inverse);
  return { version: 1, host, changes, consent: { level: 'moderate', confirm: null }, abilities: abilitiesOf(changes), about: [] };
}

/** What would be sent, saved in `out`. */
function previewed(ctx: Context, line: readonly string[], steps: readonly Step[], out: string | undefined): Result {
  const plan = planOf(
    ctx,
    steps.filter(({ isDone }) => !isDone),
  );
  if (out !== undefined && plan.changes.some(({ body }) => hasMask(body)))
    throw usage('A plan holds no secrets, so this cannot be saved as one.', `Use dnx ${line.join(' ')}.`);
  if (out !== undefined) writePlan(out, plan, ctx);
  const next = out === undefined ? [] : [{ command: ['apply', out], why: 'Apply this plan with' }];
  return { view: planView(plan, ctx.nameOf, { each: [], whole: [] }), note: 'Nothing was changed.', next };
}

/** How a change is taken back. */
interface Step {
  readonly change: SentChange;
  readonly inverse: PlannedChange;
  /** Its body with the secrets that were kept. */
  readonly body: JsonObject | undefined;
  readonly left: Left;
  readonly isDone: boolean;
  /** The fields that it does not bring back. */
  readonly lost: readonly string[] | undefined;
}

/** A run, how its changes are taken back, and those that stay, each with its title and why. */
interface Chosen {
  readonly run: SentRun;
  readonly steps: readonly Step[];
  readonly stays: readonly (readonly [title: string, why: string])[];
}

/** The history, and what is needed to read its secrets. */
interface Reader extends Pick<Options, 'in_flight'> {
  readonly ctx: Context;
  readonly direction: Direction;
  readonly isDry: boolean;
  readonly runs: readonly SentRun[];
  readonly past: Past;
  readonly vault: Vault | string;
  /** Why the secrets that this replaces are not kept. */
  readonly unkept: string | undefined;
}

async function openReader(ctx: Context, direction: Direction, { in_flight, dry_run = false }: Options): Promise<Reader> {
  const runs = readHistory(ctx);
  const needsVault = runs.some(({ changes }) => changes.some(({ line: { change } }) => hasMask(change.body) || hasMask(change.before)));
  const found = needsVault ? await openVault(ctx) : { why: '' };
  const vault = 'why' in found ? found.why : found;
  const unkept = needsVault ? await whyUnkept(ctx) : undefined;
  return { ctx, direction, in_flight, isDry: dry_run, runs, past: openPast(runs), vault, unkept };
}

/** The run with this id, which may also be that of its undo. */
function runOf(reader: Reader, word: string): Chosen {
  const { ctx, direction, runs, past } = reader;
  const named = runWith(runs, word);
  const base = past.baseOf(named);
  if (base !== named && direction === 'undo' && isUndo(reader, named))
    throw usage(`${named.id} is an undo of ${base.id}.`, undefined, { command: ['redo', base.id], why: 'To make that change again' });
  const { host, profile } = ctx.settings;
  if (base.host !== host || base.profile !== profile)
    throw usage(
      base.host === host ? `${base.id} was made with profile ${base.profile}.` : `${base.id} was made at ${base.host}, not at ${host}.`,
      `Use --profile ${base.profile}.`,
    );
  const chosen = chosenOf(reader, base);
  if (chosen.steps.length > 0) return chosen;
  const [stays] = chosen.stays;
  if (direction === 'redo') throw new DnxError('failed', `${base.id} was not undone.`, { reason: 'undo_impossible' });
  throw new DnxError('failed', stays ? `${base.id} cannot be undone: ${stays[1]}` : `${base.id} failed, so there is nothing to undo.`, {
    reason: 'undo_impossible',
    details: stays ? [['change', stays[0]]] : [],
  });
}

/** True for a run that took something back, and was not itself a redo. */
function isUndo({ runs }: Reader, run: SentRun): boolean {
  const parent = runs.slice(runs.indexOf(run) + 1).find(({ id }) => id === run.undoes);
  return parent !== undefined && !isUndo({ runs } as Reader, parent);
}

/** What starts a session creates a token and revokes it. */
const SESSION = /^(agent run|token lease)$/;

/** The last run that has its effect, or of a redo, the one that was undone last. What cannot be taken back is skipped, and said. */
function lastRun(reader: Reader): Chosen {
  const { ctx, direction, runs, past } = reader;
  const { host, profile, session } = ctx.settings;
  const own = runs.filter((run) => run.host === host && run.profile === profile && (!session || run.session === session.name));
  const bases = [
    ...new Set(
      direction === 'undo'
        ? own.filter((run) => run.undoes === null || (past.baseOf(run) === run && runs.some(({ id }) => id === run.undoes)))
        : own.filter(({ undoes }) => undoes !== null).map(past.baseOf),
    ),
  ];
  const skip = (run: SentRun, what: string) => ctx.progress.note(`Skipped ${run.id}: ${what}`);
  let why: string | undefined;
  /** What a skipped run changed: going further back would lose that. */
  const kept = new Map<string, string>();
  const idOf = ({ created, line }: SentChange) => past.idNow(created ?? Object.values(line.change.targets).at(-1)?.id ?? '');
  for (const run of bases) {
    if (SESSION.test(run.words.slice(0, 2).join(' '))) {
      if (direction === 'undo') skip(run, `dnx ${run.words.slice(0, 2).join(' ')}. A session is not undone.`);
      continue;
    }
    const chosen = chosenOf(reader, run);
    const [stays] = chosen.stays;
    if (chosen.steps.some(({ isDone }) => !isDone)) {
      const since = run.changes.find((change) => kept.has(idOf(change)));
      if (!since) return chosen;
      skip(run, `${titleOf(ctx, since)}. ${kept.get(idOf(since))} changed it since.`);
      continue;
    }
    if (chosen.steps.length > 0 || !stays) continue;
    why ??= stays[1];
    if (direction === 'redo') continue;
    skip(run, `${stays[0]}. ${stays[1]}`);
    for (const change of run.changes)
      if (change.outcome === 'applied' && change.line.change.call.startsWith('PUT ')) kept.set(idOf(change), run.id);
  }
  throw why === undefined
    ? new DnxError('not_found', `Nothing to ${direction}.`, { next: [{ command: ['history'], why: 'See' }] })
    : new DnxError('failed', `Nothing to ${direction}: ${why}`, { reason: 'undo_impossible' });
}

/** How the changes of a run are taken back: of an undo the last one first. Fails if nobody knows what it changed. */
function chosenOf(reader: Reader, run: SentRun): Chosen {
  const { ctx, direction, in_flight: answer, isDry, past } = reader;
  if (run.lost > 0)
    throw new DnxError(
      'failed',
      `${run.id} cannot be undone: ${run.lost} of its changes ${run.lost === 1 ? 'is' : 'are'} no longer in the history.`,
      {
        reason: 'undo_impossible',
      },
    );
  const known = run.changes.map((change): SentChange => {
    if (change.outcome !== 'unknown') return change;
    if (answer === undefined)
      throw new DnxError('differences', `It is unknown whether this was performed: ${titleOf(ctx, change)}`, {
        reason: 'change_unknown',
        hint: `Check it, and run this again with --in-flight done if it was, or --in-flight send if it was not. Nothing was changed.`,
      });
    if (!isDry) settle(ctx, change, answer === 'done' ? null : false);
    return { ...change, outcome: answer === 'done' ? 'applied' : 'failed' };
  });
  const steps: Step[] = [];
  const stays: (readonly [string, string])[] = [];
  const applied = known.filter(({ outcome }) => outcome === 'applied');
  for (const base of direction === 'undo' ? applied.toReversed() : applied) {
    const chain = past.chainOf(base);
    const parity = direction === 'undo' ? 0 : 1;
    const at = chain.findLastIndex((_, index) => index % 2 === parity);
    const change = chain[at];
    if (!change) continue;
    const step = stepOf(reader, change, at < chain.length - 1);
    if (typeof step === 'string') stays.push([titleOf(ctx, change), step]);
    else steps.push(step);
    if (typeof step !== 'string' && step.lost && !step.isDone)
      stays.push([titleOf(ctx, change), `dnx does not know how to bring back: ${step.lost.join(', ')}.`]);
  }
  return { run, steps, stays };
}

const titleOf = ({ nameOf }: Context, { line }: SentChange): string => changeTitle(line.change, nameOf).slice(2);

/** How a change is taken back, or why it cannot be. */
function stepOf({ past, vault, unkept }: Reader, change: SentChange, isDone: boolean): Step | string {
  const { line, created, answer } = change;
  const kept = typeof vault === 'string' || line.sealed === undefined ? undefined : vault.open(line, line.sealed);
  const missing =
    line.sealed === undefined
      ? (line.change.undo ?? 'Its value was not kept.')
      : `Its value cannot be read: ${typeof vault === 'string' ? vault : 'the key or the history is another one.'}`;
  const secret = (field: string) => (kept && field in kept ? undefined : missing);
  const id = created === null ? null : past.idNow(created);
  // Our own later changes count as known.
  const last = past.lastOf(id ?? past.idNow(Object.values(line.change.targets).at(-1)?.id ?? ''));
  if (!isDone && last && last !== change && last.line.change.call.startsWith('DELETE ')) return `It was deleted by ${last.line.run}.`;
  const { updated_at, ...left } = { ...answer, updated_at: last?.answer?.updated_at };
  const isHashed = line.hashes !== undefined && typeof vault !== 'string';
  // A value that is as it was sent is not overwritten, whatever else was updated.
  const isTimed = updated_at !== undefined && !(isHashed && line.change.call.startsWith('PUT '));
  const found = inverseOf(line.change, { created: id, answer: { ...left, ...(isTimed && { updated_at }) }, secret });
  if (typeof found === 'string') return found;
  const { lost, ...inverse } = found;
  const targets = Object.fromEntries(
    Object.entries(inverse.targets).map(([noun, target]) => [noun, { ...target, id: target.id === null ? null : past.idNow(target.id) }]),
  );
  const hasSecret = (field: string, value: unknown) => {
    const hash = line.hashes?.[field];
    return hash === undefined || typeof vault === 'string' ? undefined : vault.hash(line, field, wordOf(value)) === hash;
  };
  const isAction = line.change.call.startsWith('POST ') && !createdBy(line.change.call);
  const body = isObject(inverse.body) ? { ...inverse.body, ...(kept && maskedOf(inverse.body, kept)) } : undefined;
  return {
    change,
    inverse: { ...inverse, targets, undo: irreversibleUndo(inverse, () => unkept), undoes: { run: line.run, n: line.n } },
    body,
    left: {
      status: answer?.status,
      hasSecret,
      isAsLeft: (target) => (isAction ? isAsWanted(line.change.call, line.change.body, target) : undefined),
    },
    isDone,
    lost,
  };
}

/** The kept values of the fields that are masked. */
const maskedOf = (body: JsonObject, kept: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(body).flatMap(([field, value]) => (isMask(value) && field in kept ? [[field, kept[field]]] : [])));
