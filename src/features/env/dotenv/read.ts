import { type DnxError, usage } from '../../../base/errors.ts';
import { isReference } from '../references/reference.ts';
import { type Entry, entryOf, isComment, piecesOf } from './entries.ts';
import { resolved } from './value.ts';

/** Adds a variable to those before it. */
export function read({ key, value }: Pick<Entry, 'key' | 'value'>, variables: Map<string, string>, references?: Map<string, string>): void {
  references?.delete(key);
  if (value === undefined) {
    variables.delete(key);
    return;
  }
  const words = resolved(value, variables);
  variables.set(key, words);
  if (value.quote !== "'" && isReference(words)) references?.set(key, words);
}

/** The entries of a dotenv file. */
export function* entriesOf(text: string, name = '.env'): Generator<Entry> {
  const refused = (at: number, problem: string): DnxError => usage(`${name} line ${lineAt(text, at)}: ${problem}.`);
  const damaged = text.indexOf('\ufffd');
  if (damaged >= 0) throw refused(damaged, 'The file is not valid UTF-8');
  for (const piece of piecesOf(text)) {
    if (piece.open) {
      // phpdotenv would drop the rest of the file; that is no loss if it is one comment.
      if (
        text
          .slice(piece.start, piece.end)
          .split(/[\r\n]/)
          .every(isComment)
      )
        return;
      throw refused(piece.start, 'A quote is never closed, so Laravel would ignore the rest of the file');
    }
    if (isComment(text.slice(piece.start, piece.end))) continue;
    const entry = entryOf(text, piece);
    if ('problem' in entry) throw refused(entry.at, entry.problem);
    if (entry.value?.text.includes('\0')) throw refused(entry.from, `${entry.key} has a NUL character`);
    yield entry;
  }
}

const lineAt = (text: string, at: number): number => text.slice(0, at).split(/\r\n|\n|\r/).length;
