import { isComment, keyOf, piecesOf } from './entries.ts';
import { entriesOf, read } from './read.ts';

/** A dotenv file as Laravel reads it. */
export interface Dotenv {
  readonly text: string;
  /** In the order of the file. Of a key given twice, the last value. */
  readonly variables: ReadonlyMap<string, string>;
  /** The variables whose value is a reference, such as `op://…`. In single quotes it is a plain value. */
  readonly references: ReadonlyMap<string, string>;
}

/** Reads a dotenv file. Throws a usage error that names the line for what phpdotenv refuses, and never quotes a value. */
export function parseDotenv(text: string, name = '.env'): Dotenv {
  const variables = new Map<string, string>();
  const references = new Map<string, string>();
  for (const entry of entriesOf(text, name)) read(entry, variables, references);
  return { text, variables, references };
}

/** The keys that a file names, such as those of `.env.example`. Never throws: a line that is no entry is left out. */
export function keysIn(text: string): readonly string[] {
  const keys = [...piecesOf(text)].flatMap(({ start, end, open }) => {
    const words = text.slice(start, end);
    return (open ? words.split(/[\r\n]+/) : [words]).filter((each) => !isComment(each)).map(keyOf);
  });
  return [...new Set(keys.filter((key) => key !== undefined))];
}

export { checkHolds, editDotenv, formatDotenv } from './edit.ts';
