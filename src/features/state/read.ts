import { isMap } from 'yaml';
import { DnxError } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { isMask, orList, title, visible, wordOf } from '../../base/text.ts';
import { type KindName, kindOf, outside } from '../../platform/kinds.ts';
import { REFERENCE } from '../env/dotenv/entries.ts';
import type { Entry, OwnedList, PlaceNames } from './model.ts';
import {
  isBare,
  isEmpty,
  isText,
  itemsOf,
  membersOf,
  plainText,
  positionAt,
  textOf,
  type Value,
  wrongKey,
  wrongShape,
  wrongValue,
} from './source.ts';
import { fieldType, firstKeyOf, isRenamable, nameFieldOf, sectionsUnder, substanceOf, type Word, wordsOf } from './words.ts';

const MOST_ENTRIES = 5_000;

/** What was found in a file so far. */
export interface Reading {
  readonly entries: Entry[];
  readonly owned: OwnedList[];
  /** The keys of a dotenv file that the file names. Throws if it may not be read, or is none. */
  readonly keysOf: (name: string) => Iterable<string>;
}

/** Where a part of a file stands: in what, and in which place of the document. */
type Spot = Pick<Entry, 'place' | 'path'>;

const within = ({ place, path }: Spot, key: string | number): Spot => ({ place, path: [...path, key] });

/** Reads the lists of a file. */
export function readFile(reading: Reading, file: Value): void {
  const sections = sectionsUnder('file');
  if (!isMap(file.node)) throw wrongValue(file, `A state file is a map with ${orList([...sections.keys()])}.`);
  for (const member of membersOf(file).filter(({ key }) => key !== '$schema')) {
    const kind = sections.get(member.key);
    if (!kind) throw unknownKey(member, 'the file', [...sections.keys()]);
    readSection(reading, kind, { place: {}, path: [member.key] }, member);
  }
}

function readSection(reading: Reading, kind: KindName, spot: Spot, section: Value): void {
  const { as } = kindOf(kind);
  if (isEmpty(section)) return;
  if (as === 'map' && isMap(section.node)) {
    for (const member of membersOf(section)) readEntry(reading, kind, within(spot, member.key), member, member.key);
  } else if (kind === 'certificate' && plainText(section) === 'true') {
    readEntry(reading, kind, spot, { ...section, node: null }, spot.place.site);
  } else {
    const wanted = kind === 'certificate' ? 'a list, or true for its domain' : `a ${as}`;
    for (const [at, item] of itemsOf(section, wanted).entries())
      if (as === 'list') readEntry(reading, kind, within(spot, at), item);
      else readEntry(reading, kind, within(spot, at), { ...item, node: null }, nameIn(item, kind));
  }
}

/** The name of something of which a list says no more. */
function nameIn(item: Value, kind: KindName): string {
  if (kind === 'variable') throw wrongValue(item, 'env is a map.', 'Write KEY: value. A key without its value stands in secrets.');
  if (!isBare(item)) throw wrongShape(item, 'a list of names here');
  return isEmpty(item) ? '' : textOf(item);
}

/** An entry while it is read. */
interface OpenEntry extends Omit<Entry, 'fields' | 'references'> {
  place: PlaceNames;
  readonly fields: Map<string, unknown>;
  readonly references: Map<string, string>;
  renamedFrom?: string;
  isNew?: true;
}

/** Reads an entry. A value alone is its short form. */
function readEntry(reading: Reading, kind: KindName, { place, path }: Spot, value: Value, name?: string): void {
  const [, server, label = ''] = (kind === 'site' && /^(?:(.*)\/)?(.*)$/s.exec(name ?? '')) || [undefined, undefined, name];
  const entry: OpenEntry = {
    ...{ kind, path, ...positionAt(value.source, value.keyStart) },
    place: server === undefined ? place : { ...place, server },
    fields: new Map(name === undefined ? [] : [[nameFieldOf(kind), label]]),
    references: new Map(),
  };
  const sections = sectionsUnder(kind);
  const inside: Value[] = [];
  for (const member of membersIn(value, kind, name)) {
    const word = wordsOf(kind).get(member.key);
    if (word) setField(entry, member, word);
    else if (sections.has(member.key) || (isOption(kind, member.key) && ['owns', 'secrets', 'env_file'].includes(member.key)))
      inside.push(member);
    else setOption(entry, member);
  }
  add(reading, closed(entry, value), value);
  const isPlace = kind === 'server' || kind === 'site' || kind === 'database';
  const spot = { path, place: isPlace ? { ...entry.place, [kind]: label } : entry.place };
  for (const member of inside) {
    const section = sections.get(member.key);
    if (section) readSection(reading, section, within(spot, member.key), member);
    else if (member.key === 'secrets') readSecrets(reading, within(spot, member.key), member);
    else if (member.key === 'owns') readOwned(reading, kind, spot.place, inside, member);
  }
  const envFile = inside.find(({ key }) => key === 'env_file');
  if (envFile) readEnvFile(reading, within(spot, envFile.key), envFile);
}

