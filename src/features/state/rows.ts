import { DnxError } from '../../base/errors.ts';
import { type JsonObject, own, pick } from '../../base/json.ts';
import { nearest } from '../../base/nearest.ts';
import { isMask, plural, title, wordOf } from '../../base/text.ts';
import { callOf, type KindName, kindOf } from '../../platform/kinds.ts';
import { compared, type FieldDifference, indexed, isLike, type Match, paired } from '../../platform/names/existing.ts';
import { idIn, resourceName, type Targets, targetIds } from '../../platform/names/names.ts';
import { agrees, isMarkedHidden } from '../../platform/names/spellings.ts';
import { ambiguous } from '../../platform/names/unresolved.ts';
import { fieldWords } from '../../platform/names/value.ts';
import { operations } from '../../platform/operations.ts';
import { isPreview } from '../preview/names.ts';
import type { Fleet } from './fleet.ts';
import type { Comparison, DeclaredList, Entry, Outcome, Row, StateFile } from './model.ts';
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

/** What a file says of one resource, as far as it tells it from others. */
interface Named {
  readonly fields: JsonObject;
  readonly references?: Readonly<Record<string, string>>;
}

/**
 * The entries of one list that mean the same as an earlier one, each with that one: of what the API takes only once those with the same key,
 * of the rest those that are equal.
 */
export function repeatedEntries<E extends Named>(kind: KindName, entries: readonly E[]): ReadonlyMap<E, E> {
  const { keys, repeats } = kindOf(kind);
  const bodies = entries.map((entry, at) => ({ at, entry, fields: { ...entry.fields, ...entry.references } }));
  const byFields = new Map<JsonObject, (typeof bodies)[number]>(bodies.map((body) => [body.fields, body]));
  const index = indexed(
    kind,
    bodies.map(({ fields }) => fields),
  );
  const isRepeated = (one: JsonObject, other: JsonObject, key: readonly string[]) =>
    repeats ? isEqual(kind, one, other) : isLike(kind, one, other, key) && isLike(kind, other, one, key);
  const firstOf = ({ at, fields }: (typeof bodies)[number]) => {
    for (const key of keys.filter(([first = '']) => wordOf(own(fields, first)) !== '')) {
      const given = repeats ? Object.keys(fields).toSorted() : key.filter((field) => field in fields);
      const first = index(fields, given).find((other) => (byFields.get(other)?.at ?? at) < at && isRepeated(other, fields, key));
      if (first) return byFields.get(first)?.entry;
    }
    return undefined;
  };
  return new Map(
    bodies.flatMap((body) => {
      const first = firstOf(body);
      return first ? [[body.entry, first] as const] : [];
    }),
  );
}

/** True for entries that say the same in every field. */
const isEqual = (kind: KindName, one: JsonObject, other: JsonObject): boolean =>
  Object.keys(one).length === Object.keys(other).length && hasAll(kind, one, other);

/** What an entry that is to be created may be under another name: a site of its branch, a worker that does the same. */
export function alike(kind: KindName, wanted: JsonObject, items: readonly JsonObject[]): readonly JsonObject[] {
  const [[first = ''] = []] = kindOf(kind).keys;
  const isGiven = (field: string) => (kind === 'site' ? SOURCE.includes(field) : field !== first);
  const told = pick(wanted, isGiven);
  const others = items.filter((item) => hasAll(kind, item, told));
  switch (kind) {
    case 'user':
      return items;
    case 'site':
      return 'git_repository_id' in told ? others.filter((item) => !isPreview(item)) : [];
    case 'queue':
      return Object.keys(told).length > 0 ? others : [];
    case 'daemon':
    case 'crontab':
      return others.filter((item) => nearest(wordOf(wanted.command), [wordOf(item.command)]) !== undefined);
    default:
      return [];
  }
}

/** Where the code of a site comes from. */
const SOURCE = ['git_repository_id', 'branch'];

function hasAll(kind: KindName, item: JsonObject, fields: JsonObject): boolean {
  const { differences, unknown } = compared(kind, item, fields);
  return differences.length + unknown.length === 0;
}
