import { isObject, type JsonObject, own } from '../../base/json.ts';
import { oneLine, wordOf } from '../../base/text.ts';
import { idIn, type Naming, sameDomain } from './names.ts';

/** The resources with this id or name; else with a name that differs in blanks, or as its kind of name allows; else with this prefix. */
export function matching(
  things: readonly JsonObject[],
  word: string,
  { keys, caseless, domains, prefix, ports }: Naming,
): readonly JsonObject[] {
  const isWord = ({ id }: JsonObject) => idIn(id) === word;
  // If ids are numbers, the id of a deleted rule must not match the port of another.
  const numbered = ports && NUMBER.test(word) && things.some(({ id }) => NUMBER.test(idIn(id) ?? ''));
  if (numbered && !things.some(isWord)) return [];
  const named = (is: (name: string) => boolean) => (thing: JsonObject) => keys.some((key) => is(wordOf(thing[key])));
  const wanted = oneLine(word);
  const ways: readonly ((thing: JsonObject) => boolean)[] = [
    (thing) => isWord(thing) || named((name) => name === word)(thing),
    named((name) => oneLine(name) === wanted),
    ...(caseless ? [named((name) => oneLine(name).toLowerCase() === wanted.toLowerCase())] : []),
    ...(domains ? [named((name) => sameDomain(oneLine(name), wanted))] : []),
    ...(prefix ? [named((name) => oneLine(name).startsWith(wanted))] : []),
  ];
  for (const way of ways) {
    const found = things.filter(way);
    if (found.length > 0) return found;
  }
  return [];
}

const NUMBER = /^\d+$/;

/** True if a resource has every field that was sent, with the same value. A field that it does not show is no match. */
export const showsAll = (item: JsonObject, sent: JsonObject): boolean =>
  Object.entries(sent).every(([key, value]) => Object.hasOwn(item, key) && isSame(value, own(item, key)));

/** True if a resource has no field with another value than the one that was sent. */
export const isPossible = (item: JsonObject, sent: JsonObject): boolean =>
  Object.entries(sent).every(([key, value]) => !Object.hasOwn(item, key) || isSame(value, own(item, key)));

/** Compares as Laravel stores what it gets: without spaces around a text, and an empty text as null. */
export function isSame(sent: unknown, shown: unknown): boolean {
  if (Array.isArray(sent) || Array.isArray(shown)) return isSameList(sent, shown);
  if (isObject(sent) || isObject(shown)) return isSameObject(sent, shown);
  if (typeof sent === 'boolean' || typeof shown === 'boolean') return truth(sent) !== undefined && truth(sent) === truth(shown);
  const [one, other] = [wordOf(sent).trim(), wordOf(shown).trim()];
  return one === other || (typeof sent !== typeof shown && isNumber(one) && isNumber(other) && Number(one) === Number(other));
}

const isSameList = (sent: unknown, shown: unknown): boolean =>
  Array.isArray(sent) && Array.isArray(shown) && sent.length === shown.length && sent.every((each, index) => isSame(each, shown[index]));

/** In any order: a database may sort the keys. */
const isSameObject = (sent: unknown, shown: unknown): boolean =>
  isObject(sent) && isObject(shown) && Object.keys(sent).length === Object.keys(shown).length && showsAll(shown, sent);

/** Longer numbers would lose digits. */
export const isNumber = (word: string): boolean => word.length <= 15 && /^-?\d+(\.\d+)?$/.test(word);

function truth(value: unknown): boolean | undefined {
  const word = wordOf(value);
  return ['true', '1'].includes(word) ? true : ['false', '0'].includes(word) ? false : undefined;
}
