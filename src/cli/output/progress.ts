import type { Ora } from 'ora';
import type { Detail } from '../../base/errors.ts';
import type { Env, Output } from '../../machine/world.ts';
import type { WaitingEvent } from '../../platform/follow/follow.ts';
import { detailLines, forLog, json, painted, type Style, safeLine, type Wrap, wrapFor } from './text.ts';

/** Progress on stderr while a command runs. */
export interface Progress {
  /** True if there is a spinner: on a terminal without `--quiet`. */
  readonly spins: boolean;
  /** Writes a dim line, unless `--quiet`. Lines that are indented belong to it, and are not dim. */
  note(sentence: string): void;
  /** Writes a dim line that another program wrote, unless `--quiet`. Its marks are not those of dnx: Composer begins lines with `-`. */
  quote(line: string): void;
  /** Writes a warning, even with `--quiet`. */
  warn(sentence: string): void;
  succeeded(sentence: string): void;
  /** Writes the failure of one of several tasks and its details, even with `--quiet`. */
  failed(sentence: string, details: readonly Detail[]): void;
  /** Writes a danger and its details in red, even with `--quiet`. */
  alert(sentence: string, details: readonly Detail[]): void;
  debug(sentence: string): void;
  /** Shows the current step: in the spinner on a terminal, as a line elsewhere. `detail` is for the spinner only. */
  step(sentence: string, detail?: SpinnerDetail): void;
  /** Shows a step in the spinner only. */
  spin(sentence: string, detail?: SpinnerDetail): void;
  /** Writes an event to stdout with -o ndjson, otherwise nothing. */
  event(event: WaitingEvent): void;
  /** Removes the spinner before a question or a result. */
  done(): void;
  /** Hides the spinner until the returned function is called, while another program writes to the terminal. */
  hold(): () => void;
  /** Progress for one of several tasks, with its own spinner line. A background line shows only if there is no other. */
  branch(options?: { readonly background?: boolean }): Progress;
}

interface ProgressOptions {
  readonly stderr: Output;
  /** The stream for events; undefined for none. */
  readonly events: Output | undefined;
  readonly quiet: boolean;
  readonly style: Style;
  readonly env: Env;
}

/** Opens the progress of a process. */
export async function openProgress(options: ProgressOptions): Promise<Progress> {
  const spinner = openSpinner(options.stderr, options.style);
  return progressOf(undefined, spinner, { ...options, wrap: await wrapFor(options.stderr) });
}

/** The progress of a branch, or the main one, whose `done` removes all lines. */
function progressOf(
  branch: { readonly background?: boolean } | undefined,
  spinner: Spinner,
  options: ProgressOptions & { readonly wrap: Wrap },
): Progress {
  const { stderr, events, quiet, style, env, wrap } = options;
  const owner = branch ?? spinner;
  const background = branch?.background === true;
  const moves = canSpin(stderr, env);
  const spins = moves && !quiet;
  const write = (text: string, indent?: number) => spinner.write(forLog(wrap(text, indent), env));
  const read = (sentence: string) => painted(safeLine(sentence), style);
  let last = '';
  const spin = (sentence: string, detail: SpinnerDetail = '') => {
    if (spins) spinner.set(owner, { text: safeLine(sentence), detail, background });
  };
  return {
    spins,
    note(sentence) {
      if (quiet) return;
      const lines = sentence.split('\n').map((line) => painted(safeLine(line), style, line.startsWith('  ') ? undefined : style.dim));
      write(lines.join('\n'));
    },
    quote(line) {
      if (!quiet) write(style.dim(safeLine(line)));
    },
    warn(sentence) {
      write(`${style.yellow('!')} ${read(sentence)}`, 2);
    },
    succeeded(sentence) {
      if (!quiet) write(`${style.green('✓')} ${read(sentence)}`, 2);
    },
    failed(sentence, details) {
      write(`${style.red('✗')} ${read(sentence)}`, 2);
      for (const line of detailLines(details, style, wrap)) spinner.write(forLog(line, env));
    },
    alert(sentence, details) {
      write(`${style.red('!')} ${safeLine(sentence)}`, 2);
      const width = Math.max(...details.map(([label]) => label.length));
      for (const [label, text] of details) write(`  ${style.red(`${label.padEnd(width)}  ${safeLine(text)}`)}`, width + 4);
    },
    debug(sentence) {
      write(style.dim(safeLine(sentence)));
    },
    step(sentence, detail) {
      spin(sentence, detail);
      if (!moves && !quiet && sentence !== last) write(safeLine(sentence));
      last = sentence;
    },
    spin,
    event: (event) => void events?.write(`${json(event)}\n`),
    done() {
      last = '';
      spinner.remove(branch);
    },
    hold: spinner.hold,
    branch: (kind = {}) => progressOf({ ...kind }, spinner, options),
  };
}

