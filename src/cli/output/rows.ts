import { isObject } from '../../base/json.ts';
import type { Column, Item } from './view.ts';

/** Items and the columns to print. */
export interface Rows {
  readonly items: readonly Item[];
  readonly columns: readonly Column[];
  /** False if the columns are indexes, which have no headings. */
  readonly named: boolean;
}

/** Turns any JSON into rows, with a column per object field or array index. */
export function rowsOf(value: unknown): Rows {
  const all: readonly unknown[] = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  const named = all.some(isObject);
  const items = all.map((each): Item => (isObject(each) ? each : { ...(Array.isArray(each) ? each : [each]) }));
  const keys = new Set<string>();
  for (const item of items) for (const key of Object.keys(item)) keys.add(key);
  return { items, columns: [...keys].map((key) => ({ key })), named };
}
