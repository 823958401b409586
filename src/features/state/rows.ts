import { DnxError } from '../../base/errors.ts';
import { type JsonObject, own, pick } from '../../base/json.ts';
import { isMask, plural, title } from '../../base/text.ts';
import { callOf, type KindName, kindOf } from '../../platform/kinds.ts';
import { compared, type FieldDifference, type Match, paired } from '../../platform/names/existing.ts';
import { idIn, resourceName, type Targets, targetIds } from '../../platform/names/names.ts';
import { agrees, isMarkedHidden } from '../../platform/names/spellings.ts';
import { ambiguous } from '../../platform/names/unresolved.ts';
import { fieldWords } from '../../platform/names/value.ts';
import { operations } from '../../platform/operations.ts';
import type { Fleet } from './fleet.ts';
import type { Comparison, Entry, Outcome, Row, StateFile } from './model.ts';
import type { DeclaredList } from './places.ts';
import { alike } from './same.ts';
import { positionIn } from './source.ts';

/** Reads the reference of a field; undefined if that is not allowed. */
export type Resolve = (entry: Entry, field: string) => Promise<string | undefined>;

export interface RowContext {
  readonly state: StateFile;
  readonly fleet: Fleet;
  readonly resolve: Resolve | undefined;
  /** The fields that not even the request for a single resource shows: `crontab user`. */
  readonly unshown: Set<string>;
}

type PlacedList = DeclaredList & { readonly place: Targets };

/** Compares what the file says of a list with what the list has. */
export async function compareItems(list: PlacedList, items: readonly JsonObject[], ctx: RowContext): Promise<Comparison> {
  const { kind, place, entries, isOwned } = list;
  const { matches, originals, rest } = await pairedEntries(list, items, ctx);
  const isMissing = (entry: Entry) => !matches.get(entry)?.found;
  const error = isOwned || entries.some(isMissing) ? hiddenKey(kind, rest) : undefined;
  const row = { kind, place, differences: [], unknown: [] };
  const original = (shown: JsonObject) => originals.get(shown) ?? shown;
  const rows: Row[] = [];
  // One after the other, so that what the API never shows is requested once.
  for (const entry of entries) {
    const { isNew, mustExist } = entry;
    const { found, twins = [] } = matches.get(entry) ?? {};
    if (found) rows.push({ ...row, entry, ...(await comparedFields(entry, original(found), place, ctx)) });
    else if (!error)
      rows.push({ ...row, entry, outcome: 'missing', resembling: alike(kind, entry.fields, isNew || mustExist ? [] : rest).map(original) });
    // A new certificate stands beside the old one.
    if (kind !== 'certificate') rows.push(...twins.map((item) => ({ ...row, entry, item: original(item), outcome: 'twin' as const })));
  }
  if (isOwned && !error) rows.push(...rest.map((item) => ({ ...row, item: original(item), outcome: 'extra' as const })));
  return { rows, unread: error ? [{ kind, place, error, fix: undefined }] : [] };
}

/** Of a list in which something may be what the file names, nobody knows what is missing or too much. */
function hiddenKey(kind: KindName, items: readonly JsonObject[]): DnxError | undefined {
  const fields = kindOf(kind).keys.map(([first = '']) => first);
  if (items.every((item) => fields.some((field) => own(item, field) !== undefined && !isMask(own(item, field))))) return undefined;
  return new DnxError('failed', `The API does not show the ${fieldWords(fields[0] ?? '')} of all ${plural(title(kind))}.`);
}

/** Compares the fields of an entry with a resource. What its list leaves out is read with one request, unless the API never shows it. */
async function comparedFields(entry: Entry, listed: JsonObject, place: Targets, ctx: RowContext) {
  const { kind, fields, references } = entry;
  const item = await completed(kind, listed, [...Object.keys(fields), ...Object.keys(references)], place, ctx);
  const shown = await shownFields(kind, item, Object.keys(fields), ctx);
  const wanted: Record<string, unknown> = { ...fields };
  const unread: string[] = [];
  for (const field of Object.keys(references)) {
    const isShown = compared(kind, shown, { [field]: 'a' }).unknown.length === 0;
    const value = isShown ? await ctx.resolve?.(entry, field) : undefined;
    if (value === undefined) unread.push(field);
    else wanted[field] = value;
  }
  const { differences, unknown } = compared(kind, shown, wanted);
  const hidden = [...unknown, ...unread];
  const outcome: Outcome = differences.length > 0 ? 'different' : hidden.length > 0 ? 'unknown' : 'same';
  return {
    item,
    outcome,
    differences: differences.map((difference) => ({ ...difference, fixed: isFixed(kind, difference) })),
    unknown: hidden,
  };
}

