import { type JsonObject, own, pick } from '../../base/json.ts';
import { nearest } from '../../base/nearest.ts';
import { wordOf } from '../../base/text.ts';
import { type KindName, kindOf } from '../../platform/kinds.ts';
import { compared, indexed, isLike } from '../../platform/names/existing.ts';
import { isPreview } from '../preview/names.ts';

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
