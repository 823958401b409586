import { type Detail, DnxError, isError, isStop } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { capitalized, flagName, oneLine, plural, title } from '../../base/text.ts';
import { type Endpoint, fill } from '../../platform/api/endpoint.ts';
import type { Followable } from '../../platform/follow/work.ts';
import type { Keys } from '../../platform/kinds.ts';
import { compared, existing, type FieldDifference, MASK } from '../../platform/names/existing.ts';
import { called, idIn, requireId, resourceName, type Targets, targetIds } from '../../platform/names/names.ts';
import { ambiguous } from '../../platform/names/unresolved.ts';
import { fieldWords, shownValue } from '../../platform/names/value.ts';
import type { Context } from '../language/command.ts';
import { created, creationOf, generatedIn, type Resource } from '../language/resource.ts';
import { done, message, type Result } from '../output/view.ts';

interface EnsureRequest {
  readonly resource: Pick<Resource, 'noun' | 'path'>;
  readonly keys: Keys;
  /** Fields that are sent to create it, and never compared. */
  readonly secrets: readonly string[];
  /** Fields that only a create sets. */
  readonly fixed?: readonly string[];
  /** A field that is compared, but never shown. */
  readonly confidential?: string;
  /** True for one that does not count as existing. */
  readonly isSpent?: (item: JsonObject) => boolean;
  /** What goes on after the response to the create. */
  readonly work?: Followable & { readonly wait: boolean | undefined };
  readonly targets: Targets;
  readonly wanted: JsonObject;
  readonly update: boolean;
  readonly strict: boolean;
  readonly updates: boolean;
}

/** `dnx … ensure`: accepts what exists, updates it if told to, else creates it once. */
export async function ensured(ctx: Context, asked: EnsureRequest): Promise<Result<object>> {
  const list = `GET ${asked.resource.path}` as const;
  const place = fill(list, targetIds(asked.targets)).path;
  const { inTurn } = await import('./turn.ts');
  const found = await inTurn(ctx, place, async ({ read, sending }) => {
    const known = await read(
      () => ctx.list<unknown>(list),
      (items) => lookFor(items, asked) !== undefined,
    );
    return foundOrCreated(ctx, known, asked, sending);
  });
  return reported(ctx, found, asked);
}

/** The same, after its whole list was read. */
export const ensuredIn = async (ctx: Context, known: readonly unknown[], asked: EnsureRequest): Promise<Result<object>> =>
  reported(ctx, await foundOrCreated(ctx, known, asked), asked);

/** What exists, or was created. */
interface Existing {
  readonly item: JsonObject | undefined;
  readonly isNew: boolean;
}

async function foundOrCreated(
  ctx: Context,
  known: readonly unknown[],
  asked: EnsureRequest,
  sending: <T>(send: () => Promise<T>) => Promise<T> = (send) => send(),
): Promise<Existing> {
  const { resource, targets, wanted, secrets } = asked;
  const list: Endpoint = `GET ${resource.path}`;
  const item = lookFor(known, asked);
  if (item) return { item, isNew: false };
  const secret = secrets.length > 0;
  const creation = {
    ...creationOf(resource.noun, list, targets, wanted),
    known,
    secret,
    ...(!secret && { why: 'Safe to run again. See what exists' }),
  };
  const send = () => ctx.call(`POST ${resource.path}`, { body: wanted });
  try {
    const { data } = await sending(() => created(ctx, creation, send));
    return { item: isObject(data) ? data : undefined, isNew: true };
  } catch (error) {
    if (!isError(error, 'invalid', 'differences')) throw error;
    // Someone else may have created it since.
    const now = await ctx.list<unknown>(list).catch((failure: unknown) => Promise.reject(isStop(failure) ? failure : error));
    const late = lookFor(now, asked);
    if (!late) throw error;
    return { item: late, isNew: false };
  }
}

/** Follows what is not there yet, and says what came of it. */
async function reported(ctx: Context, { item, isNew }: Existing, asked: EnsureRequest): Promise<Result<object>> {
  const { work } = asked;
  let [now, failure]: [typeof item, DnxError?] = [item];
  if (work && work.wait !== false && (isNew || phaseOf(item?.status) === 'going')) {
    const { followStarted } = await import('../../platform/follow/work.ts');
    const ended = await followStarted(ctx, isNew ? work : { ...work, doing: `Waiting for ${work.what}` }, item);
    [now, failure] = [isObject(ended.thing) ? ended.thing : item, ended.failure];
  }
  const result = isNew ? fresh(ctx, now, asked) : await accepted(ctx, now ?? {}, asked);
  return failure ? { ...result, exit: failure } : result;
}

