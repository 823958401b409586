import type { Detail } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { type CellOptions, cell, heading, words } from './cell.ts';
import { detailLines } from './details.ts';
import { grid } from './grid.ts';
import { GAP, NARROWEST } from './layout.ts';
import { chosen, dataOf, type Narrowing, narrowed, type Shown } from './narrow.ts';
import { rowsOf } from './rows.ts';
import { ended } from './separated.ts';
import { json, lines } from './text.ts';
import type { Column, Item, LateCells, View } from './view.ts';
import { wrapFor } from './wrap.ts';

/** Options for a table. */
export interface TableOptions extends CellOptions, Narrowing {
  readonly header: boolean;
  /** The width of the terminal; undefined for no limit. */
  readonly width: number | undefined;
  /** Show every column at any width. */
  readonly wide: boolean;
  /** Called with the number of hidden columns. */
  readonly hidden?: (columns: number) => void;
}

/** Terminals of this width show wide columns. */
const ROOMY = 120;

/** Formats a view for people. */
export async function table(view: Shown, options: TableOptions): Promise<string> {
  switch (view.kind) {
    case 'data':
      return `${json(dataOf(view, options), 2)}\n`;
    case 'message':
      return view.done ? succeeded(view.text, view.done, options) : ended((await wrapIn(options))(lines(view.text)));
    case 'text':
      return value(view.text, options);
    case 'record':
      if (view.done !== undefined && view.details && !options.fields) return succeeded(view.done, view.details, options);
      if (view.title !== undefined && view.details && !options.fields) return titled(view.title, view.details, options, view.failed);
      return `${view.done === undefined ? '' : await succeeded(view.done, [], options)}${await whole(view, options)}`;
    case 'rows':
      return rows(narrowed(view.items, options, view.columns), view.columns, options, view);
  }
}

/** Formats the result of a query: a list as rows, an object as a record, anything else as text. */
export async function yieldTable(found: unknown, options: TableOptions): Promise<string> {
  if (found === null) return '';
  if (!Array.isArray(found) && !isObject(found)) return value(words(found), options);
  const { items, columns, named } = rowsOf(found);
  // A query selects its columns, so none are hidden.
  return isObject(found)
    ? record(found, columns, options)
    : rows(items, columns, { ...options, header: options.header && named, wide: true });
}

async function succeeded(sentence: string, details: readonly Detail[], options: TableOptions): Promise<string> {
  const { style } = options;
  const wrap = await wrapIn(options);
  return ended([wrap(`${style.green('✓')} ${lines(sentence)}`, 2), ...detailLines(details, style, wrap)].join('\n'));
}

async function titled(title: string, details: readonly Detail[], options: TableOptions, failed = false): Promise<string> {
  const { style } = options;
  const wrap = await wrapIn(options);
  const heading = failed ? wrap(`${style.red('✗')} ${style.bold(lines(title))}`, 2) : wrap(style.bold(lines(title)));
  return ended([heading, ...detailLines(details, style, wrap)].join('\n'));
}

const wrapIn = ({ width }: TableOptions) => wrapFor({ isTTY: width !== undefined, columns: width });

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

/** Wraps a text at `room` columns and indents all lines but the first. */
const indented = async (text: string, room: number, indent: number): Promise<string> =>
  (await import('./wrapping.ts')).wrapped(text, Math.max(room, NARROWEST)).join(`\n${' '.repeat(indent)}`);

/** A record, including the values that need further requests. */
async function whole({ item, columns, more }: View & { kind: 'record' }, options: TableOptions): Promise<string> {
  const shown = chosen(columns, options.fields);
  const known = more && shown.some(({ computed, cell }) => computed && !cell) ? { ...item, ...(await more()) } : item;
  // Fields that the API did not send are omitted; null and empty ones are shown.
  const sent = options.fields ? shown : shown.filter(({ key, cell }) => cell !== undefined || own(known, key) !== undefined);
  return record(known, sent.length > 0 ? sent : Object.keys(item).map((key) => ({ key })), options);
}

/** The columns for this width. */
function offered(columns: readonly Column[], { fields, wide, width = ROOMY }: TableOptions): readonly Column[] {
  if (fields) return chosen(columns, fields);
  return wide || width >= ROOMY ? columns : columns.filter((column) => !column.wide);
}

/** True if the table shows the column of these cells. */
export const showsLate = (columns: readonly Column[], { key: late }: LateCells, options: TableOptions): boolean =>
  offered(columns, options).some(({ key }) => key === late);

async function rows(
  items: readonly Item[],
  columns: readonly Column[],
  options: TableOptions,
  { late, marked }: { readonly late?: LateCells; readonly marked?: (item: Item) => boolean } = {},
): Promise<string> {
  if (items.length === 0) return '';
  const { width, style, fields, wide } = options;
  const given = offered(columns, options);
  const cells = late && showsLate(columns, late, options) ? await late.read(items) : undefined;
  const shown = cells ? given.map((column) => (column.key === late?.key ? { ...column, cell: cells } : column)) : given;
  const body = items.map((item) => {
    const cells = shown.map((column) => cell(item, column, options));
    return marked?.(item) ? cells.map((text, at) => (at === 0 ? style.bold(text) : text)) : cells;
  });
  const head = options.header ? [shown.map((column) => style.bold(heading(column).toUpperCase()))] : [];
  const wraps = shown.map(({ wrap }) => wrap ?? false);
  const found = await grid([...head, ...body], { width, wraps, keep: wide || fields !== undefined });
  if (!fields) options.hidden?.(columns.length - (found?.shown ?? shown.length));
  return found?.text ?? (await import('./stacked.ts')).stacked(body, shown.map(heading), width ?? ROOMY, style);
}
