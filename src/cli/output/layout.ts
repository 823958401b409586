/** Spaces between two columns. */
export const GAP = 2;

/** The minimum width of a value. */
export const NARROWEST = 8;

/** The first columns identify a row and are never hidden. */
const ALWAYS_SHOWN = 2;

/** The natural and the minimum width of a column. */
export interface Sized {
  readonly width: number;
  /** Less than `width` for a column that wraps. */
  readonly least: number;
  readonly wrap: boolean;
}

/** A visible column: its index in the row and its width. */
export interface Placed {
  readonly index: number;
  readonly width: number;
}

/**
 * Fits columns into `width`: narrows those that wrap, then hides others from the right unless `keep` is set. Undefined if the
 * rest does not fit.
 */
export function fitted(columns: readonly Sized[], width: number, keep: boolean): readonly Placed[] | undefined {
  let shown = columns.map((column, index) => ({ ...column, index }));
  while (total(shown.map(({ least }) => least)) > width) {
    const last = keep ? undefined : shown.findLast(({ index, wrap }) => index >= ALWAYS_SHOWN && !wrap);
    if (!last) return undefined;
    shown = shown.filter((each) => each !== last);
  }
  return narrowed(shown, width).map((each, at) => ({ index: shown[at]?.index ?? 0, width: each }));
}

const total = (widths: readonly number[]): number => widths.reduce((sum, each) => sum + each, GAP * (widths.length - 1));

/** Narrows the widest wrapping columns until the row fits. */
function narrowed(columns: readonly Sized[], width: number): readonly number[] {
  const widths = columns.map((each) => each.width);
  for (let excess = total(widths) - width; excess > 0; excess--) {
    const open = columns.flatMap(({ least }, at) => ((widths[at] ?? 0) > least ? [at] : []));
    const widest = open.reduce((best, at) => ((widths[at] ?? 0) > (widths[best] ?? 0) ? at : best), open[0] ?? 0);
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
