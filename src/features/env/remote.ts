import { DnxError, isError, isStop, type Next, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { isMask, wordOf } from '../../base/text.ts';
import { created, creationOf } from '../../cli/language/resource.ts';
import type { Reply } from '../../platform/api/api.ts';
import { PAGE_SIZE } from '../../platform/api/pages.ts';
import { type Located, requireId, targetIds } from '../../platform/names/names.ts';
import { isMarkedHidden } from '../../platform/names/spellings.ts';
import { checkHolds } from './dotenv/dotenv.ts';
import { countedVariables, stepDetails } from './sync/show.ts';
import { changingSteps, type Side, type SyncStep, type SyncSteps, UNKNOWN } from './sync/steps.ts';
import {
  createVariableEndpoint,
  deleteVariableEndpoint,
  type SettingContext,
  type SiteVariable,
  updateVariableEndpoint,
  variablesEndpoint,
} from './variables.ts';

/** The variables at Deploynix, without the hidden values. Of two with the same key, the first counts. */
export function remoteSide(variables: readonly unknown[]): Side {
  const side = new Map<string, string | typeof UNKNOWN>();
  for (const variable of variables) {
    if (!isObject(variable) || typeof variable.key !== 'string' || variable.key === '' || side.has(variable.key)) continue;
    side.set(variable.key, valueIn(variable));
  }
  return side;
}

function valueIn(variable: Readonly<Record<string, unknown>>): string | typeof UNKNOWN {
  const { value } = variable;
  if (isMarkedHidden(variable) || value === undefined || typeof value === 'object') return UNKNOWN;
  const text = wordOf(value);
  return isMask(text) ? UNKNOWN : text;
}

/**
 * Creates a variable, or updates the one in `known`. Warns if the API stored another value, such as a trimmed one.
 */
export async function sendVariable(
  ctx: SettingContext,
  targets: Located,
  known: readonly SiteVariable[],
  { key, ...sent }: Readonly<Record<string, unknown>> & { readonly key: string },
): Promise<Reply> {
  const before = known.find((item) => item?.key === key);
  const body = { key, ...sent };
  const reply = await (before
    ? ctx.call(updateVariableEndpoint, { params: { variable: requireId({ id: before.id }, 'variable') }, body: sent, assume: {} })
    : created(ctx, { ...creationOf('variable', variablesEndpoint, targets, body), known }, () =>
        ctx.call(createVariableEndpoint, { body, assume: {} }),
      ));
  const shown = remoteSide([reply.data]).get(key);
  if (typeof shown === 'string' && shown !== wordOf(sent.value))
    ctx.progress.warn(`Deploynix stored another value for ${key} than was sent.`);
  return reply;
}

/** What came of a pull or push. */
export type SyncOutcome = Awaited<ReturnType<typeof applySteps>>;

/** Variables that were read longer ago are read again before the next one is added, in ms per page. */
const STALE_MS = 10_000;

/**
 * Sends the changes, each once. A rejected variable does not stop the others; any other failure does. A variable that somebody
 * changed since they were computed is not sent, so the variables are read again right before one is overwritten. `known`: the list that they were computed from.
 */
export async function applySteps(ctx: SettingContext, targets: Located, known: readonly SiteVariable[], sync: SyncSteps) {
  const changes = changingSteps(sync);
  const planned = remoteSide(known);
  const staleMs = STALE_MS * Math.max(1, Math.ceil(known.length / PAGE_SIZE));
  const done: SyncStep[] = [];
  const failed: { readonly step: SyncStep; readonly error: DnxError }[] = [];
  let [now, readAt] = [known, ctx.clock.elapsed()];
  for (const [index, step] of changes.entries()) {
    ctx.progress.spin(`Sending variable ${index + 1} of ${changes.length}`);
    try {
      // The rate limit may have made this take minutes.
      if (!ctx.recorder && (step.verb !== 'add' || ctx.clock.elapsed() - readAt > staleMs))
        [now, readAt] = [await ctx.list<SiteVariable>(variablesEndpoint), ctx.clock.elapsed()];
      if (remoteSide(now).get(step.key) !== planned.get(step.key))
        throw new DnxError('differences', 'It was changed at Deploynix meanwhile.');
      if (step.verb === 'remove') await removeVariable(ctx, targets, now, step);
      else await sendVariable(ctx, targets, now, { key: step.key, value: step.value });
      done.push(step);
    } catch (error) {
      if (!isError(error)) throw error;
      failed.push({ step, error });
      if (!isError(error, 'invalid', 'not_found', 'differences')) return { done, failed, left: changes.slice(index + 1) };
    }
  }
  return { done, failed, left: [] as readonly SyncStep[] };
}

async function removeVariable({ api }: SettingContext, targets: Located, known: readonly SiteVariable[], { key }: SyncStep): Promise<void> {
  const before = known.find((item) => item?.key === key);
  if (!before) return;
  const ids = { ...targetIds(targets), variable: requireId({ id: before.id }, 'variable') };
  await api.send(deleteVariableEndpoint, ids, { assume: {} }).catch((error: unknown) => {
    // Somebody else may remove it first.
    if (!isError(error, 'not_found')) throw error;
  });
}

/** The error if only some changes were sent: which were, which were not and why. `again` sends the rest. */
export function applyFailure({ done, failed, left }: SyncOutcome, again: readonly Next[] = []): DnxError | undefined {
  const [first] = failed;
  if (!first) return undefined;
  const details = [
    ...stepDetails(done, 'past'),
    ...failed.map(({ step, error }) => [step.key, error.message] as const),
    ...(left.length > 0 ? [['not sent', left.map(({ key }) => key).join(', ')] as const] : []),
  ];
  const stopped = failed.find(({ error }) => isStop(error))?.error;
  if (stopped) return stopped.with({ details, next: [...stopped.next, ...again] });
  if (done.length === 0 && failed.length === 1) return first.error.with({ details });
  const unsent = failed.length + left.length;
  return new DnxError('partial', `${unsent} of ${countedVariables(unsent + done.length)} ${unsent === 1 ? 'was' : 'were'} not sent`, {
    details,
    next: again,
    cause: first.error,
  });
}

/** Fails for values that nobody can mean, before anything is sent. */
export function requireSendable(sync: SyncSteps): void {
  for (const { key, value } of changingSteps(sync)) {
    if (value === undefined) continue;
    checkHolds(key, value);
    if (isMask(value)) throw usage(`The value of ${key} is a mask, not a value. Nothing was sent.`, 'Write the value itself.');
  }
}
