import type { Detail } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { type CellOptions, cell, heading, words } from './cell.ts';
import { detailLines } from './details.ts';
import { GAP, NARROWEST } from './layout.ts';
import { chosen, dataOf, type Narrowing, narrowed, type Shown } from './narrow.ts';
import { rowsOf } from './rows.ts';
import { ended } from './separated.ts';
import { json, lines } from './text.ts';
import type { Column, Item, LateCells, View } from './view.ts';

/** What a table depends on besides its view. */
export interface TableOptions extends CellOptions, Narrowing {
  readonly header: boolean;
  /** Columns of the terminal; undefined where there is no limit. */
  readonly width: number | undefined;
  /** Every column, whatever the width. */
  readonly wide: boolean;
  /** Gets the number of columns that did not fit. */
  readonly hidden?: (columns: number) => void;
}

/** A terminal of this width has room for the wide columns. */
const ROOMY = 120;

/** A view for people. */
export async function table(view: Shown, options: TableOptions): Promise<string> {
  switch (view.kind) {
    case 'data':
      return `${json(dataOf(view, options), 2)}\n`;
    case 'message':
      return view.done ? succeeded(view.text, view.done, options) : ended(lines(view.text));
    case 'text':
      return value(view.text, options);
    case 'record':
      if (view.done !== undefined && view.details && !options.fields) return succeeded(view.done, view.details, options);
      return `${view.done === undefined ? '' : succeeded(view.done, [], options)}${await whole(view, options)}`;
    case 'rows':
      return rows(narrowed(view.items, options, view.columns), view.columns, options, view.late);
  }
}

/** The result of a query for people: a list as rows, an object as a record, anything else as it is. */
export async function yieldTable(found: unknown, options: TableOptions): Promise<string> {
  if (found === null) return '';
  if (!Array.isArray(found) && !isObject(found)) return value(words(found), options);
  const { items, columns, named } = rowsOf(found);
  // A query selects its columns, so none is hidden.
  return isObject(found)
    ? record(found, columns, options)
    : rows(items, columns, { ...options, header: options.header && named, wide: true });
}

const succeeded = (sentence: string, details: readonly Detail[], { style }: TableOptions): string =>
  ended([`${style.green('✓')} ${lines(sentence)}`, ...detailLines(details, style)].join('\n'));

const value = (text: string, { terminal }: TableOptions): string => ended(terminal ? lines(text) : text);

async function record(item: Item, shown: readonly Column[], options: TableOptions): Promise<string> {
  const labels = Math.max(...shown.map((column) => heading(column).length));
  const room = (options.width ?? Number.POSITIVE_INFINITY) - labels - GAP;
  const lines = await Promise.all(
    shown.map(async (column) => {
      const text = cell(item, column, options);
      const label = options.style.dim(heading(column).padEnd(labels));
      return `${label}  ${column.wrap && options.width !== undefined ? await indented(text, room, labels + GAP) : text}\n`;
    }),
  );
  return lines.join('');
}

/** A text in lines of at most `room` columns, under each other. */
const indented = async (text: string, room: number, indent: number): Promise<string> =>
  (await import('./wrapping.ts')).wrapped(text, Math.max(room, NARROWEST)).join(`\n${' '.repeat(indent)}`);

/** A record, with the values that take further requests. */
async function whole({ item, columns, more }: View & { kind: 'record' }, options: TableOptions): Promise<string> {
  const shown = chosen(columns, options.fields);
  const known = more && shown.some(({ computed, cell }) => computed && !cell) ? { ...item, ...(await more()) } : item;
  // A field that the API did not send has no line; an empty one has.
  const sent = options.fields ? shown : shown.filter(({ key, cell }) => cell !== undefined || own(known, key) !== undefined);
  return record(known, sent.length > 0 ? sent : Object.keys(item).map((key) => ({ key })), options);
}

/** The columns to fit: all of them, or those for a narrow terminal. */
function offered(columns: readonly Column[], { fields, wide, width = ROOMY }: TableOptions): readonly Column[] {
  if (fields) return chosen(columns, fields);
  return wide || width >= ROOMY ? columns : columns.filter((column) => !column.wide);
}

async function rows(items: readonly Item[], columns: readonly Column[], options: TableOptions, late?: LateCells): Promise<string> {
  if (items.length === 0) return '';
  const { width, style, fields, wide } = options;
  const given = offered(columns, options);
  const cells = late && given.some(({ key }) => key === late.key) ? await late.read(items) : undefined;
  const shown = cells ? given.map((column) => (column.key === late?.key ? { ...column, cell: cells } : column)) : given;
  const { grid } = await import('./grid.ts');
  const body = items.map((item) => shown.map((column) => cell(item, column, options)));
  const head = options.header ? [shown.map((column) => style.bold(heading(column).toUpperCase()))] : [];
  const wraps = shown.map(({ wrap }) => wrap ?? false);
  const found = await grid([...head, ...body], { width, wraps, keep: wide || fields !== undefined });
  if (!fields) options.hidden?.(columns.length - (found?.shown ?? shown.length));
  return found?.text ?? (await import('./stacked.ts')).stacked(body, shown.map(heading), width ?? ROOMY, style);
}
