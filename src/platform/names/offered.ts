import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { type Endpoint, parameters } from '../api/endpoint.ts';
import type { NameList } from './index-file.ts';
import { isIdOf, nameOf } from './names.ts';
import { choiceAt, choices, namings, nounAt } from './namings.ts';

type Lists = ReadonlyMap<string, NameList>;

/** The most names of one kind that shells read at a Tab. */
const MOST_OFFERED = 1_000;

/** Longer names are not offered. */
const LONGEST = 200;

/**
 * The names that shells offer, as one text for each kind of resource. A line with a tab in front has the words for the parents of the
 * names below it, between tabs: `\tweb-1\t203.0.113.10\t`. Shells only compare these lines, and never evaluate them.
 */
export function offeredIn(lists: Lists): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const left = new Map<string, number>();
  for (const [path, { items, past = [] }] of lists) {
    const kind = kindAt(path);
    if (kind === undefined || namings[kind]?.confidential) continue;
    const room = left.get(kind) ?? MOST_OFFERED;
    const names = (items ?? past).flatMap((item) => offeredName(kind, item) ?? []).slice(0, room);
    if (names.length === 0) continue;
    left.set(kind, room - names.length);
    const parents = parentsAt(path, kind, lists);
    const heading = parents.length > 0 ? [`\t${parents.join('\t')}\t`] : [];
    texts.set(kind, `${texts.get(kind) ?? ''}${[...heading, ...new Set(names)].join('\n')}\n`);
  }
  return texts;
}

const kindAt = (path: string): string | undefined => nounAt(path) ?? choiceAt(path);

/** The name of a resource as a user would type it; undefined if it would be read as an id or an option, or a terminal would not show it as it is. */
export function offeredName(kind: string, item: JsonObject): string | undefined {
  const name = Object.hasOwn(choices, kind) ? wordOf(item.id) : nameOf(item, kind);
  if (name === undefined || !isPlain(name) || /^[-\s]|\s$/.test(name)) return undefined;
  return namings[kind] && isIdOf(kind, name) ? undefined : name;
}

/** True for text without a letter that is invisible, unknown, or ends a line. */
const isPlain = (text: string): boolean => text !== '' && text.length <= LONGEST && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);

/** Every word by which the parents in a path may be given: their ids and names. */
function parentsAt(path: string, kind: string, lists: Lists): readonly string[] {
  const parts = path.split('/');
  const lengthwise = (list: Endpoint | undefined) => patternOf(list).length === parts.length;
  const pattern = patternOf([namings[kind]?.list, namings[kind]?.broader, choices[kind]].find(lengthwise));
  return pattern.flatMap((part, index) => {
    if (!part.startsWith('{')) return [];
    const id = decodeURIComponent(parts[index] ?? '');
    const list = lists.get(parts.slice(0, index).join('/'));
    const known = [...(list?.items ?? list?.past ?? [])].find((item) => wordOf(item.id) === id);
    return [id, ...(known ? Object.values(known).map(wordOf) : [])].filter((word, at, all) => isPlain(word) && all.indexOf(word) === at);
  });
}

const patternOf = (list: Endpoint | undefined): readonly string[] => list?.replace('GET ', '').split('/') ?? [];

/** The options that narrow the names of a kind: `server` for a database. */
export const parentsOf = (kind: string): readonly string[] => parameters(namings[kind]?.list ?? choices[kind] ?? 'GET /');
