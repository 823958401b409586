import { fitted, GAP, type Placed, type Sized } from './layout.ts';
import { isPlain } from './plain.ts';

/** Options for a grid. */
export interface GridOptions {
  /** The width of the terminal; undefined for no limit. */
  readonly width: number | undefined;
  /** Whether each column may wrap. */
  readonly wraps: readonly boolean[];
  /** Never hide a column. */
  readonly keep: boolean;
}

/** A formatted table and its number of visible columns. */
export interface Grid {
  readonly text: string;
  readonly shown: number;
}

/** A wrapping column is at least as wide as its longest word, up to this width. */
const LONGEST_WORD = 20;

/** The minimum width of a wrapping column. */
const NARROWEST_SENTENCE = 12;

/** Formats rows as aligned columns. Undefined if they do not fit the width. */
export async function grid(rows: readonly (readonly string[])[], { width, wraps, keep }: GridOptions): Promise<Grid | undefined> {
  const widthOf = await measureFor(rows);
  const measured = measure(rows, widthOf);
  const { natural } = measured;
  if (width === undefined || natural.reduce((sum, each) => sum + each + GAP, -GAP) <= width)
    return {
      text: aligned(
        rows,
        measured,
        natural.map((each, index) => ({ index, width: each })),
      ),
      shown: natural.length,
    };
  const columns = natural.map((each, index): Sized => {
    const wrap = wraps[index] ?? false;
    // A column wider than the terminal counts as the terminal's width plus one, so that fitting takes few steps.
    const least = wrap ? Math.min(each, Math.max(NARROWEST_SENTENCE, longestWord(rows, index, widthOf))) : each;
    return { width: Math.min(each, width + 1), least, wrap };
  });
  const placed = fitted(columns, width, keep);
  if (!placed) return undefined;
  const shown = placed.length;
  if (placed.every((each) => each.width >= (natural[each.index] ?? 0))) return { text: aligned(rows, measured, placed), shown };
  const { wrapping } = await import('./wrapping.ts');
  return { text: wrapping(rows, placed), shown };
}

type WidthOf = (text: string) => number;

/** How wide the cells are. What can measure any text takes a millisecond to load. */
const measureFor = async (rows: readonly (readonly string[])[]): Promise<WidthOf> =>
  rows.every((row) => row.every(isPlain)) ? (text) => text.length : (await import('./width.ts')).widthOf;

/** The width of the longest word in a column, up to a limit. */
function longestWord(rows: readonly (readonly string[])[], index: number, widthOf: WidthOf): number {
  let longest = 0;
  for (const row of rows) {
    for (const word of (row[index] ?? '').split(' ')) longest = Math.max(longest, Math.min(widthOf(word), LONGEST_WORD));
    if (longest === LONGEST_WORD) break;
  }
  return longest;
}

/** The width of every cell, row by row in one array, so that each is measured once. */
interface Measured {
  readonly sizes: Uint32Array;
  readonly columns: number;
  /** The widest cell of each column. */
  readonly natural: readonly number[];
}

function measure(rows: readonly (readonly string[])[], widthOf: WidthOf): Measured {
  const columns = rows[0]?.length ?? 0;
  const sizes = new Uint32Array(rows.length * columns);
  const natural = new Array<number>(columns).fill(0);
  rows.forEach((row, at) => {
    for (let index = 0; index < columns; index++) {
      const size = widthOf(row[index] ?? '');
      sizes[at * columns + index] = size;
      if (size > (natural[index] ?? 0)) natural[index] = size;
    }
  });
  return { sizes, columns, natural };
}

/** Rows that are joined at once: an array of this size is filled and joined much faster than one for a long list. */
const PART = 500;

/** Joins padded cells. */
function aligned(rows: readonly (readonly string[])[], { sizes, columns: count }: Measured, placed: readonly Placed[]): string {
  const parts: string[] = [];
  const pieces: string[] = [];
  const blanks: string[] = [];
  const before = placed.slice(0, -1);
  const last = placed.at(-1)?.index ?? 0;
  for (let from = 0; from < rows.length; from += PART) {
    const until = Math.min(from + PART, rows.length);
    let filled = 0;
    for (let at = from; at < until; at++) {
      const row = rows[at] ?? [];
      for (const { index, width } of before) {
        const space = width + GAP - (sizes[at * count + index] ?? 0);
        blanks[space] ??= ' '.repeat(space);
        pieces[filled++] = row[index] ?? '';
        pieces[filled++] = blanks[space];
      }
      pieces[filled++] = (row[last] ?? '').trimEnd();
      pieces[filled++] = '\n';
    }
    pieces.length = filled;
    parts.push(pieces.join(''));
  }
  return parts.join('');
}
