import { type Fault, readValue, type Value } from './value.ts';

/** A line of a dotenv file, or several if a value in double quotes spans them. */
export interface Piece {
  readonly start: number;
  /** Without the line break. */
  readonly end: number;
  /** With it. */
  readonly next: number;
  /** A quote is never closed: phpdotenv ignores the rest of the file, silently. */
  readonly open?: true;
}

/** A variable as a dotenv file defines it. */
export interface Entry extends Piece {
  readonly key: string;
  /** Undefined for a key without `=`, which removes the variable. */
  readonly value: Value | undefined;
  /** Where the value starts; the end of the entry if it has none. */
  readonly from: number;
}

export const BOM = '\ufeff';
export const lineBreaks = /\r\n|\n|\r/;

/** Splits a file as phpdotenv's Lines does, which looks for quotes in comments and plain values too. */
export function* piecesOf(text: string): Generator<Piece> {
  let opened: Piece | undefined;
  for (let start = text.startsWith(BOM) ? 1 : 0, next: number; start < text.length; start = next) {
    const [lineBreak = '', at = text.length] = firstBreak(text, start);
    next = at + lineBreak.length;
    const words = text.slice(start, at);
    const piece = { start, end: at, next };
    if (opened ? closes(words, 1) : !words.includes('="') || closes(words, 2)) {
      yield { ...piece, start: opened?.start ?? start };
      opened = undefined;
    } else opened ??= piece;
  }
  if (opened) yield { ...opened, end: text.length, next: text.length, open: true };
}

function firstBreak(text: string, start: number): [lineBreak?: string, at?: number] {
  const pattern = new RegExp(lineBreaks, 'g');
  pattern.lastIndex = start;
  const found = pattern.exec(text);
  return found ? [found[0], found.index] : [];
}

const closes = (line: string, quotes: number): boolean =>
  line === '"' || [...line.replaceAll('\\\\', '').matchAll(/(?<=[^\\])"/g)].length >= quotes;

/** PHP's trim: no form feed, but NUL. */
export const trimmed = (words: string): string => trimmedEnd(trimmedStart(words));
const trimmedStart = (words: string): string => words.replace(/^[ \t\n\r\0\v]+/, '');
const trimmedEnd = (words: string): string => {
  let end = words.length;
  while (end > 0 && ' \t\n\r\0\v'.includes(words.charAt(end - 1))) end -= 1;
  return words.slice(0, end);
};

/** True for a comment or a blank line. */
export const isComment = (words: string): boolean => /^(#|$)/.test(trimmed(words));

/** Letters with case, marks, digits, `_` and `.`, as phpdotenv allows. */
export const isKey = (key: string): boolean => /^[\p{Ll}\p{Lu}\p{M}\p{N}_.]+$/u.test(key);

/** The key of an entry; undefined if phpdotenv refuses it. */
export function keyOf(words: string): string | undefined {
  const at = words.indexOf('=');
  let key = at < 0 ? words : trimmed(words.slice(0, at));
  // phpdotenv wants at least two characters after `export `.
  if ([...key].length > 8 && /^export[ \t\n\r\f\v]/.test(key)) key = trimmedStart(key.slice(6));
  if (/^(["']).+\1$/su.test(key)) key = key.slice(1, -1);
  return isKey(key) ? key : undefined;
}

/** Reads the entry that a piece holds. */
export function entryOf(text: string, piece: Piece): Entry | Fault {
  const words = text.slice(piece.start, piece.end);
  const key = keyOf(words);
  const equals = words.indexOf('=');
  if (key === undefined) return { problem: 'expected KEY=VALUE with a key of letters, digits, dots and underscores', at: piece.start };
  if (equals < 0) return { ...piece, key, value: undefined, from: piece.end };
  const rest = words.slice(equals + 1);
  const start = piece.start + equals + 1;
  const blanks = rest.length - trimmedStart(rest).length;
  const value = readValue(trimmed(rest));
  // An empty value ends before the blanks of its comment.
  const from = 'length' in value && value.length === 0 ? start : start + blanks;
  return 'problem' in value ? { problem: `${key} ${value.problem}`, at: from + value.at } : { ...piece, key, value, from };
}