function lookFor(items: readonly unknown[], { resource: { noun }, wanted, keys, secrets, isSpent }: EnsureRequest): JsonObject | undefined {
  const living = isSpent ? items.filter((item) => !isObject(item) || !isSpent(item)) : items;
  const { found, ambiguous, apart, hidden } = existing(noun, living, without(wanted, secrets), keys);
  if (hidden !== undefined) throw hiddenKey(noun, hidden);
  if (ambiguous) throw manyMatch(noun, own(wanted, keys[0]?.[0] ?? ''), ambiguous, apart);
  return found;
}

const without = (wanted: JsonObject, fields: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(wanted).filter(([field]) => !fields.includes(field)));

/** What was created. Deploynix may show another value than the one that was sent, and then the next `ensure` differs or creates another. */
function fresh(ctx: Context, item: JsonObject | undefined, asked: EnsureRequest) {
  const { wanted, secrets } = asked;
  const { noun } = asked.resource;
  const label = resourceName(item ?? {}, noun) ?? resourceName(wanted, noun);
  const name = label === undefined ? title(noun) : called(noun, { label });
  const { secret } = generatedIn(noun, secrets, wanted, item);
  const details: readonly Detail[] = secret ? [[fieldWords(secret.name), secret.value]] : [];
  const { differences } = item ? compared(noun, item, without(wanted, secrets)) : { differences: [] };
  const { doing } = phaseOf(item?.status) === 'going' && asked.work ? asked.work : { doing: `Created ${name}` };
  const view = done(doing, ensureReport(asked, item, { outcome: 'created', differences }), details);
  const result = { view, ...(secret && { secret }) };
  const sentence = `${capitalized(name)} was created, but differs`;
  // A failure would hide the secret.
  const strict = asked.strict && !secret;
  return differences.length === 0 ? result : differing(ctx, result, { sentence, differences }, { ...asked, strict });
}

interface Found {
  readonly name: string;
  readonly item: JsonObject;
  readonly differences: readonly FieldDifference[];
  readonly unknown: readonly string[];
  readonly note?: string;
}

async function accepted(ctx: Context, item: JsonObject, asked: EnsureRequest) {
  const { resource, wanted, secrets, fixed = [], work } = asked;
  const { noun } = resource;
  const comparison = compared(noun, item, without(wanted, secrets));
  const { differences, unknown } = comparison;
  const update = asked.update && differences.some(({ field }) => !fixed.includes(field));
  const name = called(noun, { label: resourceName(item, noun) ?? resourceName(wanted, noun) ?? idIn(item.id) ?? '' });
  const note = noteOn(
    secrets.filter((field) => field in wanted),
    unknown,
    // An update may cure it.
    update ? undefined : item.status,
    work !== undefined,
  );
  const found = { ...comparison, name, item, ...(note && { note }) };
  if (differences.length > 0) return update ? updated(ctx, found, asked) : kept(ctx, found, asked);
  const report = ensureReport(asked, item, { outcome: 'unchanged', unknown });
  return { view: done(`${capitalized(name)} already exists`, report), ...(note && { note }) };
}

async function updated(ctx: Context, { name, item, note, ...comparison }: Found, asked: EnsureRequest) {
  const { resource, confidential, fixed = [] } = asked;
  const { noun, path } = resource;
  const isFixed = ({ field }: FieldDifference) => fixed.includes(field);
  const changes = comparison.differences.filter((each) => !isFixed(each));
  const body = Object.fromEntries(changes.map(({ field, wanted }) => [field, wanted]));
  const { data } = await ctx.call(`PUT ${path}/{${noun}}`, { params: { [noun]: requireId(item, noun) }, body });
  const now = isObject(data) ? data : undefined;
  const left = [...(now ? compared(noun, now, body).differences : []), ...comparison.differences.filter(isFixed)];
  const report = { ...ensureReport(asked, now, { outcome: 'updated', ...comparison }), id: idIn(item.id) ?? null };
  const view = done(`Updated ${name}`, report, changes.filter(({ field }) => field !== confidential).map(detailOf));
  const result = { view, ...(note && { note }) };
  const sentence = `${capitalized(name)} still differs after the update`;
  return left.length === 0 ? result : differing(ctx, result, { sentence, differences: left }, asked);
}

