import { stripVTControlCharacters } from 'node:util';
import { GAP, type Placed } from './layout.ts';
import { piecesOf, widthOf } from './width.ts';

/** Break points in a word that is longer than a line. */
const BREAK = /(?<=[/.,:;@_=?&-])/;

/** Formats rows of aligned cells that wrap. */
export function wrapping(rows: readonly (readonly string[])[], columns: readonly Placed[]): string {
  const pieces: string[] = [];
  for (const row of rows) {
    const cells = columns.map(({ index, width }) => wrapped(row[index] ?? '', width));
    const height = Math.max(...cells.map((each) => each.length));
    for (let at = 0; at < height; at++) pieces.push(joined(cells, at, columns), '\n');
  }
  return pieces.join('');
}

const joined = (cells: readonly (readonly string[])[], at: number, columns: readonly Placed[]): string =>
  columns
    .map(({ width }, index) => {
      const line = cells[index]?.[at] ?? '';
      return line + ' '.repeat(width + GAP - widthOf(line));
    })
    .join('')
    .trimEnd();

/** Wraps a text at `width` columns: between words, then after punctuation, then between characters. */
export function wrapped(text: string, width: number): readonly string[] {
  if (widthOf(text) <= width) return [text];
  const words = stripVTControlCharacters(text).split(' ');
  return packed(
    words.flatMap((word) => partsOf(word, width)),
    width,
  );
}

interface Part {
  readonly text: string;
  readonly width: number;
  /** True at the start of a word, which needs a space before it. */
  readonly begins: boolean;
}

/** Splits a word into parts that fit on a line. */
function partsOf(word: string, width: number): readonly Part[] {
  const size = widthOf(word);
  if (size <= width) return [{ text: word, width: size, begins: true }];
  const pieces = word.split(BREAK).flatMap((part) => (widthOf(part) > width ? piecesOf(part, width) : [part]));
  return pieces.map((text, at) => ({ text, width: widthOf(text), begins: at === 0 }));
}

function packed(parts: readonly Part[], width: number): readonly string[] {
  const lines: string[] = [];
  let line: string[] = [];
  let used = 0;
  for (const part of parts) {
    const space = part.begins && line.length > 0 ? 1 : 0;
    if (line.length > 0 && used + space + part.width > width) {
      lines.push(line.join(''));
      line = [part.text];
      used = part.width;
    } else {
      line.push(space ? ` ${part.text}` : part.text);
      used += space + part.width;
    }
  }
  return [...lines, line.join('')];
}
