import { usage } from '../../../base/errors.ts';
import { BOM, entryOf, isKey, lineBreaks, piecesOf } from './entries.ts';
import { entriesOf, read } from './read.ts';
import type { Quote } from './value.ts';

/**
 * Sets variables in place, adds new ones at the end, and removes those set to undefined. Every other byte stays.
 * A line that already reads as wanted stays too; with `${NAME}` in it, it may read differently after a change of NAME.
 */
export function editDotenv(text: string, changes: ReadonlyMap<string, string | undefined>, name?: string): string {
  for (const [key, value] of changes) if (value !== undefined) checkHolds(key, value);
  const entries = [...entriesOf(text, name)];
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
    const { key, start, end, next, from, value } = entry;
    const wanted = changes.get(key);
    const before = variables.get(key);
    if (changes.has(key) && wanted === undefined) replace(start, next, '');
    else read(entry, variables);
    if (wanted === undefined || last.get(key) !== entry || variables.get(key) === wanted) continue;
    if (before === undefined) variables.delete(key);
    else variables.set(key, before);
    const prefix = value ? text.slice(start, from) : `${text.slice(start, end)}=`;
    const spans = /[\r\n]/.test(text.slice(from, from + (value?.length ?? 0)));
    const style = { quote: value?.quote ?? '', lineBreak: spans ? lineBreak : undefined };
    replace(start, end, written(prefix, wanted, value ? text.slice(from + value.length, end) : '', style, variables));
    variables.set(key, wanted);
  }
  const added = [...changes].filter(([key, value]) => value !== undefined && !last.has(key));
  if (added.length === 0) return edited + text.slice(copied);
  // Nothing can follow a comment with an open quote.
  const tail = [...piecesOf(text)].at(-1);
  replace(tail?.open ? tail.start : text.length, tail?.open ? tail.start : text.length, '');
  if (edited !== '' && edited !== BOM && !/[\r\n]$/.test(edited)) edited += lineBreak;
  for (const [key, value = ''] of added) {
    edited += written(`${key}=`, value, '', { quote: '', lineBreak: undefined }, variables) + lineBreak;
    variables.set(key, value);
  }
  return edited + text.slice(copied);
}

/** A new dotenv file. */
export const formatDotenv = (variables: ReadonlyMap<string, string>): string => editDotenv('', variables);

/** Throws a usage error for a key or a value that a dotenv file cannot hold. It names the key, never the value. */
export function checkHolds(key: string, value: string): void {
  if (!isKey(key)) throw usage(`A dotenv file cannot hold the key '${key}'.`, 'Use letters, digits, _ and .');
  if (value.includes('\0')) throw usage(`A dotenv file cannot hold the value of ${key}: it has a NUL character.`);
  if (/[\p{Surrogate}\ufffd]/u.test(value)) throw usage(`A dotenv file cannot hold the value of ${key}: it is not valid Unicode.`);
}

interface Style {
  readonly quote: Quote;
  /** Defined if the value may span lines. */
  readonly lineBreak: string | undefined;
}

/** An entry with this value. The comment after it is kept unless its quotes keep the value from being read. */
function written(prefix: string, value: string, suffix: string, style: Style, variables: ReadonlyMap<string, string>): string {
  const after = suffix.startsWith('#') ? ` ${suffix}` : suffix;
  for (const end of [after, '']) {
    for (const spelling of spellings(value, style)) {
      const words = prefix + spelling + end;
      if (reads(words, value, variables)) return words;
    }
  }
  throw new Error('No spelling of a value is read back.');
}

/** True if the words are one entry with this value, and not a reference. */
function reads(words: string, value: string, variables: ReadonlyMap<string, string>): boolean {
  const [piece, ...others] = piecesOf(words);
  if (!piece || piece.open || others.length > 0) return false;
  const entry = entryOf(words, piece);
  if ('problem' in entry) return false;
  const [known, references] = [new Map(variables), new Map<string, string>()];
  read(entry, known, references);
  return known.get(entry.key) === value && references.size === 0;
}

const escapes: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't', '\f': 'f', '\v': 'v' };

/** The ways to write a value, the preferred one first. */
function* spellings(value: string, { quote, lineBreak }: Style): Generator<string> {
  const double = `"${value.replace(/["\\$\n\r\t\f\v]/g, (each) => `\\${escapes[each] ?? each}`)}"`;
  const single = `'${value}'`;
  if (quote === '' && /^[\w./:@%+,=-]*$/.test(value)) yield value;
  if (quote === '"' && lineBreak)
    yield `"${value.replace(/["\\$\r\t\f\v]/g, (each) => `\\${escapes[each] ?? each}`).replaceAll('\n', lineBreak)}"`;
  if (quote === '"' || (quote === '' && !double.includes('\\'))) yield double;
  if (!/['\r\n]/.test(value)) yield single;
  yield double;
}