function membersIn(value: Value, kind: KindName, name: string | undefined): readonly Value[] {
  const short = name === undefined ? firstKeyOf(kind) : kindOf(kind).short;
  if (isEmpty(value) && kind !== 'variable') return [];
  if (short === undefined || (isMap(value.node) && !(isText(value) && name !== undefined))) return membersOf(value);
  return [{ ...value, key: short }];
}

/** An entry that says what it is. */
function closed({ fields, references, ...entry }: OpenEntry, value: Value): Entry {
  const { kind } = entry;
  const first = firstKeyOf(kind);
  const substance = substanceOf(kind, Object.fromEntries(fields));
  const has = (field: string) => fields.has(field) || references.has(field);
  if (wordOf(fields.get(first)).trim() === '')
    throw wrongKey(value, `A ${title(kind)} needs ${kindOf(kind).as === 'map' ? 'a name' : first}.`);
  if (kind === 'variable' && !has('value'))
    throw wrongKey(value, `${visible(value.name)} has no value.`, 'A key without its value stands in secrets.');
  if (entry.isNew && entry.renamedFrom !== undefined) throw wrongKey(value, 'What is new was not renamed: remove new or renamed_from.');
  return {
    ...entry,
    fields: Object.fromEntries(fields),
    references: Object.fromEntries(references),
    ...(substance !== undefined && !has(substance) && { mustExist: true }),
  };
}

function setField({ kind, fields, references }: OpenEntry, value: Value, { field, type, isSecret }: Word): void {
  const text = textOf(value);
  const shown = visible(value.name);
  if (type !== 'text') fields.set(field, typedValue(value, type));
  else if (isBare(value) && /^(op|file|env):\/\//.test(text)) {
    if (!REFERENCE.test(text))
      throw wrongValue(value, 'This is not a reference that dnx can read.', 'If it is the value, write { text: … }.');
    if (field === firstKeyOf(kind)) throw wrongValue(value, `A reference cannot tell one ${title(kind)} from another.`);
    references.set(field, text);
  } else if (isSecret) {
    const hint = 'Use a reference: op://VAULT/ITEM/FIELD, env://NAME, file://PATH or file://PATH#KEY.';
    throw wrongValue(value, `${shown} is a secret, which does not belong in a file.`, hint);
  } else if (isMask(text)) throw wrongValue(value, `The value of ${shown} is a mask, which would replace the real one.`);
  else fields.set(field, text);
}

/** A number or a flag. Text in quotes is neither, and `yes` or `010` is not one in every language. */
function typedValue(value: Value, type: 'integer' | 'boolean'): unknown {
  const text = plainText(value) ?? '';
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  if (type === 'integer' && /^(0|[1-9]\d{0,8})$/.test(text)) return Number(text);
  throw wrongValue(value, `${visible(value.name)} must be ${type === 'boolean' ? 'true or false' : 'a number'}.`);
}

/** The keys of an entry besides its fields and lists. */
const optionsOf = (kind: KindName): readonly string[] => [
  ...['new', 'fields', ...(isRenamable(kind) ? ['renamed_from'] : [])],
  ...(kind === 'site' ? ['server', 'secrets', 'env_file', 'owns'] : kind === 'server' ? ['owns'] : []),
];

const isOption = (kind: KindName, key: string): boolean => optionsOf(kind).includes(key);

/** Sets what is said of an entry and is no field of its kind. */
function setOption(entry: OpenEntry, member: Value): void {
  const { kind, place } = entry;
  const { key } = member;
  if (key === 'renamed_from' && !isRenamable(kind)) throw wrongKey(member, `The API cannot rename a ${title(kind)}.`);
  if (!isOption(kind, key))
    throw unknownKey(member, `a ${title(kind)}`, [...wordsOf(kind).keys(), ...sectionsUnder(kind).keys(), ...optionsOf(kind)]);
  if (key === 'fields') for (const field of membersOf(member)) setOther(entry, field);
  else if (key === 'new') {
    if (plainText(member) !== 'true') throw wrongValue(member, 'new must be true, or left out.');
    entry.isNew = true;
  } else {
    const name = textOf(member);
    if (name.trim() === '') throw wrongValue(member, `${key} needs a name.`);
    if (key === 'renamed_from') entry.renamedFrom = name;
    else if (place.server === undefined) entry.place = { ...place, server: name };
    else throw wrongKey(member, `The key of this site names server ${visible(place.server)} already.`);
  }
}