/** Text after the line. A function is called on every frame. */
export type SpinnerDetail = string | (() => string);

interface Row {
  readonly text: string;
  readonly detail: SpinnerDetail;
  /** Shown only if there is no other line. */
  readonly background?: boolean;
}

type Spinner = ReturnType<typeof openSpinner>;

/** True if a stream can show a spinner. ora hangs on a terminal with 0 columns. */
export const canSpin = ({ isTTY, columns }: Pick<Output, 'isTTY' | 'columns'>, { TERM }: Env): boolean =>
  Boolean(isTTY && columns) && TERM !== 'dumb';

/** Opens a spinner on a stream. ora is loaded when the spinner starts. */
export function openSpinner(stream: Output, style: Style) {
  const rows = new Map<object, Row>();
  let spinner: Ora | undefined;
  let loading = false;
  let held = 0;

  const start = async () => {
    if (spinner || loading || held > 0 || rows.size === 0) return;
    loading = true;
    const [{ default: ora }, { cutText, widthOf }] = await Promise.all([import('ora'), import('./wrap.ts')]);
    loading = false;
    if (rows.size === 0 || held > 0) return;
    const columns = stream.columns ?? 80;
    let turn = 0;
    let glyphs: readonly string[] = [];
    // ora's own frame is empty, because every line has a glyph. A prefix can be a function, which lets the seconds count between two polls.
    const prefixText = () => {
      const glyph = style.accent(glyphs[turn++ % glyphs.length] ?? '');
      return alignedRows(visible([...rows.values()]), widthOf)
        .map((row) => `${glyph} ${words(row, style, { cutText, widthOf, columns })}`)
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
    set(owner: object, row: Row) {
      rows.set(owner, row);
      void start();
    },
    remove(owner?: object) {
      if (owner) rows.delete(owner);
      else rows.clear();
      if (rows.size === 0) stop();
    },
    /** Writes a permanent line above the spinner. */
    write(text: string) {
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
    const parts = cells[index] ?? [];
    if (rows.length === 1 || parts.length === 1) return row;
    return { ...row, text: parts.map((cell, at) => cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)))).join('  ') };
  });
}

interface Measure extends Pick<typeof import('./wrap.ts'), 'cutText' | 'widthOf'> {
  readonly columns: number;
}

/** The width of the glyph and its space, of both with the spaces around a detail, and the minimum width of a text. */
const GLYPH = 2;
const SPINNER = 5;
const LEAST = 20;

/** Formats a row, cut to the terminal width: ora needs quadratic time for long lines. */
function words({ text, detail }: Row, { dim }: Style, { cutText, widthOf, columns }: Measure): string {
  const beside = typeof detail === 'string' ? detail : detail();
  const room = Math.max(columns - SPINNER - widthOf(beside), LEAST);
  return cutText(`${cutText(text, room)} ${dim(beside)}`.trimEnd(), columns - GLYPH);
}
