import { isObject, toJson } from '../../base/json.ts';

/**
 * Returns a function that tells whether a page has only rows of earlier pages. It keeps the page before and one that is replaced
 * after 1, 2, 4, 8… pages, so that it finds pages that repeat in any period without remembering the whole list.
 */
export function repetition(): (rows: readonly unknown[]) => boolean {
  let before: ReadonlySet<string> = new Set();
  let kept: ReadonlySet<string> = new Set();
  let pages = 0;
  let next = 1;
  return (rows) => {
    const keys = new Set(rows.map(keyOf));
    const again = keys.size > 0 && [...keys].every((key) => before.has(key) || kept.has(key));
    before = keys;
    pages += 1;
    if (pages === next) {
      kept = keys;
      next *= 2;
    }
    return again;
  };
}

const keyOf = (row: unknown): string => toJson((isObject(row) ? row.id : undefined) ?? row);
