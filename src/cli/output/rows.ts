import { isObject } from '../../base/json.ts';
import type { Column, Item } from './view.ts';

/** Things in rows and columns. */
export interface Rows {
  readonly items: readonly Item[];
  readonly columns: readonly Column[];
  /** False where the columns are only counted: they have no heading. */
  readonly named: boolean;
}

/** JSON of any shape as rows: an object has a column for each of its fields, an array one for each place, and any other value is alone in its row. */
export function rowsOf(value: unknown): Rows {
  const all: readonly unknown[] = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  const named = all.some(isObject);
  const items = all.map((each): Item => (isObject(each) ? each : { ...(Array.isArray(each) ? each : [each]) }));
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))].map((key) => ({ key }));
  return { items, columns, named };
}
