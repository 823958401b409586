import { isObject, type JsonObject, own, toJson } from '../../base/json.ts';
import { assigned, grouped } from '../../base/matching.ts';
import { wordOf } from '../../base/text.ts';
import { type Keys, kinds } from '../kinds.ts';
import { isSame } from './match.ts';
import { agrees, defaultOf, isKey, sharedWord } from './spellings.ts';

/** A field that is not as it should be. */
export interface FieldDifference {
  readonly field: string;
  readonly is: unknown;
  readonly wanted: unknown;
}

/** What somebody wants to be there. */
export interface Wanted {
  readonly fields: JsonObject;
  /** It is no other one under a new name. Of what the API takes twice, only what is equal is it. */
  readonly isNew?: true;
}

/** What a list has for something wanted: it, several that may be it, or a hidden field without which nobody can tell. Empty: it is not there. */
export interface Match {
  readonly found?: JsonObject;
  /** Others that the same words mean. */
  readonly twins?: readonly JsonObject[];
  readonly ambiguous?: readonly JsonObject[];
  /** The fields of the key that were not given, and that would tell the ambiguous ones apart. */
  readonly apart?: readonly string[];
  readonly hidden?: string;
}

/** A whole list beside what is wanted. `rest`: what nobody wanted, and what may be nothing that somebody wanted. */
export interface Pairing<W extends Wanted> {
  readonly matches: ReadonlyMap<W, Match>;
  readonly rest: readonly JsonObject[];
}

/** Looks for a resource in its whole list. */
export function existing(noun: string, items: readonly unknown[], fields: JsonObject, keys: Keys): Match {
  const wanted: Wanted = { fields };
  return paired(noun, items, [wanted], keys).matches.get(wanted) ?? {};
}

/** Pairs what is wanted with a whole list, one to one: first what is equal in every given field, then what has the same key. */
export function paired<W extends Wanted>(noun: string, items: readonly unknown[], wanted: readonly W[], keys: Keys): Pairing<W> {
  const matches = new Map<W, Match>();
  const free = new Set(unique(items.filter(isObject), keys[0]?.[0]));
  const hidden: string[] = [];
  for (const key of keys) {
    const [first = ''] = key;
    // An empty key is none: whatever the API has without one is something else.
    const open = wanted.filter((one) => !matches.has(one) && wordOf(own(one.fields, first)).trim() !== '');
    for (const [one, match] of equals(noun, [...free], open, key)) take(one, match);
    const left = open.filter((one) => !matches.has(one) && !(one.isNew && own(repeating, noun)));
    for (const [one, match] of sameKeys(noun, [...free], left, key)) take(one, match);
    if (items.some((item) => !isObject(item)) || [...free].some((item) => sharedWord(noun, first, own(item, first)) === undefined))
      hidden.push(first);
  }
  const [field] = hidden;
  for (const one of wanted)
    if (!matches.has(one)) matches.set(one, field !== undefined && hidden.length === keys.length ? { hidden: field } : {});
  return { matches, rest: [...free] };

  function take(one: W, match: Match): void {
    matches.set(one, match);
    for (const item of [match.found, ...(match.twins ?? []), ...(match.ambiguous ?? [])]) if (item) free.delete(item);
  }
}

/** The kinds of which the API takes two with the same key. */
const repeating: JsonObject = Object.fromEntries(Object.entries(kinds).filter(([, kind]) => 'repeats' in kind));

/** Without what a list has twice, because it grew while its pages were read. */
function unique(items: readonly JsonObject[], field = ''): readonly JsonObject[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const name = toJson([item.id, own(item, field)]);
    const isFirst = item.id === undefined || !seen.has(name);
    seen.add(name);
    return isFirst;
  });
}

/** Pairs what is equal in every given field, the most detailed first. */
function equals<W extends Wanted>(noun: string, items: readonly JsonObject[], wanted: readonly W[], key: readonly string[]) {
  const index = indexed(noun, items);
  const candidates = ({ fields }: W): readonly JsonObject[] => {
    const like = index(fields, Object.keys(fields).toSorted());
    const equal = like.filter((item) => isLike(noun, item, fields, key) && isEqual(noun, item, fields));
    const isBare = bareness(noun, fields, key);
    return [...equal.filter(isBare), ...equal.filter((item) => !isBare(item))];
  };
  const detail = ({ fields }: W) => Object.keys(fields).length;
  const held = assigned(
    wanted.toSorted((one, other) => detail(other) - detail(one)),
    candidates,
  );
  const taken = new Set(held.values());
  return [...held].map(([one, found]): readonly [W, Match] => {
    const isBare = bareness(noun, one.fields, key);
    const others = candidates(one).filter((item) => !taken.has(item) && (isBare(item) || !isBare(found)));
    const match = matchOf(noun, one.fields, [found, ...others], key);
    for (const item of match.ambiguous ?? others) taken.add(item);
    return [one, match];
  });
}

