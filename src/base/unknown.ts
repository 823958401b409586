import { type DnxError, usage } from './errors.ts';
import { didYouMean } from './nearest.ts';

/** `'ndjsn' is not an output format. Did you mean 'ndjson'?`, with every known word as the hint. */
export function unknownWord(word: string, what: string, known: readonly string[]): DnxError {
  return usage(`'${word}' is not ${what}.${didYouMean(word, known)}`, `Known: ${known.join(', ')}.`);
}
