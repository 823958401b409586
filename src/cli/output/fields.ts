import { type DnxError, usage } from '../../base/errors.ts';
import { isObject, own, toJson } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { Format } from '../../machine/settings/settings.ts';
import type { Column, Item, View } from './view.ts';

/** The value of a column: computed, or the field of the item. */
export const valueIn = (item: Item, { key, cell }: Column): unknown => cell?.(item) ?? own(item, key);

/** A value as text, for every format except JSON. */
export function words(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(words).join(', ');
  return typeof value === 'object' ? toJson(value) : String(value);
}

/** Items and the columns to print. */
export interface Rows {
  readonly items: readonly Item[];
  readonly columns: readonly Column[];
  /** False if the columns are indexes, which have no headings. */
  readonly named: boolean;
}

/** Turns any JSON into rows, with a column per object field or array index. */
export function jsonRows(value: unknown): Rows {
  const all: readonly unknown[] = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  const named = all.some(isObject);
  const items = all.map((each): Item => (isObject(each) ? each : { ...(Array.isArray(each) ? each : [each]) }));
  const keys = new Set<string>();
  for (const item of items) for (const key of Object.keys(item)) keys.add(key);
  return { items, columns: [...keys].map((key) => ({ key })), named };
}

/** `--fields`, `--sort` and `--limit`. */
export interface Selection {
  readonly fields: readonly string[] | undefined;
  readonly sort: string | undefined;
  readonly limit: number | undefined;
}

/** A view that is printed as text. */
export type PrintableView = Exclude<View, { kind: 'nothing' | 'stream' | 'live' | 'lines' }>;

/** The data of a view, sorted, limited and reduced to the fields. */
export function dataOf(view: PrintableView, options: Selection): unknown {
  if (view.kind === 'rows') return narrowed(view.items, options, view.columns).map((item) => picked(item, options.fields));
  if (view.kind === 'record') return picked(view.item, options.fields);
  return Array.isArray(view.data)
    ? narrowed(view.data, options).map((item) => picked(item, options.fields))
    : picked(view.data, options.fields);
}

const picked = (item: unknown, fields: readonly string[] | undefined): unknown =>
  fields && isObject(item) ? Object.fromEntries(fields.map((field) => [field, own(item, field) ?? null])) : item;

const sortKey = (sort: string): string => sort.replace(/^-/, '');

/** Sorts and limits a list. A computed column is sorted by its computed value. */
export function narrowed(items: readonly Item[], { sort, limit }: Selection, columns: readonly Column[] = []): readonly Item[] {
  const key = sort && sortKey(sort);
  const computed = columns.find((column) => column.key === key && column.computed);
  const value = (item: Item): unknown => (computed ? valueIn(item, computed) : own(item, key ?? ''));
  const sorted = key ? items.toSorted((a, b) => compare(value(a), value(b)) * (key === sort ? 1 : -1)) : items;
  return limit === undefined ? sorted : sorted.slice(0, limit);
}

const compare = (a: unknown, b: unknown): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : words(a).localeCompare(words(b), 'en', { numeric: true });

/** The columns of the view, or those in `--fields`. */
export const chosen = (columns: readonly Column[], fields: readonly string[] | undefined): readonly Column[] =>
  fields ? fields.map((key) => columns.find((column) => column.key === key) ?? { key }) : columns;

type Wanted = Pick<Selection, 'fields' | 'sort'> & { readonly format: Format };

/** Throws if nothing in a view has one of the fields of `--fields` and `--sort`. An empty list cannot be checked. */
export function checkFields(view: View, { fields = [], sort, format }: Wanted): void {
  const items = itemsOf(view);
  const known = new Set(items.flatMap((item) => Object.keys(item)));
  // Computed values are in text formats only; those that need requests, in a table only.
  if (view.kind === 'rows' || view.kind === 'record')
    for (const { key, computed, cell } of view.columns)
      if (!computed || format === 'table' || (cell && ['csv', 'tsv', 'text'].includes(format))) known.add(key);
  const keys = sort && view.kind !== 'record' ? [...fields, sortKey(sort)] : fields;
  const key = items.length === 0 ? undefined : keys.find((each) => !known.has(each));
  if (key !== undefined) throw computedField(key, view, format, [...known]) ?? unknownField(key, [...known]);
}

function itemsOf(view: View): readonly object[] {
  if (view.kind === 'rows') return view.items;
  if (view.kind === 'record') return [view.item];
  return view.kind === 'data' ? [view.data].flat().filter(isObject) : [];
}

function computedField(field: string, view: View, format: Format, known: readonly string[]): DnxError | undefined {
  const column = 'columns' in view ? view.columns.find(({ key, computed }) => key === field && computed) : undefined;
  if (!column) return undefined;
  const where = column.cell ? 'only table, csv, tsv and text have' : 'only tables have';
  return usage(`-o ${format} has no field '${field}'; ${where} it.`, fieldsIn(known));
}

const fieldsIn = (known: readonly string[]): string => `Fields: ${known.toSorted().join(', ')}`;

function unknownField(field: string, known: readonly string[]): DnxError {
  return usage(`Unknown field '${field}'.${didYouMean(field, known)}`, fieldsIn(known));
}
