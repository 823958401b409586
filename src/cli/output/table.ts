import type { Detail } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { type CellOptions, cell, heading, words } from './cell.ts';
import { detailLines } from './details.ts';
import { chosen, dataOf, type Narrowing, narrowed, type Shown } from './narrow.ts';
import { rowsOf } from './rows.ts';
import { ended } from './separated.ts';
import { json, lines } from './text.ts';
import type { Column, Item } from './view.ts';

/** What a table depends on beside its view. */
export interface TableOptions extends CellOptions, Narrowing {
  readonly header: boolean;
  /** Columns of the terminal; undefined where nothing is to be cut. */
  readonly width: number | undefined;
  /** Stdout is a terminal: a value is made harmless for it. Elsewhere it goes byte for byte. */
  readonly terminal: boolean;
}

/** A view for a person. */
export async function table(view: Shown, options: TableOptions): Promise<string> {
  switch (view.kind) {
    case 'data':
      return `${json(dataOf(view, options), 2)}\n`;
    case 'message':
      return view.done ? succeeded(view.text, view.done, options) : ended(lines(view.text));
    case 'text':
      return value(view.text, options);
    case 'record': {
      if (view.done !== undefined && view.details && !options.fields) return succeeded(view.done, view.details, options);
      // What the API did not send has no line; what it sent empty has one.
      const sent = view.columns.filter(({ key, cell }) => cell !== undefined || own(view.item, key) !== undefined);
      const shown = chosen(sent.length > 0 ? sent : Object.keys(view.item).map((key) => ({ key })), options.fields);
      return `${view.done === undefined ? '' : succeeded(view.done, [], options)}${record(view.item, shown, options)}`;
    }
    case 'rows':
      return rows(narrowed(view.items, options), chosen(view.columns, options.fields), options);
  }
}

/** What an expression yielded, for a person: a list as rows, an object as a record, and anything else as it is. */
export async function yieldTable(found: unknown, options: TableOptions): Promise<string> {
  if (found === null) return '';
  if (!Array.isArray(found) && !isObject(found)) return value(words(found), options);
  const { items, columns, named } = rowsOf(found);
  return isObject(found) ? record(found, columns, options) : rows(items, columns, { ...options, header: options.header && named });
}

const succeeded = (sentence: string, details: readonly Detail[], { style }: TableOptions): string =>
  ended([`${style.green('✓')} ${lines(sentence)}`, ...detailLines(details, style)].join('\n'));

const value = (text: string, { terminal }: TableOptions): string => ended(terminal ? lines(text) : text);

function record(item: Item, shown: readonly Column[], options: TableOptions): string {
  const width = Math.max(...shown.map((column) => heading(column).length));
  return shown.map((column) => `${options.style.dim(heading(column).padEnd(width))}  ${cell(item, column, options)}\n`).join('');
}

async function rows(items: readonly Item[], shown: readonly Column[], options: TableOptions): Promise<string> {
  if (items.length === 0) return '';
  const { grid } = await import('./grid.ts');
  const body = items.map((item) => shown.map((column) => cell(item, column, options)));
  const head = options.header ? [shown.map((column) => options.style.bold(heading(column).toUpperCase()))] : [];
  return grid([...head, ...body], { width: options.width, wraps: shown.map(({ wrap }) => wrap ?? false) });
}
