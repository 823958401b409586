import type { Ora } from 'ora';
import type { Env, Output } from '../../machine/world.ts';
import type { Style } from './style.ts';

/** Text after the line. A function is called on every frame. */
export type Detail = string | (() => string);

/** One line of the spinner. */
export interface Row {
  readonly text: string;
  readonly detail: Detail;
  /** Shown only if there is no other line. */
  readonly background?: boolean;
}

/** A spinner with a line per task. */
export interface Spinner {
  /** Sets the line of a task. */
  set(owner: object, row: Row): void;
  /** Removes the line of a task, or all lines. */
  remove(owner?: object): void;
  /** Writes a permanent line above the spinner. */
  write(text: string): void;
  /** Hides the spinner until the returned function is called. */
  hold(): () => void;
}

/** True if a stream can show a spinner. ora hangs on a terminal with 0 columns. */
export const canSpin = ({ isTTY, columns }: Pick<Output, 'isTTY' | 'columns'>, { TERM }: Env): boolean =>
  Boolean(isTTY && columns) && TERM !== 'dumb';

/** Opens a spinner on a stream. ora is loaded when the spinner starts. */
export function openSpinner(stream: Output, style: Style): Spinner {
  const rows = new Map<object, Row>();
  let spinner: Ora | undefined;
  let loading = false;
  let held = 0;

  const start = async () => {
    if (spinner || loading || held > 0 || rows.size === 0) return;
    loading = true;
    const [{ default: ora }, { cut, widthOf }] = await Promise.all([import('ora'), import('./width.ts')]);
    loading = false;
    if (rows.size === 0 || held > 0) return;
    const columns = stream.columns ?? 80;
    let turn = 0;
    let glyphs: readonly string[] = [];
    // ora's own frame is empty, because every line has a glyph. A prefix can be a function, which lets the seconds count between two polls.
    const prefixText = () => {
      const glyph = style.cyan(glyphs[turn++ % glyphs.length] ?? '');
      return alignedRows(visible([...rows.values()]), widthOf)
        .map((row) => `${glyph} ${words(row, style, { cut, widthOf, columns })}`)
        .join('\n');
    };
    spinner = ora({ stream: stream as NodeJS.WritableStream, text: '', prefixText, discardStdin: false, isEnabled: true });
    glyphs = spinner.spinner.frames;
    spinner.spinner = { interval: spinner.interval, frames: [''] };
    spinner.start();
  };
  const stop = () => {
    spinner?.stop();
    spinner = undefined;
  };

  return {
    set(owner, row) {
      rows.set(owner, row);
      void start();
    },
    remove(owner) {
      if (owner) rows.delete(owner);
      else rows.clear();
      if (rows.size === 0) stop();
    },
    write(text) {
      spinner?.clear();
      stream.write(`${text}\n`);
      if (spinner?.isSpinning) spinner.render();
    },
    hold() {
      held += 1;
      stop();
      return () => {
        held -= 1;
        void start();
      };
    },
  };
}

const visible = (rows: readonly Row[]): readonly Row[] => {
  const foreground = rows.filter(({ background }) => !background);
  return foreground.length > 0 ? foreground : rows;
};

/** Rows whose texts have the same columns, which two spaces separate: a name and a state. */
function alignedRows(rows: readonly Row[], widthOf: Measure['widthOf']): readonly Row[] {
  const cells = rows.map(({ text }) => text.split('  '));
  const widths = (cells[0] ?? []).map((_, at) =>
    Math.max(...cells.filter(({ length }) => length > 1).map((row) => widthOf(row[at] ?? ''))),
  );
  return rows.map((row, index) => {
    const own = cells[index] ?? [];
    if (rows.length === 1 || own.length === 1) return row;
    return { ...row, text: own.map((cell, at) => cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)))).join('  ') };
  });
}

interface Measure extends Pick<typeof import('./width.ts'), 'cut' | 'widthOf'> {
  readonly columns: number;
}

/** The width of the symbol and its spaces, and the minimum width of a text. */
const SPINNER = 5;
const LEAST = 20;

/** Formats a row, cut to the terminal width: ora needs quadratic time for long lines. */
function words({ text, detail }: Row, { dim }: Style, { cut, widthOf, columns }: Measure): string {
  const beside = typeof detail === 'string' ? detail : detail();
  const room = Math.max(columns - SPINNER - widthOf(beside), LEAST);
  return `${cut(text, room)} ${dim(beside)}`.trimEnd();
}