/** Sets a field that dnx does not know, as `-F` does. */
function setOther(entry: OpenEntry, member: Value): void {
  const { key } = member;
  const { kind, fields } = entry;
  const [word] = [...wordsOf(kind)].find(([name, { field }]) => name === key || field === key) ?? [];
  if (word !== undefined) throw wrongKey(member, `Write ${word} beside fields, not in it.`);
  if (fields.has(key)) throw wrongKey(member, `${visible(key)} is the key of this ${title(kind)} already.`);
  setField(entry, member, { field: key, type: fieldType(key), isSecret: false });
}

/** Reads the variables that must exist, because their values are not in the file. */
function readSecrets(reading: Reading, spot: Spot, section: Value): void {
  if (isEmpty(section)) return;
  for (const [at, item] of itemsOf(section, 'a list of keys').entries()) {
    const key = isBare(item) && !isEmpty(item) ? textOf(item) : '';
    if (key.trim() === '') throw wrongValue(item, 'secrets has keys alone: their values are not in the file.');
    const position = positionAt(item.source, item.start);
    add(reading, { kind: 'variable', ...within(spot, at), ...position, fields: { key }, references: {}, mustExist: true }, item);
  }
}

/** Reads the variables of a dotenv file, but for those that the site itself has. Each is a reference to its value there. */
function readEnvFile(reading: Reading, { place, path }: Spot, member: Value): void {
  const name = textOf(member);
  const said = new Set(
    reading.entries.filter((entry) => entry.kind === 'variable' && entry.place === place).map(({ fields }) => fields.key),
  );
  const position = positionAt(member.source, member.start);
  const keys = attemptRead(() => [...reading.keysOf(name)], member);
  for (const key of keys.filter((key) => !said.has(key))) {
    const references = { value: `file://${name}#${key}` };
    add(reading, { kind: 'variable', ...within({ place, path }, key), ...position, fields: { key }, references, inEnvFile: true }, member);
  }
}

function attemptRead<T>(read: () => T, member: Value): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof DnxError ? wrongValue(member, error.message, error.hint) : error;
  }
}

/** Reads which lists the file names as complete. */
function readOwned({ owned }: Reading, parent: KindName, place: PlaceNames, lists: readonly Value[], section: Value): void {
  const kinds = sectionsUnder(parent);
  for (const item of itemsOf(section, 'a list of keys')) {
    const word = isBare(item) ? textOf(item) : '';
    const kind = kinds.get(word);
    if (!kind)
      throw wrongValue(
        item,
        `'${visible(word)}' is not a list of a ${title(parent)}.${didYouMean(word, [...kinds.keys()])}`,
        known(kinds.keys()),
      );
    if (kindOf(kind).holdsData) throw wrongValue(item, `A file never deletes a ${title(kind)}, so it cannot own ${word}.`);
    const isThere = lists.some(({ key }) => key === word || (kind === 'variable' && ['secrets', 'env_file'].includes(key)));
    if (!isThere) throw wrongValue(item, `${word} is owned, and not in the file.`, `If there are none, write ${word}: []`);
    owned.push({ kind, place, ...positionAt(item.source, item.start) });
  }
}

const known = (words: Iterable<string>): string => `Known: ${[...words].join(', ')}.`;

function unknownKey(member: Value, what: string, words: readonly string[]): DnxError {
  const { key } = member;
  const reason = own(outside, key) ?? own(outside, key.replace(/s$/, ''));
  if (reason !== undefined) return wrongKey(member, `${visible(key)} is not in a state file. ${reason}`);
  return wrongKey(member, `'${visible(key.slice(0, 200))}' is not a key of ${what}.${didYouMean(key, words)}`, known(words));
}

function add({ entries }: Reading, entry: Entry, value: Value): void {
  if (entries.length >= MOST_ENTRIES) throw wrongKey(value, `A state file has at most ${MOST_ENTRIES} entries.`, 'Split it by server.');
  entries.push(entry);
}
