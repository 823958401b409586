import { isPlain } from '../../base/text.ts';
import type { Style } from './text.ts';

/** Spaces between two columns. */
export const GAP = 2;

/** The minimum width of a value. */
export const NARROWEST = 8;

interface GridOptions {
  /** The width of the terminal; undefined for no limit. */
  readonly width: number | undefined;
  /** Whether each column may wrap, and whether it is a detail, for which no other column is narrowed. */
  readonly columns: readonly { readonly wrap?: boolean | undefined; readonly wide?: boolean | undefined }[];
  readonly keep: boolean;
}

/** Formats rows as aligned columns, and counts those. Undefined if they do not fit the width. */
export async function grid(rows: readonly (readonly string[])[], { width, columns, keep }: GridOptions) {
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
  const sized = natural.map((each, index): SizedColumn => {
    const { wrap = false, wide = false } = columns[index] ?? {};
    // A column wider than the terminal counts as the terminal's width plus one, so that fitting takes few steps.
    const least = wrap ? Math.min(each, Math.max(NARROWEST_SENTENCE, longestWord(rows, index, widthOf))) : each;
    return { index, width: Math.min(each, width + 1), least, wrap, wide };
  });
  const placed = fitted(sized, width, keep);
  if (!placed) return undefined;
  const shown = placed.length;
  if (placed.every((each) => each.width >= (natural[each.index] ?? 0))) return { text: aligned(rows, measured, placed), shown };
  return { text: await wrapping(rows, placed), shown };
}

type WidthOf = (text: string) => number;

/** How wide the cells are. What can measure any text takes a millisecond to load. */
const measureFor = async (rows: readonly (readonly string[])[]): Promise<WidthOf> =>
  rows.every((row) => row.every(isPlain)) ? (text) => text.length : (await import('./wrap.ts')).widthOf;

/** The width of every cell, row by row in one array, so that each is measured once. */
interface Measures {
  readonly sizes: Uint32Array;
  readonly columns: number;
  /** The widest cell of each column. */
  readonly natural: readonly number[];
}

function measure(rows: readonly (readonly string[])[], widthOf: WidthOf): Measures {
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

/** A wrapping column is at least as wide as its longest word, up to this width. */
const LONGEST_WORD = 20;

const NARROWEST_SENTENCE = 12;

function longestWord(rows: readonly (readonly string[])[], index: number, widthOf: WidthOf): number {
  let longest = 0;
  for (const row of rows) {
    for (const word of (row[index] ?? '').split(' ')) longest = Math.max(longest, Math.min(widthOf(word), LONGEST_WORD));
    if (longest === LONGEST_WORD) break;
  }
  return longest;
}

interface PlacedColumn {
  readonly index: number;
  readonly width: number;
}

interface SizedColumn extends PlacedColumn {
  /** Less than `width` for a column that wraps. */
  readonly least: number;
  readonly wrap: boolean;
  readonly wide: boolean;
}

/** The first columns identify a row and are never hidden. */
const ALWAYS_SHOWN = 2;

/**
 * Fits columns into `width`: narrows those that wrap, and unless `keep` is set, hides those for which there is no room, the first ones
 * last. Undefined if the rest does not fit.
 */
function fitted(columns: readonly SizedColumn[], width: number, keep: boolean): readonly PlacedColumn[] | undefined {
  const isKept = ({ index, wrap }: SizedColumn) => keep || index < ALWAYS_SHOWN || wrap;
  let shown = columns.filter(isKept);
  if (total(shown.map(({ least }) => least)) > width) return undefined;
  for (const next of columns.filter((column) => !isKept(column))) {
    const more = [...shown, next];
    if (total(more.map((column) => (next.wide ? column.width : column.least))) <= width) shown = more;
  }
  shown.sort((one, other) => one.index - other.index);
  return squeezed(shown, width).map((each, at) => ({ index: shown[at]?.index ?? 0, width: each }));
}

const total = (widths: readonly number[]): number => widths.reduce((sum, each) => sum + each, GAP * (widths.length - 1));

function squeezed(columns: readonly SizedColumn[], width: number): readonly number[] {
  const widths = columns.map((each) => each.width);
  for (let excess = total(widths) - width; excess > 0; excess--) {
    const open = columns.flatMap(({ least }, at) => ((widths[at] ?? 0) > least ? [at] : []));
    const widest = open.reduce((best, at) => ((widths[at] ?? 0) > (widths[best] ?? 0) ? at : best), open[0] ?? 0);
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Rows that are joined at once: an array of this size is filled and joined much faster than one for a long list. */
const PART = 500;

function aligned(rows: readonly (readonly string[])[], { sizes, columns: count }: Measures, placed: readonly PlacedColumn[]): string {
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

async function wrapping(rows: readonly (readonly string[])[], columns: readonly PlacedColumn[]): Promise<string> {
  const { widthOf, wrappedLines } = await import('./wrap.ts');
  const lines: string[] = [];
  for (const row of rows) {
    const cells = columns.map(({ index, width }) => wrappedLines(row[index] ?? '', width));
    const height = Math.max(...cells.map((each) => each.length));
    for (let at = 0; at < height; at++) {
      const padded = columns.map(({ width }, index) => {
        const text = cells[index]?.[at] ?? '';
        return text + ' '.repeat(width + GAP - widthOf(text));
      });
      lines.push(`${padded.join('').trimEnd()}\n`);
    }
  }
  return lines.join('');
}

/** Formats rows that are too wide for the terminal: a line per value, and an empty line between rows. */
export async function stacked(
  rows: readonly (readonly string[])[],
  labels: readonly string[],
  width: number,
  { dim }: Style,
): Promise<string> {
  const { widthOf, wrappedLines } = await import('./wrap.ts');
  const indent = Math.max(...labels.map(widthOf)) + GAP;
  const room = Math.max(width - indent, NARROWEST);
  const padded = labels.map((label) => dim(label) + ' '.repeat(indent - widthOf(label)));
  const blank = ' '.repeat(indent);
  const lines = (cell: string, index: number) => wrappedLines(cell, room).map((line, at) => `${at === 0 ? padded[index] : blank}${line}\n`);
  return rows.map((row) => row.flatMap(lines).join('')).join('\n');
}