/** True for what the API cannot change: it has no update for the field, or no way back from an action. */
function isFixed(kind: KindName, { field, wanted }: FieldDifference): boolean {
  const { fixed = [], switches = {} } = kindOf(kind);
  return fixed.includes(field) || (field in switches && wanted === false && switches[field]?.off === undefined);
}

/** A resource as the file has it, without what the API says that it hides. */
async function shownFields(kind: KindName, item: JsonObject, fields: readonly string[], { fleet }: RowContext): Promise<JsonObject> {
  const shown = await fleet.shown(kind, item, fields);
  return isMarkedHidden(item) ? pick(shown, (field) => !secretsOf(kind).includes(field)) : shown;
}

const secretsOf = (kind: KindName): readonly string[] => operations[callOf('POST', kind)]?.secrets ?? [];

/** A resource with the fields that its list leaves out. */
export async function completed(
  kind: KindName,
  item: JsonObject,
  fields: readonly string[],
  place: Targets,
  ctx: RowContext,
): Promise<JsonObject> {
  const { switches = {} } = kindOf(kind);
  const touched = (field: string) => operations[callOf('POST', kind, `/${switches[field]?.on}`)]?.touches ?? [field];
  const wanted = fields.flatMap(touched).filter((field) => !secretsOf(kind).includes(field));
  const isOpen = (field: string) => !(field in item) && !ctx.unshown.has(`${kind} ${field}`);
  const id = idIn(item.id);
  if (id === undefined || !wanted.some(isOpen)) return item;
  const one = await ctx.fleet.one(kind, { ...targetIds(place), [kind]: id });
  for (const field of wanted) if (!one || !(field in one)) ctx.unshown.add(`${kind} ${field}`);
  return { ...item, ...one };
}

/** Finds the entries of a file in a list, each by its fields, or by the name that it had before. Throws for what cannot be told apart. */
async function pairedEntries(list: PlacedList, listed: readonly JsonObject[], ctx: RowContext) {
  const { kind, entries, others } = list;
  const { keys } = kindOf(kind);
  const items = await withKeys(list, listed, ctx);
  const fields = [...new Set(entries.flatMap((entry) => Object.keys(entry.fields)))];
  const originals = new Map(await Promise.all(items.map(async (item) => [await shownFields(kind, item, fields, ctx), item] as const)));
  const now = paired(kind, [...originals.keys()], [...entries, ...others], keys);
  const [[first = ''] = []] = keys;
  const renamed = entries.flatMap((entry) =>
    entry.renamedFrom === undefined || isMatched(now.matches.get(entry))
      ? []
      : [{ entry, fields: { ...entry.fields, [first]: entry.renamedFrom } }],
  );
  const before = paired(kind, now.rest, renamed, keys);
  const matches = new Map([...now.matches, ...[...before.matches].map(([{ entry }, match]) => [entry, match] as const)]);
  for (const [entry, { ambiguous: several }] of matches) if (several && entries.includes(entry)) throw manyMatch(entry, several, ctx);
  return { matches, originals, rest: before.rest };
}

/** Resources with the fields that tell one from another, where the list leaves them out and an entry may mean them. */
async function withKeys({ kind, place, entries }: PlacedList, items: readonly JsonObject[], ctx: RowContext) {
  const { keys } = kindOf(kind);
  const fields = keys.flat().filter((field) => entries.some((entry) => field in entry.fields));
  const isMeant = (item: JsonObject) => entries.some((entry) => keys.some(([first = '']) => agrees(kind, first, item, entry.fields)));
  const whole: JsonObject[] = [];
  for (const item of items) whole.push(fields.length > 1 && isMeant(item) ? await completed(kind, item, fields, place, ctx) : item);
  return whole;
}

const isMatched = ({ found, ambiguous: several }: Match = {}): boolean => found !== undefined || several !== undefined;

const manyMatch = ({ kind, fields, ...position }: Entry, items: readonly JsonObject[], { state }: RowContext): DnxError =>
  ambiguous(kind, resourceName(fields, kind) ?? '', items).with({
    hint: `${positionIn(state, position)} may be any of them. Give the fields that tell them apart.`,
  });
