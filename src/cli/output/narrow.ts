import { isObject, own } from '../../base/json.ts';
import { valueIn, words } from './cell.ts';
import type { Column, Item, View } from './view.ts';

/** `--fields`, `--sort` and `--limit`. */
export interface Narrowing {
  readonly fields: readonly string[] | undefined;
  readonly sort: string | undefined;
  readonly limit: number | undefined;
}

/** A view that is printed as text. */
export type Shown = Exclude<View, { kind: 'nothing' | 'stream' | 'live' | 'lines' }>;

/** The data of a view, sorted, limited and reduced to the fields. */
export function dataOf(view: Shown, options: Narrowing): unknown {
  if (view.kind === 'rows') return narrowed(view.items, options, view.columns).map((item) => picked(item, options.fields));
  if (view.kind === 'record') return picked(view.item, options.fields);
  return Array.isArray(view.data)
    ? narrowed(view.data, options).map((item) => picked(item, options.fields))
    : picked(view.data, options.fields);
}

const picked = (item: unknown, fields: readonly string[] | undefined): unknown =>
  fields && isObject(item) ? Object.fromEntries(fields.map((field) => [field, own(item, field) ?? null])) : item;

/** The field of `--sort`, without the `-` for descending. */
export const sortKey = (sort: string): string => sort.replace(/^-/, '');

/** Sorts and limits a list. A computed column is sorted by its computed value. */
export function narrowed(items: readonly Item[], { sort, limit }: Narrowing, columns: readonly Column[] = []): readonly Item[] {
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
