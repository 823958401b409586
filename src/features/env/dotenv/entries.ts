import { type DnxError, usage } from '../../../base/errors.ts';

/** A value in a dotenv file, before `${…}` is resolved. */
interface DotenvValue {
  readonly text: string;
  /** Where `$` stands in the text and is not escaped. */
  readonly dollars: readonly number[];
  readonly quote: Quote;
  /** How much of the source is the value; blanks and a comment may follow. */
  readonly length: number;
}

export type Quote = '' | "'" | '"';

/** What phpdotenv refuses about a value, and where. */
export interface Fault {
  readonly problem: string;
  readonly at: number;
}

type State = 'initial' | 'unquoted' | 'single' | 'double' | 'escape' | 'after' | 'comment';

/** The tokens of phpdotenv's Lexer. Only ASCII blanks count. Its limit of 1,000 shows in a value that starts with a form feed. */
const tokens = /\r\n|[\r\n]|[ \t\f\v]{1,1000}|[\\'"#$]|[^ \t\f\v\r\n\\'"#$]+/g;
const blank = /^[ \t\f\v\r\n]/;
const escapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', $: '$', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Reads what stands after `=`, without the blanks around it. The states are those of phpdotenv's EntryParser. */
function readValue(source: string): DotenvValue | Fault {
  let state = 'initial' as State;
  let [text, length] = ['', 0];
  let quote: Quote = '';
  const dollars: number[] = [];
  for (const { 0: token, index } of source.matchAll(tokens)) {
    const add = (added: string, next: State) => {
      if (token === '$' && state !== 'single' && state !== 'escape') dollars.push(text.length);
      text += added;
      length = index + token.length;
      state = next;
    };
    if (state === 'initial' && (token === "'" || token === '"')) {
      quote = token;
      state = token === '"' ? 'double' : 'single';
    } else if (state === 'initial' || state === 'unquoted') {
      if (token === '#') state = 'comment';
      else if (state === 'unquoted' && blank.test(token)) state = 'after';
      else add(token, 'unquoted');
    } else if (state === 'single' || state === 'double') {
      if (token === quote) add('', 'after');
      else if (state === 'double' && token === '\\') state = 'escape';
      else add(/^[\r\n]/.test(token) ? '\n' : token, state);
    } else if (state === 'escape') {
      const escaped = escapes[token.charAt(0)];
      if (escaped === undefined) return { problem: 'has an unknown escape sequence; write \\\\ for a backslash', at: index };
      add(escaped + token.slice(1), 'double');
    } else if (state === 'after') {
      if (token === '#') state = 'comment';
      else if (!blank.test(token))
        return { problem: quote ? 'has text after its closing quote' : 'has a space in its value; put the value in quotes', at: index };
    }
  }
  if (state === 'single' || state === 'double' || state === 'escape') return { problem: 'has no closing quote', at: 0 };
  return { text, dollars, quote, length };
}

const MOST = 1_000_000;

/**
 * Replaces `${NAME}` by the variables before it. From the last to the first, as phpdotenv does: a value may complete another name.
 * Undefined if that makes the value too long.
 */
export function resolvePlaceholders({ text, dollars }: DotenvValue, variables: ReadonlyMap<string, string>): string | undefined {
  const placeholder = /\$\{([a-zA-Z0-9_.]+)\}/y;
  let known = text;
  for (const at of dollars.toReversed()) {
    placeholder.lastIndex = at;
    const [all = '', name = ''] = placeholder.exec(known) ?? [];
    const value = variables.get(name);
    if (value === undefined) continue;
    known = known.slice(0, at) + value + known.slice(at + all.length);
    if (known.length > MOST) return undefined;
  }
  return known;
}

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
export const REFERENCE = /^(?:(?:op|file):\/\/[^\s'"](?:[^\r\n\t'"]*[^\s'"])?|env:\/\/[A-Za-z_]\w*)$/;

/** True for a value that stands for another, and is not in single quotes: `op://vault/item/field`, `file://PATH` or `env://NAME`. */
export const isReferenceIn = (value: DotenvValue, words: string): boolean => value.quote !== "'" && REFERENCE.test(words);

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
