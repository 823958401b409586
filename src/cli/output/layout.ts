/** Spaces between two columns. */
export const GAP = 2;

const NARROWEST = 8;

/** The first column says what a row is about. */
const NARROWEST_FIRST = 24;

/** Narrower than this, sentences are hard to read. */
const NARROWEST_SENTENCE = 12;

/** A column at its natural width. */
export interface Sized {
  readonly width: number;
  /** Its cells may take several lines. */
  readonly wrap: boolean;
}

/** A column that is shown: its index in the row and its width. */
export interface Placed {
  readonly index: number;
  readonly width: number;
}

/** Fits columns into `width`: narrows them, then drops the last ones. Columns that wrap are never dropped. */
export function fitted(columns: readonly Sized[], width: number): readonly Placed[] {
  const kept = fitting(columns, width);
  const widths = kept.map((index) => columns[index]?.width ?? 0);
  const least = widths.slice(1).reduce((sum, each) => sum + Math.min(each, NARROWEST) + GAP, GAP);
  widths[0] = Math.min(widths[0] ?? 0, Math.max(NARROWEST, width - least));
  const sentences = positions(kept, (index) => columns[index]?.wrap === true);
  const others = positions(kept, (index) => index > 0 && columns[index]?.wrap !== true);
  shrink(widths, sentences, NARROWEST_SENTENCE, width);
  shrink(widths, others, NARROWEST, width);
  shrink(widths, sentences, NARROWEST, width);
  return kept.map((index, at) => ({ index, width: widths[at] ?? 0 }));
}

/** Which columns fit at their narrowest. The least important come last. */
function fitting(columns: readonly Sized[], width: number): readonly number[] {
  let left = width;
  for (const { width: natural, wrap } of columns) if (wrap) left -= Math.min(natural, NARROWEST_SENTENCE) + GAP;
  return columns.flatMap(({ width: natural, wrap }, index) => {
    if (wrap) return [index];
    left -= Math.min(natural, index === 0 ? NARROWEST_FIRST : NARROWEST) + GAP;
    return left >= 0 || index === 0 ? [index] : [];
  });
}

const positions = (kept: readonly number[], wanted: (index: number) => boolean): readonly number[] =>
  kept.flatMap((index, at) => (wanted(index) ? [at] : []));

/** Narrows the widest of these columns until the row fits or all are at their narrowest. */
function shrink(widths: number[], among: readonly number[], narrowest: number, width: number): void {
  for (let excess = widths.reduce((sum, each) => sum + each + GAP, 0) - width; excess > 0; excess--) {
    const widest = among.reduce((best, at) => ((widths[at] ?? 0) >= (widths[best] ?? 0) ? at : best), among[0] ?? 0);
    if (among.length === 0 || (widths[widest] ?? 0) <= narrowest) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}
