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
  const natural = naturalWidths(rows);
  if (width === undefined)
    return aligned(
      rows,
      natural.map((each, index) => ({ index, width: each })),
    );
  // A column wider than the terminal counts as the terminal's width, so that fitting takes few steps.
  const columns = natural.map((each, index) => ({ width: Math.min(each, width), wrap: wraps[index] ?? false }));
  const placed = fitted(columns, width);
  const wrapped = placed.some((each) => wraps[each.index] && each.width < (natural[each.index] ?? 0));
  if (!wrapped) return aligned(rows, placed);
  const { wrapping } = await import('./wrapping.ts');
  return wrapping(rows, placed, wraps);
}

function naturalWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const widths = (rows[0] ?? []).map(() => 0);
  for (const row of rows) {
    for (let index = 0; index < widths.length; index++) {
      const width = widthOf(row[index] ?? '');
      if (width > (widths[index] ?? 0)) widths[index] = width;
    }
  }
  return widths;
}

function aligned(rows: readonly (readonly string[])[], columns: readonly Placed[]): string {
  const last = columns.length - 1;
  const cells = (row: readonly string[]) =>
    columns.map(({ index, width }, at) => (at < last ? padded(row[index] ?? '', width) : cut(row[index] ?? '', width).trimEnd()));
  return rows.map((row) => `${cells(row).join('')}\n`).join('');
}

function padded(cell: string, width: number): string {
  const size = widthOf(cell);
  if (size <= width) return cell.padEnd(width + GAP + cell.length - size);
  const shown = cut(cell, width);
  return shown.padEnd(width + GAP + shown.length - widthOf(shown));
}
