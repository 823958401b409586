import { type DnxError, usage } from './errors.ts';
import { nearest } from './nearest.ts';

/** `'ndjsn' is not an output format. Did you mean 'ndjson'?`, with every known word as the hint. */
export function unknownWord(word: string, what: string, known: readonly string[]): DnxError {
  const meant = nearest(word, known);
  return usage(`'${word}' is not ${what}.${meant === undefined ? '' : ` Did you mean '${meant}'?`}`, `Known: ${known.join(', ')}.`);
}
