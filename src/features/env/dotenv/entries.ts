import { type DnxError, usage } from '../../../base/errors.ts';
import { type DotenvValue, type Fault, readValue, resolvePlaceholders } from './value.ts';

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
export interface DotenvEntry extends Piece {
  readonly key: string;
  /** Undefined for a key without `=`, which removes the variable. */
  readonly value: DotenvValue | undefined;
  /** Where the value starts; the end of the entry if it has none. */
  readonly from: number;
}

export const BOM = '\ufeff';
export const lineBreaks = /\r\n|\n|\r/;

/** Splits a file as phpdotenv's Lines does, which looks for quotes in comments and plain values too. */
export function* dotenvPieces(text: string): Generator<Piece> {
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
export const isDotenvComment = (words: string): boolean => /^(#|$)/.test(trimmed(words));

/** Letters with case, marks, digits, `_` and `.`, as phpdotenv allows. */
export const isDotenvKey = (key: string): boolean => /^[\p{Ll}\p{Lu}\p{M}\p{N}_.]+$/u.test(key);

/** The key of an entry; undefined if phpdotenv refuses it. */
export function dotenvKey(words: string): string | undefined {
  const at = words.indexOf('=');
  let key = at < 0 ? words : trimmed(words.slice(0, at));
  // phpdotenv wants at least two characters after `export `.
  if ([...key].length > 8 && /^export[ \t\n\r\f\v]/.test(key)) key = trimmedStart(key.slice(6));
  if (/^(["']).+\1$/su.test(key)) key = key.slice(1, -1);
  return isDotenvKey(key) ? key : undefined;
}

/** Reads the entry that a piece holds. */
export function dotenvEntry(text: string, piece: Piece): DotenvEntry | Fault {
  const words = text.slice(piece.start, piece.end);
  const key = dotenvKey(words);
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

/** Adds a variable to those before it. */
export function readEntry(
  { key, value }: Pick<DotenvEntry, 'key' | 'value'>,
  variables: Map<string, string>,
  references?: Map<string, string>,
): void {
  references?.delete(key);
  if (value === undefined) {
    variables.delete(key);
    return;
  }
  const words = resolvePlaceholders(value, variables);
  if (words === undefined) throw usage(`${key} has placeholders that make it longer than 1 MB.`);
  variables.set(key, words);
  if (isReferenceIn(value, words)) references?.set(key, words);
}

/** 1Password's names may have blanks, as may files. With a quote, or on several lines, it is a plain value. */
const reference = /^(?:(?:op|file):\/\/[^\s'"](?:[^\r\n\t'"]*[^\s'"])?|env:\/\/[A-Za-z_]\w*)$/;

/** True for a value that stands for another, and is not in single quotes: `op://vault/item/field`, `file://PATH` or `env://NAME`. */
export const isReferenceIn = (value: DotenvValue, words: string): boolean => value.quote !== "'" && reference.test(words);

/** The entries of a dotenv file. */
export function* dotenvEntries(text: string, name = '.env'): Generator<DotenvEntry> {
  const refused = (at: number, problem: string): DnxError => usage(`${name} line ${lineAt(text, at)}: ${problem}.`);
  const damaged = text.search(/[\0\ufffd]/);
  if (damaged >= 0) throw refused(damaged, text[damaged] === '\0' ? 'the file has a NUL character' : 'the file is not valid UTF-8');
  for (const piece of dotenvPieces(text)) {
    const words = text.slice(piece.start, piece.end);
    if (piece.open) {
      // phpdotenv would silently ignore the rest of the file.
      if (!words.split(/[\r\n]/).every(isDotenvComment))
        throw refused(piece.start, 'a quote is never closed, and Laravel would ignore the rest of the file');
      return;
    }
    if (isDotenvComment(words)) continue;
    const entry = dotenvEntry(text, piece);
    if ('problem' in entry) throw refused(entry.at, entry.problem);
    yield entry;
  }
}

/** The number of the line at a position. */
export const lineAt = (text: string, at: number): number => text.slice(0, at).split(/\r\n|\n|\r/).length;