/** The fields of a key that were not given, and of which nobody knows what they mean then. */
const openFields = (noun: string, fields: JsonObject, key: readonly string[]) =>
  key.filter((field) => !(field in fields) && !defaultOf(noun, field));

/** Tells what has nothing in the open fields, and so is meant more than what has something there. */
const bareness = (noun: string, fields: JsonObject, key: readonly string[]) => {
  const open = openFields(noun, fields, key);
  return (item: JsonObject): boolean => open.every((field) => wordOf(own(item, field)).trim() === '');
};

/** The first of equal items, unless those that show as much differ in a field of the key that was not given. */
function matchOf(noun: string, fields: JsonObject, equal: readonly JsonObject[], key: readonly string[]): Match {
  const [found = {}, ...twins] = equal;
  if (twins.length === 0) return { found };
  const shown = (item: JsonObject) => -compared(noun, item, fields).unknown.length;
  const best = equal.filter((item) => shown(item) >= shown(found));
  const apart = openFields(noun, fields, key).filter((field) => best.some((item) => !isSame(own(item, field), own(found, field))));
  return apart.length > 0 ? { ambiguous: best, apart } : { found, twins };
}

/** Pairs what is alone on both sides of a key. Where one side has several, nobody can tell which is which. */
function sameKeys<W extends Wanted>(noun: string, items: readonly JsonObject[], wanted: readonly W[], key: readonly string[]) {
  const index = indexed(noun, items);
  const keyOf = ({ fields }: W) => toJson(key.map((field) => (field in fields ? [own(fields, field)] : [])));
  const groups = [...grouped(wanted, keyOf).values()].map((group) => {
    const { fields } = group[0] as W;
    const given = key.filter((field) => field in fields);
    return { group, like: index(fields, given).filter((item) => isLike(noun, item, fields, key)) };
  });
  const claims = new Map<JsonObject, number>();
  for (const { group, like } of groups) for (const item of like) claims.set(item, (claims.get(item) ?? 0) + group.length);
  return groups.flatMap(({ group, like: ambiguous }) => {
    const [found] = ambiguous;
    if (!found) return [];
    const match: Match = ambiguous.length === 1 && claims.get(found) === 1 ? { found } : { ambiguous };
    return group.map((one) => [one, match] as const);
  });
}

/** True if an item has a key, as far as it is given and shown. */
export function isLike(noun: string, item: JsonObject, fields: JsonObject, [first = '', ...others]: readonly string[]): boolean {
  return agrees(noun, first, item, fields) === true && others.every((field) => isKey(noun, field, item, fields));
}

const isEqual = (noun: string, item: JsonObject, fields: JsonObject): boolean =>
  Object.keys(fields).every((field) => agrees(noun, field, item, fields) !== false);

/** Finds the items that may agree in some fields, in one look-up for each set of these fields that items show. Those that show most come first. */
export function indexed<T extends JsonObject>(noun: string, items: readonly T[]) {
  const word = (item: JsonObject, field: string) => sharedWord(noun, field, own(item, field));
  const wordsOf = (item: JsonObject, fields: readonly string[]) => toJson(fields.map((field) => word(item, field) ?? null));
  const indexes = new Map<string, readonly (readonly [readonly string[], ReadonlyMap<string, readonly T[]>])[]>();
  const indexOf = (fields: readonly string[]) => {
    const shown = (item: T) => toJson(fields.filter((field) => word(item, field) !== undefined));
    return [...grouped(items, shown).values()]
      .map((group) => {
        const known = fields.filter((field) => word(group[0] as T, field) !== undefined);
        return [known, grouped(group, (item) => wordsOf(item, known))] as const;
      })
      .toSorted(([one], [other]) => other.length - one.length);
  };
  return (wanted: JsonObject, fields: readonly string[]): readonly T[] => {
    const name = toJson(fields);
    const index = indexes.get(name) ?? indexOf(fields);
    indexes.set(name, index);
    return index.flatMap(([known, groups]) => groups.get(wordsOf(wanted, known)) ?? []);
  };
}

/** Compares the fields that were given. `unknown`: those that the API does not show. */
export function compared(noun: string, item: JsonObject, wanted: JsonObject) {
  const states = Object.keys(wanted).map((field) => [field, agrees(noun, field, item, wanted)] as const);
  const differences: readonly FieldDifference[] = states.flatMap(([field, same]) =>
    same === false ? [{ field, is: own(item, field) ?? null, wanted: own(wanted, field) }] : [],
  );
  return { differences, unknown: states.flatMap(([field, same]) => (same === undefined ? [field] : [])) };
}

/** What is shown of a value that stays hidden. */
export const MASK = '••••••••';
