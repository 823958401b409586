import { usage } from '../../../base/errors.ts';
import { safeLine } from '../../../cli/output/text.ts';
import {
  BOM,
  type DotenvEntry,
  dotenvEntries,
  dotenvEntry,
  dotenvKey,
  dotenvPieces,
  isDotenvComment,
  isDotenvKey,
  isReferenceIn,
  lineBreaks,
  type Quote,
  readEntry,
  resolvePlaceholders,
} from './entries.ts';

/** A dotenv file as Laravel reads it. */
export interface Dotenv {
  /** In the order of the file. Of a key given twice, the last value. */
  readonly variables: ReadonlyMap<string, string>;
  /** The variables whose value is a reference, such as `op://…`. In single quotes it is a plain value. */
  readonly references: ReadonlyMap<string, string>;
}

/** Reads a dotenv file. Throws a usage error that names the line for what phpdotenv refuses, and never quotes a value. */
export function parseDotenv(text: string, name = '.env'): Dotenv {
  const variables = new Map<string, string>();
  const references = new Map<string, string>();
  for (const entry of dotenvEntries(text, name)) readEntry(entry, variables, references);
  return { variables, references };
}

/** The keys that a file names, such as those of `.env.example`. Never throws: a line that is no entry is left out. */
export function keysIn(text: string): readonly string[] {
  const keys = [...dotenvPieces(text)].flatMap(({ start, end, open }) => {
    const words = text.slice(start, end);
    return (open ? words.split(/[\r\n]+/) : [words]).filter((item) => !isDotenvComment(item)).map(dotenvKey);
  });
  return [...new Set(keys.filter((key) => key !== undefined))];
}

type Variables = ReadonlyMap<string, string>;

/**
 * Sets variables in place, adds new ones at the end, and removes those set to undefined. Every other byte stays.
 * So does a line that already reads as wanted. With `${NAME}` in it, a line may read differently after a change of NAME.
 */
export function editDotenv(text: string, changes: ReadonlyMap<string, string | undefined>, name = '.env'): string {
  for (const [key, value] of changes) if (value !== undefined) checkHolds(key, value);
  const entries = [...dotenvEntries(text, name)];
  const last = new Map(entries.map((entry) => [entry.key, entry]));
  const [lineBreak = '\n'] = text.match(lineBreaks) ?? [];
  const variables = new Map<string, string>();
  let edited = '';
  let copied = 0;
  const replace = (start: number, end: number, words: string) => {
    edited += text.slice(copied, start) + words;
    copied = end;
  };
  for (const entry of entries) {
    const { key, start, end, next, value } = entry;
    const wanted = changes.get(key);
    if (changes.has(key) && wanted === undefined) replace(start, next, '');
    else if (wanted === undefined || last.get(key) !== entry || (value && resolvePlaceholders(value, variables) === wanted))
      readEntry(entry, variables);
    else {
      replace(start, end, rewritten(text, entry, wanted, variables, lineBreak));
      variables.set(key, wanted);
    }
  }
  const added = [...changes].filter(([key, value]) => value !== undefined && !last.has(key));
  const tail = [...dotenvPieces(text)].at(-1);
  // A comment with an open quote would hide what follows it.
  const place = tail?.open ? tail.start : text.length;
  replace(place, place, '');
  if (added.length > 0 && edited !== '' && edited !== BOM && !/[\r\n]$/.test(edited)) edited += lineBreak;
  for (const [key, value = ''] of added) {
    edited += written({ key, before: `${key}=`, after: '' }, value, plain, variables) + lineBreak;
    variables.set(key, value);
  }
  return edited + text.slice(copied);
}

/** A new dotenv file. */
export const formatDotenv = (variables: Variables): string => editDotenv('', variables);

/** Throws a usage error for a key or a value that a dotenv file cannot hold. It names the key, never the value. */
export function checkHolds(key: string, value: string): void {
  if (!isDotenvKey(key)) throw usage(`A dotenv file cannot hold the key '${safeLine(key)}'.`, 'Use letters, digits, dots and underscores.');
  if (value.includes('\0')) throw usage(`A dotenv file cannot hold the value of ${key}: it has a NUL character.`);
  if (/[\p{Surrogate}\ufffd]/u.test(value)) throw usage(`A dotenv file cannot hold the value of ${key}: it is not valid Unicode.`);
}

interface Style {
  readonly quote: Quote;
  /** Defined if the value may span lines. */
  readonly lineBreak?: string | undefined;
}

const plain: Style = { quote: '' };

interface Frame {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

function rewritten(text: string, { key, start, end, from, value }: DotenvEntry, wanted: string, variables: Variables, lineBreak: string) {
  if (!value) return written({ key, before: `${text.slice(start, end)}=`, after: '' }, wanted, plain, variables);
  const comment = text.slice(from + value.length, end);
  const spans = lineBreaks.test(text.slice(from, from + value.length));
  const frame = { key, before: text.slice(start, from), after: comment.startsWith('#') ? ` ${comment}` : comment };
  return written(frame, wanted, { quote: value.quote, lineBreak: spans ? lineBreak : undefined }, variables);
}

/** An entry in the first spelling that is read back as this value, and not as a reference. */
function written({ key, before, after }: Frame, wanted: string, style: Style, variables: Variables): string {
  for (const spelling of spellings(wanted, style)) {
    const words = before + spelling + after;
    const [piece, ...others] = dotenvPieces(words);
    const entry = piece && !piece.open && others.length === 0 ? dotenvEntry(words, piece) : undefined;
    if (!entry || 'problem' in entry || !entry.value) continue;
    if (resolvePlaceholders(entry.value, variables) === wanted && !isReferenceIn(entry.value, wanted)) return words;
  }
  throw usage(`The quotes in the comment after ${key} hide the lines below it.`, 'Remove the quotes from the comment.');
}

const escapes: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't', '\f': 'f', '\v': 'v' };

/** The ways to write a value, the preferred one first. Double quotes can hold everything, but single quotes need no escapes. */
function* spellings(value: string, { quote, lineBreak }: Style): Generator<string> {
  const escaped = (letter: string): string => `\\${escapes[letter] ?? letter}`;
  const double = `"${value.replace(/["\\$\n\r\t\f\v]/g, escaped)}"`;
  if (quote === '' && /^[\w./:@%+,=-]*$/.test(value)) yield value;
  if (quote === '"' && lineBreak) yield `"${value.replace(/["\\$\r\t\f\v]/g, escaped).replaceAll('\n', lineBreak)}"`;
  if (quote === '"' || (quote === '' && !double.includes('\\'))) yield double;
  yield `'${value}'`;
  yield double;
}
