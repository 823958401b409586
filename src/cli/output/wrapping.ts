import Table from 'cli-table3';
import { GAP, type Placed } from './layout.ts';
import { cut, piecesOf, widthOf } from './width.ts';

const edges = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
];

/** Longest cell, in columns: cli-table3 takes quadratic time in a cell, and cubic time where some characters are not one column wide. */
const LONGEST = { even: 5_000, uneven: 500 } as const;

/** Rows of aligned cells, in which columns that wrap take as many lines as they need. */
export function wrapping(rows: readonly (readonly string[])[], columns: readonly Placed[], wraps: readonly boolean[]): string {
  const options = {
    chars: Object.fromEntries(edges.map((edge) => [edge, ''])),
    style: { compact: true, 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
    colWidths: columns.map(({ width }) => width + GAP),
    wordWrap: true,
  };
  const shown = (row: readonly string[]) =>
    columns.map(({ index, width }) => (wraps[index] ? breakable(row[index] ?? '', width) : cut(row[index] ?? '', width)));
  // One table per row: cli-table3 takes quadratic time in the rows of a table.
  const tables = rows.map((row) => {
    const table = new Table(options);
    table.push(shown(row));
    return table.toString();
  });
  return tables.map((each) => `${each.replace(/ +$/gm, '')}\n`).join('');
}

/** Splits words longer than a line: cli-table3 breaks lines only at spaces and would cut them. */
const breakable = (text: string, width: number): string =>
  cut(text, text.length === widthOf(text) ? LONGEST.even : LONGEST.uneven)
    .split(' ')
    .flatMap((word) => (widthOf(word) > width ? piecesOf(word, width) : [word]))
    .join(' ');
