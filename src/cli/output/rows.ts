import { isObject } from '../../base/json.ts';
import type { Column, Item } from './view.ts';

/** Items and the columns to print. */
export interface Rows {
  readonly items: readonly Item[];
  readonly columns: readonly Column[];
  /** False if the columns are indexes, which have no headings. */
  readonly named: boolean;
}

/** JSON of any shape as rows: a column per field of an object or per index of an array, and a row of its own for any other value. */
export function rowsOf(value: unknown): Rows {
  const all: readonly unknown[] = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  const named = all.some(isObject);
  const items = all.map((each): Item => (isObject(each) ? each : { ...(Array.isArray(each) ? each : [each]) }));
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))].map((key) => ({ key }));
  return { items, columns, named };
}
