import { type DnxError, usage } from '../../../base/errors.ts';
import { type Entry, entryOf, isComment, piecesOf } from './entries.ts';
import { resolve, type Value } from './value.ts';

/** Adds a variable to those before it. */
export function read({ key, value }: Pick<Entry, 'key' | 'value'>, variables: Map<string, string>, references?: Map<string, string>): void {
  references?.delete(key);
  if (value === undefined) {
    variables.delete(key);
    return;
  }
  const words = resolve(value, variables);
  if (words === undefined) throw usage(`${key} has placeholders that make it longer than 1 MB.`);
  variables.set(key, words);
  if (isReferenceIn(value, words)) references?.set(key, words);
}

/** 1Password's names may have blanks, as may files. With a quote, or on several lines, it is a plain value. */
const reference = /^(?:(?:op|file):\/\/[^\s'"](?:[^\r\n\t'"]*[^\s'"])?|env:\/\/[A-Za-z_]\w*)$/;

/** True for a value that stands for another, and is not in single quotes: `op://vault/item/field`, `file://PATH` or `env://NAME`. */
export const isReferenceIn = (value: Value, words: string): boolean => value.quote !== "'" && reference.test(words);

/** The entries of a dotenv file. */
export function* entriesOf(text: string, name = '.env'): Generator<Entry> {
  const refused = (at: number, problem: string): DnxError => usage(`${name} line ${lineAt(text, at)}: ${problem}.`);
  const damaged = text.search(/[\0\ufffd]/);
  if (damaged >= 0) throw refused(damaged, text[damaged] === '\0' ? 'the file has a NUL character' : 'the file is not valid UTF-8');
  for (const piece of piecesOf(text)) {
    const words = text.slice(piece.start, piece.end);
    if (piece.open) {
      // phpdotenv would silently ignore the rest of the file.
      if (!words.split(/[\r\n]/).every(isComment))
        throw refused(piece.start, 'a quote is never closed, and Laravel would ignore the rest of the file');
      return;
    }
    if (isComment(words)) continue;
    const entry = entryOf(text, piece);
    if ('problem' in entry) throw refused(entry.at, entry.problem);
    yield entry;
  }
}

/** The number of the line at a position. */
export const lineAt = (text: string, at: number): number => text.slice(0, at).split(/\r\n|\n|\r/).length;
