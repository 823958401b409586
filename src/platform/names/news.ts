import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Listing } from '../api/api.ts';
import type { Account, NameList } from './index-file.ts';
import { idIn } from './names.ts';
import { choiceAt, choices, namings, nounAt } from './namings.ts';

/** A request that changed something, at `at` in epoch ms. */
interface Change {
  readonly method: string;
  readonly path: string;
  readonly at: number;
}

/** What a command has read and changed with one token. `lists` are to be saved. */
export interface News extends Account {
  /** The lists that this command may use again. */
  readonly own: Map<string, NameList>;
  readonly changes: Change[];
}

export const noNews = (stored: string | undefined): News => ({ lists: new Map(), searched: 0, stored, own: new Map(), changes: [] });

/** Adds a list while it is read, if it has names or choices. One with an unusable id is left out, so that its error is not lost. */
export function listingIn({ own, lists }: News, path: string, read: number, added: () => void): Listing | undefined {
  const { key } = choices[choiceAt(path) ?? ''] ?? {};
  const keys = [...(namings[nounAt(path) ?? '']?.keys ?? []), ...(key === undefined || key === 'id' ? [] : [key])];
  if (keys.length === 0 && key === undefined) return undefined;
  const items: JsonObject[] = [];
  let usable = true;
  return {
    add(page) {
      for (const each of page) {
        const names = namesIn(each, keys);
        if (names) items.push(names);
        else usable = false;
      }
    },
    done() {
      if (!usable) return;
      // A command that shows choices wants more than their ids.
      if (key === undefined) own.set(path, { read, items });
      lists.set(path, { read, items });
      added();
    },
  };
}

/** The id and names of a resource; undefined without a usable id. */
function namesIn(thing: unknown, keys: readonly string[]): JsonObject | undefined {
  const id = isObject(thing) ? idIn(thing.id) : undefined;
  if (!isObject(thing) || id === undefined) return undefined;
  const names = keys.map((key) => [key, wordOf(thing[key])] as const).filter(([, name]) => name !== '');
  return { id, ...Object.fromEntries(names) };
}

/** Adds a change, and drops the lists that it made stale. */
export function addChange({ own, lists, changes }: News, change: Change): void {
  for (const each of [own, lists]) dropStale(each, change);
  changes.push(change);
}

/**
 * Empties the lists that a change made stale. Returns false if no list was. The mark that stays outdates a list that another dnx began
 * to read before.
 */
export function dropStale(lists: Map<string, NameList>, { method, path, at }: Change): boolean {
  const list = listOf(method, path);
  if (list === undefined) return false;
  let dropped = !lists.has(list);
  for (const [each, before] of lists) {
    const below = method === 'DELETE' && each.startsWith(`${path}/`);
    if (before.read > at || !(below || isSameKind(each, list))) continue;
    if (below) lists.delete(each);
    else lists.set(each, { read: at, past: unchanged(before, path) });
    dropped = true;
  }
  if (!lists.has(list)) lists.set(list, { read: at });
  return dropped;
}

/** What a list had before a change, without the resource at the path. */
const unchanged = ({ items, past = [] }: NameList, path: string): readonly JsonObject[] =>
  (items ?? past).filter(({ id }) => encodeURIComponent(wordOf(id)) !== path.slice(path.lastIndexOf('/') + 1));

/** The list that a request adds to, renames in or removes from. Other requests, such as a deployment, change no names. */
function listOf(method: string, path: string): string | undefined {
  const list = [path, ...(method === 'POST' ? [] : [parentOf(path)])].find((each) => nounAt(each) !== undefined);
  const { keys = [] } = namings[nounAt(list ?? '') ?? ''] ?? {};
  return keys.length > 0 ? list : undefined;
}

/** True for the same list, and for the certificates of a server and of its sites. */
function isSameKind(one: string, other: string): boolean {
  if (one === other) return true;
  const [upper, lower] = [parentOf(one), parentOf(other)];
  const nested = upper.startsWith(`${lower}/`) || lower.startsWith(`${upper}/`);
  return nested && one.slice(upper.length) === other.slice(lower.length);
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
