import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { idIn, nameOf, sameName, type Target } from '../../platform/names/names.ts';

/** Records without those that a list repeats, as one does that changed while its pages were read. */
export const distinct = (records: readonly JsonObject[]): readonly JsonObject[] => [
  ...new Map(records.map((each) => [idIn(each.id) ?? each, each])).values(),
];

/** Servers or sites, each with a label that no other has. `unusable` is called with the name of one that has no id. */
export function labeled(
  records: readonly JsonObject[],
  noun: 'server' | 'site',
  unusable: (name: string) => void,
): readonly (readonly [Target, JsonObject])[] {
  const names = records.map((each) => nameOf(each, noun) ?? wordOf(each.id));
  return records.flatMap((record, index): (readonly [Target, JsonObject])[] => {
    const id = idIn(record.id);
    const name = names[index] ?? '';
    if (id === undefined) {
      unusable(name);
      return [];
    }
    const isShared = names.filter((each) => sameName(noun, each, name)).length > 1;
    return [[{ id, label: isShared ? `${name} (${id})` : name }, record]];
  });
}
