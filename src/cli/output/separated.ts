import { own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { words } from './cell.ts';
import type { Rows } from './rows.ts';
import type { Column, Item } from './view.ts';

/** Rows as CSV (RFC 4180 with LF) or TSV, where tabs and newlines in values become spaces. */
export function separated({ items, columns, named }: Rows, format: 'csv' | 'tsv', header: boolean): string {
  const quoted = format === 'csv' ? csvField : tsvField;
  const separator = format === 'csv' ? ',' : '\t';
  const head = header && named ? [columns.map(({ key }) => quoted(key)).join(separator)] : [];
  const body = items.map((item) => columns.map((column) => quoted(words(raw(item, column)))).join(separator));
  return [...head, ...body].map((each) => `${each}\n`).join('');
}

/** The field as the API sent it, or the computed value. */
const raw = (item: Item, { key, cell }: Column): unknown => own(item, key) ?? cell?.(item);

/** Rows as plain text: tabs between values, no headings. */
export const bare = ({ items, columns }: Rows): string =>
  items
    .map((item) => columns.map((column) => wordOf(raw(item, column))))
    .map((row) => ended(row.length === 1 ? (row[0] ?? '') : row.map(tsvField).join('\t')))
    .join('');

/** Adds a final newline if it is missing. */
export const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

const csvField = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const tsvField = (value: string): string => value.replaceAll(/[\t\r\n]+/g, ' ');
