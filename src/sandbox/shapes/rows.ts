import { createHash } from 'node:crypto';
import type { Count, FieldShape } from '../../base/api-shapes.ts';
import { formats } from '../../base/api-texts.ts';
import { type JsonObject, own } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import type { AnyRow, State } from '../state.ts';

/** How the rows of a response look. */
export interface RowShape {
  /** The path of the resource or list that they are of. */
  readonly path: string;
  readonly fields: Readonly<Record<string, FieldShape>>;
  readonly others: Count | undefined;
  /** It was recorded of several rows, so that it says whether a field may be null. */
  readonly several: boolean;
  /** Words of the status besides those of the field. */
  readonly words: readonly string[];
}

/** Writes rows in recorded shapes, and reads the ids in them. */
export function openRows(state: State) {
  const nullable = nullableColumns(state);
  const originals = new Map<string, string>();
  const hashed = new Set<AnyRow['id']>();
  const seen = new Map<string, unknown[]>();
  return {
    rowAs(row: JsonObject, shape: RowShape): JsonObject {
      const names = [...new Set([...Object.keys(row), ...Object.keys(shape.fields)])];
      const kept = names.flatMap((name) => {
        const field = own(shape.fields, name);
        if (field === undefined) return shownOnce.has(name) ? [[name, row[name]]] : [];
        return field.missing === 'never' || !isOdd(row, shape) ? [[name, fieldValue(name, row, field, shape)]] : [];
      });
      return { ...Object.fromEntries(kept), ...unknownNames(shape.others) };
    },
    /** The id of the sandbox that a word in a request stands for; the word itself if it is none. */
    idOf(word: string): string {
      for (const { id } of originals.has(word) ? [] : rowsOf(state))
        if (id !== undefined && !hashed.has(id)) for (const form of Object.keys(idForms)) idAs(id, form);
      return originals.get(word) ?? word;
    },
  };

  function fieldValue(name: string, row: JsonObject, field: FieldShape, shape: RowShape): unknown {
    const isKnown = Object.hasOwn(row, name);
    const value = row[isKnown ? name : (own(renamed, name) ?? (isStatus(name) ? 'status' : ''))] ?? null;
    const isNullable = isKnown && nullable.has(name);
    if (field.null === 'always' && !passing.has(name) && (shape.several || !isNullable)) return null;
    if (field.null === 'sometimes' && !isNullable && isOdd(row, shape)) return null;
    if (value === null) return isKnown ? null : sample(field, row);
    if (field.types.length === 0) return value;
    if (isIdField(name) && (typeof value === 'string' || typeof value === 'number')) return idAs(value, idForm(field));
    if (typeof value === 'string' && ISO_TIME.test(value)) return timeAs(value, field) ?? sample(field, row);
    if (typeof value === 'string' && (field.words || field.other_words)) return wordAs(value, field, shape.words);
    return typedAs(value, field) ?? sample(field, row);
  }

  /** True for every second row of a path: always the same ones. */
  function isOdd({ id }: JsonObject, { path }: RowShape): boolean {
    const ids = seen.get(path) ?? [];
    seen.set(path, ids);
    if (!ids.includes(id)) ids.push(id);
    return ids.indexOf(id) % 2 === 1;
  }

  /** The id in another form, always the same one. */
  function idAs(id: string | number, form: string | undefined): string | number {
    const [pattern, make] = own(idForms, form ?? '') ?? [];
    if (!make || (typeof id === (form === 'number' ? 'number' : 'string') && pattern?.test(String(id)))) return id;
    const other = make(createHash('sha256').update(String(id)).digest());
    hashed.add(id);
    originals.set(String(other), String(id));
    return other;
  }
}

/** Names that no recording keeps, as many as were counted. */
export const unknownNames = (count: Count = 'none'): JsonObject =>
  Object.fromEntries({ none: [], one: ['zq_one'], some: ['zq_one', 'zq_two'] }[count].map((name) => [name, true]));

/** Columns that are null until something happens: what was recorded at rest does not say that they always are. */
const passing: ReadonlySet<string> = new Set(['scheduled_deploy_at', 'reason']);

/** Fields that only the response to a create has. */
const shownOnce: ReadonlySet<string> = new Set(['password']);

/** Fields of other platforms that hold what a field of the sandbox does. */
const renamed: Readonly<Record<string, string>> = {
  is_active: 'active',
  is_live: 'active',
  live: 'active',
  current: 'active',
  is_current: 'active',
  deployed_at: 'last_deployed_at',
  hostname: 'name',
  ip: 'ip_address',
  public_ip: 'ip_address',
};

const isStatus = (name: string): boolean => /^(.+_)?(status|state)$/.test(name);

const rowsOf = (state: State): readonly AnyRow[] => Object.values(state).flatMap((table) => (Array.isArray(table) ? table : []));

/** The columns that are null in some row. */
const nullableColumns = (state: State): ReadonlySet<string> =>
  new Set(rowsOf(state).flatMap((row) => Object.keys(row).filter((name) => row[name as keyof AnyRow] === null)));

