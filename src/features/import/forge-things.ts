import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Fields, Thing, Unread } from './account.ts';
import type { Resource } from './forge-api.ts';
import { attributeOf, type ForgeList, wordsOf } from './forge-lists.ts';

/** Where something is. */
export type Place = Pick<Thing, 'server' | 'site'>;

export const MOST_NAME = 4_096;
const MOST_TEXT = 65_536;

/** The thing of a resource, or why it makes no sense. */
export function thingOf(
  { noun, name: named, fields: words, kind, once }: ForgeList,
  resource: Resource,
  place: Place,
  names: ReadonlyMap<string, string>,
): Thing | Unread {
  const { attributes, id, tags } = resource;
  const isPlace = noun === 'server' || noun === 'site';
  const what = `${noun}${id === '' ? '' : ` ${id}`}${isPlace ? ' and all that it has' : ''}`;
  const why = (reason: string) => ({ what, ...place, why: reason });
  if (!attributes) return why('Forge gave no attributes of it');
  if (isPlace && id === '') return why('Forge gave no id of it');
  const given = attributeOf(attributes, named);
  const name = once ? noun : typeof given === 'object' ? '' : wordOf(given);
  if (name === '' || name.length > MOST_NAME) return why(`its ${named} ${name === '' ? 'is missing' : 'is too long'}`);
  const fields: Record<string, Fields[string]> = {};
  for (const word of [...words, 'tags']) {
    const [, from = '', to, of] = /^([\w.]+?)(?:>(\w+?))?(?:@(\w+))?$/.exec(word) ?? [];
    const value = fieldIn(from === 'tags' ? tags : attributeOf(attributes, from));
    if (value === null) return why(`its ${from} makes no sense`);
    if (value !== undefined) fields[to ?? from] = of !== undefined ? namesOf(value, of, names) : PHP.test(from) ? phpVersion(value) : value;
  }
  return { kind, noun, name, ...place, fields, ...wordsOf[noun]?.(fields, name) };
}

/** A value for a field: undefined without one, null if it is no text, number, flag or list. */
function fieldIn(value: unknown): Fields[string] | undefined | null {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'boolean' || Number.isFinite(value)) return value as boolean | number;
  const texts = isObject(value) ? Object.entries(value).map(([key, each]) => `${key}: ${wordOf(each)}`) : [value].flat().map(wordOf);
  if (texts.join('').length > MOST_TEXT) return null;
  return typeof value === 'object' ? (texts.length === 0 ? undefined : texts) : texts[0];
}

/** The names of ids, as far as they are known. */
function namesOf(value: Fields[string], noun: string, names: ReadonlyMap<string, string>): Fields[string] {
  const [first = '', ...others] = [value].flat().map((id) => names.get(`${noun} ${id}`) ?? String(id));
  return Array.isArray(value) ? [first, ...others] : first;
}

const PHP = /^php_(cli_)?version$/;
/** `php83` is 8.3. https://forge.laravel.com/docs/api-reference/servers/create-server */
const phpVersion = (value: Fields[string]): Fields[string] => (typeof value === 'string' ? value.replace(/^php(\d)(\d)$/, '$1.$2') : value);
