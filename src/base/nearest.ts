import { type DnxError, usage } from './errors.ts';

const MOST_EDITS = 3;
/** The share of the letters that may differ (exclusive). The dashes of options do not count. */
const MOST_SHARE = 0.4;

/** The known word closest to a typo: `shop.example.com` for `shop.exmaple.com`. Undefined if none is close enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  let best: { readonly word: string; readonly edits: number } | undefined;
  for (const candidate of known) {
    // The length difference is a lower bound of the distance.
    if (Math.abs(candidate.length - typed.length) > MOST_EDITS) continue;
    const edits = distance(typed, candidate.toLowerCase());
    const near = edits <= MOST_EDITS && edits < lettersOf(typed, candidate) * MOST_SHARE;
    if (near && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { word: candidate, edits };
  }
  return best?.word;
}

const lettersOf = (...words: readonly string[]): number =>
  Math.max(...words.map(({ length }) => length)) - (words.every((each) => each.startsWith('--')) ? 2 : 0);

/** Damerau-Levenshtein (optimal string alignment): insertions, deletions, substitutions and swaps of neighbors. */
function distance(one: string, other: string): number {
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + same,
        swapped ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = row;
  }
  return at(last, other.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;

/** ` Did you mean 'name'?`, to end a sentence about an unknown word; empty if no known word is close. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : ` Did you mean '${near}'?`;
}

/** `'ndjsn' is not an output format. Did you mean 'ndjson'?`, with every known word as the hint. */
export function unknownWord(word: string, what: string, known: readonly string[]): DnxError {
  return usage(`'${word}' is not ${what}.${didYouMean(word, known)}`, `Known: ${known.join(', ')}.`);
}
