import { GAP, NARROWEST } from './layout.ts';
import type { Style } from './style.ts';
import { widthOf } from './width.ts';
import { wrapped } from './wrapping.ts';

/** Formats rows that are too wide for the terminal: a line per value, and an empty line between rows. */
export function stacked(rows: readonly (readonly string[])[], labels: readonly string[], width: number, { dim }: Style): string {
  const indent = Math.max(...labels.map(widthOf)) + GAP;
  const room = Math.max(width - indent, NARROWEST);
  const padded = labels.map((label) => dim(label) + ' '.repeat(indent - widthOf(label)));
  const blank = ' '.repeat(indent);
  return rows
    .map((row) =>
      row.flatMap((cell, index) => wrapped(cell, room).map((line, at) => `${at === 0 ? padded[index] : blank}${line}\n`)).join(''),
    )
    .join('\n');
}