/** True for the name of a field that holds an id. */
export const isIdField = (name: string): boolean => /^(.+_)?id$/.test(name);

/** The forms of ids: which have it already, and how one is made of a hash. */
const idForms: Readonly<Record<string, readonly [pattern: RegExp, make: (hash: Buffer) => string | number]>> = {
  number: [/^/, (hash) => hash.readUInt32BE() + 1],
  integer: [/^\d+$/, (hash) => String(hash.readUInt32BE() + 1)],
  ulid: [/^[0-7][\dA-HJKMNP-TV-Z]{25}$/, (hash) => `0${hash.toString('hex').toUpperCase().slice(0, 25)}`],
  uuid: [/^[\da-f]{8}(-[\da-f]{4}){3}/, (hash) => hash.toString('hex').replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-4$3-a$4-$5')],
  word: [/^[a-z]+$/, (hash) => hash.toString('hex').replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '')],
  slug: [/^[a-z]+-[\da-f]+$/, (hash) => `id-${hash.toString('hex').slice(0, 16)}`],
};

/** The form of the ids of a field; undefined if the shape does not say. */
const idForm = ({ types, formats = [] }: FieldShape): string | undefined =>
  types.includes('integer') ? 'number' : formats.find((format) => Object.hasOwn(idForms, format));

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** A time in the recorded format: its digits one after the other, then zeros; undefined if another format was recorded. */
function timeAs(iso: string, { types, formats = [] }: FieldShape): string | number | undefined {
  const seconds = Date.parse(iso) / 1_000;
  if (types.includes('integer') && !types.includes('string')) return formats.includes('unix time in ms') ? seconds * 1_000 : seconds;
  const digits = iso.replaceAll(/\D/g, '');
  let next = 0;
  const format = formats.find((format) => format.startsWith('0000-')) ?? (formats.length === 0 ? '0000-00-00T00:00:00Z' : undefined);
  return format?.replaceAll('0', () => digits[next++] ?? '0');
}

/** Words of what is there and does not work. */
const AWAY = /suspend|stop|disabl|inactive|paus|off|down|delet|maintenance/;

/** What a word says: a phase, that something is away, or no more than that it is at rest. */
const senseOf = (word: string) => phaseOf(word) ?? (AWAY.test(statusKey(word)) ? 'away' : 'rest');

/** A word of the sandbox as the platform says it: a word of the same sense, one that was not kept, or the only one there is. */
function wordAs(word: string, { words = [], other_words = 'none' }: FieldShape, more: readonly string[]): string {
  const recorded = [...words, ...more];
  const sense = word === 'running' ? 'good' : senseOf(word);
  const wordFor = (wanted: string): string | undefined =>
    recorded.find((other) => senseOf(other) === wanted) ??
    (wanted === 'good' ? recorded.find((other) => senseOf(other) === 'rest') : undefined);
  const unsaid = ['good', 'bad'].filter((wanted) => wordFor(wanted) === undefined).indexOf(sense);
  const unknown = { none: [], one: ['zq'], some: ['zq', 'zqq'] }[other_words];
  return (
    recorded.find((other) => statusKey(other) === word) ??
    (sense === 'rest' ? undefined : wordFor(sense)) ??
    unknown[unsaid] ??
    (sense === 'good' ? (wordFor('going') ?? words[0]) : undefined) ??
    word
  );
}

/** A value as one of the recorded types; undefined if it cannot be. */
function typedAs(value: unknown, { types, formats = [] }: FieldShape): unknown {
  if (typeof value === 'string' && types.includes('string')) return formats.length === 1 && formats[0] === 'mask' ? samples.mask : value;
  if (typeof value === 'boolean' && types.includes('boolean')) return value;
  if (Array.isArray(value)) return types.includes('array') ? [...value, ...(formats.includes('unknown') ? ['zq:zq'] : [])] : undefined;
  if (typeof value === 'object') return types.includes('object') ? value : undefined;
  const number = /^-?\d+(\.\d+)?$/.test(String(value)) || typeof value === 'boolean' ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) return undefined;
  return types.includes('integer') || types.includes('number') ? number : types.includes('string') ? String(number) : undefined;
}

/** A value of a field that the sandbox does not have. */
function sample(field: FieldShape, row: JsonObject): unknown {
  const { types, formats = [], words = [] } = field;
  const [type] = types;
  const [format = 'text'] = formats;
  if (type === undefined) return null;
  if (/^0000-|^unix time/.test(format)) return timeAs(String(row.created_at ?? '2026-01-01T00:00:00Z'), field);
  return { string: words[0] ?? own(samples, format) ?? samples.text, integer: 1, number: 1.5, boolean: false, array: [], object: {} }[type];
}

/** A text of each format. */
const samples: Readonly<Record<string, string>> = {
  ...Object.fromEntries(formats.map(([name, , example]) => [name, example])),
  mask: '********',
};
