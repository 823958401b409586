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
  const natural = widestIn(rows, widthOf);
  if (width === undefined || natural.reduce((sum, each) => sum + each + GAP, -GAP) <= width) {
    const whole = natural.map((each, index) => ({ index, width: each }));
    return { text: aligned(rows, widthOf, whole), shown: natural.length };
  }
  const sized = natural.map((each, index): SizedColumn => {
    const { wrap = false, wide = false } = columns[index] ?? {};
    // A column wider than the terminal counts as the terminal's width plus one, so that fitting takes few steps.
    const least = wrap ? Math.min(each, Math.max(NARROWEST_SENTENCE, longestWord(rows, index, widthOf))) : each;
    return { index, width: Math.min(each, width + 1), least, wrap, wide };
  });
  const placed = fitted(sized, width, keep);
  if (!placed) return undefined;
  const shown = placed.length;
  if (placed.every((each) => each.width >= (natural[each.index] ?? 0))) return { text: aligned(rows, widthOf, placed), shown };
  return { text: await wrapping(rows, placed), shown };
}

type WidthOf = (text: string) => number;

/** How wide the cells are. What can measure any text takes a millisecond to load. */
const measureFor = async (rows: readonly (readonly string[])[]): Promise<WidthOf> =>
  rows.every((row) => row.every(isPlain)) ? (text) => text.length : (await import('./wrap.ts')).widthOf;

/** The widest cell of each column. */
function widestIn(rows: readonly (readonly string[])[], widthOf: WidthOf): readonly number[] {
  const widest: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widest[index] = Math.max(widest[index] ?? 0, widthOf(cell));
  return widest;
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

function aligned(rows: readonly (readonly string[])[], widthOf: WidthOf, placed: readonly PlacedColumn[]): string {
  const last = placed.length - 1;
  const cellOf = (row: readonly string[], { index, width }: PlacedColumn, at: number): string => {
    const text = row[index] ?? '';
    return at === last ? text.trimEnd() : text + ' '.repeat(width + GAP - widthOf(text));
  };
  return rows.map((row) => `${placed.map((column, at) => cellOf(row, column, at)).join('')}\n`).join('');
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
