import { fitted, GAP, type Placed } from './layout.ts';
import { cut, widthOf } from './width.ts';

/** How to fit the cells. */
export interface GridOptions {
  /** The terminal's columns; undefined where nothing is to be cut. */
  readonly width: number | undefined;
  /** For each column, whether its cells take several lines instead of being cut. */
  readonly wraps: readonly boolean[];
}

/** Rows of cells in aligned columns, without rules. */
export async function grid(rows: readonly (readonly string[])[], { width, wraps }: GridOptions): Promise<string> {
  const measured = measure(rows);
  const { natural } = measured;
  if (width === undefined)
    return aligned(
      rows,
      measured,
      natural.map((each, index) => ({ index, width: each })),
    );
  // A column wider than the terminal counts as the terminal's width, so that fitting takes few steps.
  const columns = natural.map((each, index) => ({ width: Math.min(each, width), wrap: wraps[index] ?? false }));
  const placed = fitted(columns, width);
  const wrapped = placed.some((each) => wraps[each.index] && each.width < (natural[each.index] ?? 0));
  if (!wrapped) return aligned(rows, measured, placed);
  const { wrapping } = await import('./wrapping.ts');
  return wrapping(rows, placed, wraps);
}

/** The width of every cell, row after row, in one array: a list of many rows is measured once. */
interface Measured {
  readonly sizes: Uint32Array;
  readonly columns: number;
  /** The widest cell of each column. */
  readonly natural: readonly number[];
}

function measure(rows: readonly (readonly string[])[]): Measured {
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

/** Rows of padded cells. Pieces are joined once: strings that grow piece by piece cost memory for each of them. */
function aligned(rows: readonly (readonly string[])[], { sizes, columns: count }: Measured, placed: readonly Placed[]): string {
  const pieces: string[] = [];
  const blank = blanks();
  const last = placed.length - 1;
  rows.forEach((row, at) => {
    placed.forEach(({ index, width }, place) => {
      const cell = row[index] ?? '';
      const size = sizes[at * count + index] ?? 0;
      const shown = size > width ? cut(cell, width) : cell;
      if (place === last) pieces.push(shown.trimEnd(), '\n');
      else pieces.push(shown, blank(width + GAP - (shown === cell ? size : widthOf(shown))));
    });
  });
  return pieces.join('');
}

/** Blanks by their length, each made once. */
function blanks(): (length: number) => string {
  const made = new Map<number, string>();
  return (length) => {
    const known = made.get(length);
    if (known !== undefined) return known;
    const blank = ' '.repeat(length);
    made.set(length, blank);
    return blank;
  };
}