function kept(ctx: Context, { name, item, note, ...comparison }: Found, asked: EnsureRequest) {
  const { updates, fixed = [], resource } = asked;
  const report = ensureReport(asked, item, { outcome: 'different', ...comparison });
  const view = message(`${capitalized(name)} already exists; nothing was changed.`, report);
  const fields = comparison.differences.map(({ field }) => field);
  const kind = title(resource.noun);
  const what = updates ? `the ${listed(fields)} of a ${kind}` : plural(kind);
  const isUpdatable = updates && !fields.every((field) => fixed.includes(field));
  const hint = isUpdatable ? 'Use --update to update it.' : `The API cannot update ${what}.`;
  const result = { view, note: [note, hint].filter(Boolean).join(' ') };
  return differing(ctx, result, { sentence: `${capitalized(name)} differs`, differences: comparison.differences, hint }, asked);
}

interface Outcome {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'different';
  /** What differed when the command began. */
  readonly differences?: readonly FieldDifference[];
  /** The fields that the API does not show. */
  readonly unknown?: readonly string[];
}

function ensureReport(
  { resource: { noun }, confidential }: EnsureRequest,
  item: JsonObject | undefined,
  { outcome, differences = [], unknown = [] }: Outcome,
): JsonObject {
  const visible = item && Object.fromEntries(Object.entries(item).filter(([field]) => field !== confidential));
  return {
    changed: outcome === 'created' || outcome === 'updated',
    outcome,
    id: idIn(item?.id) ?? null,
    differences: differences.map((each) => (each.field === confidential ? { ...each, is: MASK, wanted: MASK } : each)),
    unknown,
    [noun]: visible ?? null,
  };
}

/** A warning for what differs, or with `--strict` a failure. */
function differing(
  { progress }: Pick<Context, 'progress'>,
  result: Result<object>,
  { sentence, differences, hint }: { readonly sentence: string; readonly differences: readonly FieldDifference[]; readonly hint?: string },
  { strict, confidential }: EnsureRequest,
) {
  const isHidden = ({ field }: FieldDifference) => field === confidential;
  if (strict) {
    const details = differences.map((each) => detailOf(isHidden(each) ? { ...each, is: MASK, wanted: MASK } : each));
    return { ...result, exit: new DnxError('differences', sentence, { details, hint }) };
  }
  const words = differences.map((each) => {
    const field = fieldWords(each.field);
    return isHidden(each) ? `${field} is not the one given` : `${field} is ${shownValue(each.is)}, not ${shownValue(each.wanted)}`;
  });
  progress.warn(`${sentence}: ${words.join('; ')}`);
  return result;
}

/** `frequency  '0 0 * * *' → '0 3 * * *'`. */
const detailOf = ({ field, is, wanted }: FieldDifference): Detail => [fieldWords(field), `${shownValue(is)} → ${shownValue(wanted)}`];

/** What was given and not compared, and a status that needs attention; undefined if nothing. */
function noteOn(secrets: readonly string[], unknown: readonly string[], status: unknown, hasWork: boolean): string | undefined {
  const phase = phaseOf(status);
  const sentences = [
    ...(secrets.length > 0 ? [`The ${listed(secrets)} was not compared.`] : []),
    ...(unknown.length > 0 ? [`Not compared, because the API does not show it: ${listed(unknown)}.`] : []),
    ...(phase === 'bad' || (phase === 'going' && hasWork) || /^(delet|remov)/.test(statusKey(status))
      ? [`Its status is ${oneLine(status)}.`]
      : []),
  ];
  return sentences.length > 0 ? sentences.join(' ') : undefined;
}

function hiddenKey(noun: string, field: string): DnxError {
  const what = `The API does not show the ${fieldWords(field)} of all ${plural(title(noun))}`;
  return new DnxError('failed', `${what}, so dnx cannot tell what exists.`, { hint: 'Nothing was changed.' });
}

const manyMatch = (noun: string, key: unknown, found: readonly JsonObject[], apart: readonly string[] = []): DnxError =>
  ambiguous(noun, oneLine(key), found).withHint(
    apart.length > 0
      ? `Use ${apart.map(flagName).join(' or ')} to tell them apart. Nothing was changed.`
      : 'All of them differ from what was given; nothing was changed. Use an id with another command.',
  );

const listed = (fields: readonly string[]): string => fields.map(fieldWords).join(', ');
