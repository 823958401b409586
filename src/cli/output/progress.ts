import type { Detail as Labeled } from '../../base/errors.ts';
import type { Env, Output } from '../../machine/world.ts';
import type { WaitingEvent } from '../../platform/follow/follow.ts';
import { detailLines } from './details.ts';
import { canSpin, type Detail, openSpinner, type Spinner } from './spinner.ts';
import type { Style } from './style.ts';
import { forLog, json, line } from './text.ts';
import { type Wrap, wrapFor } from './wrap.ts';

/** Progress on stderr while a command runs. */
export interface Progress {
  /** True if there is a spinner: on a terminal without `--quiet`. */
  readonly spins: boolean;
  /** Writes a line, unless `--quiet`. */
  note(sentence: string): void;
  /** Writes a warning, even with `--quiet`. */
  warn(sentence: string): void;
  /** Writes the success of one of several tasks. */
  succeeded(sentence: string): void;
  /** Writes the failure of one of several tasks and its details, even with `--quiet`. */
  failed(sentence: string, details: readonly Labeled[]): void;
  /** Writes a line for `--debug`. */
  debug(sentence: string): void;
  /** Shows the current step: in the spinner on a terminal, as a line elsewhere. `detail` is for the spinner only. */
  step(sentence: string, detail?: Detail): void;
  /** Shows a step in the spinner only. */
  spin(sentence: string, detail?: Detail): void;
  /** Writes an event to stdout with -o ndjson, otherwise nothing. */
  event(event: WaitingEvent): void;
  /** Removes the spinner before a question or a result. */
  done(): void;
  /** Hides the spinner until the returned function is called, while another program writes to the terminal. */
  hold(): () => void;
  /** Progress for one of several tasks, with its own spinner line. A background line shows only if there is no other. */
  branch(options?: { readonly background?: boolean }): Progress;
}

interface Options {
  readonly stderr: Output;
  /** The stream for events; undefined for none. */
  readonly events: Output | undefined;
  readonly quiet: boolean;
  readonly style: Style;
  readonly env: Env;
}

/** Opens the progress of a process. */
export async function openProgress(options: Options): Promise<Progress> {
  const spinner = openSpinner(options.stderr, options.style);
  return progressOf(undefined, spinner, { ...options, wrap: await wrapFor(options.stderr) });
}

/** The owner of a spinner line. */
interface Branch {
  readonly background?: boolean;
}

/** The progress of a branch, or the main one, whose `done` removes all lines. */
function progressOf(branch: Branch | undefined, spinner: Spinner, options: Options & { readonly wrap: Wrap }): Progress {
  const { stderr, events, quiet, style, env, wrap } = options;
  const owner = branch ?? spinner;
  const background = branch?.background === true;
  const moves = canSpin(stderr, env);
  const spins = moves && !quiet;
  const write = (text: string, indent?: number) => spinner.write(forLog(wrap(text, indent), env));
  let last = '';
  const spin = (sentence: string, detail: Detail = '') => {
    if (spins) spinner.set(owner, { text: line(sentence), detail, background });
  };
  return {
    spins,
    note(sentence) {
      if (!quiet) write(sentence.split('\n').map(line).join('\n'));
    },
    warn(sentence) {
      write(`${style.yellow('!')} ${line(sentence)}`, 2);
    },
    succeeded(sentence) {
      if (!quiet) write(`${style.green('✓')} ${line(sentence)}`, 2);
    },
    failed(sentence, details) {
      write(`${style.red('✗')} ${line(sentence)}`, 2);
      for (const each of detailLines(details, style, wrap)) spinner.write(forLog(each, env));
    },
    debug(sentence) {
      write(style.dim(line(sentence)));
    },
    step(sentence, detail) {
      spin(sentence, detail);
      if (!moves && !quiet && sentence !== last) write(line(sentence));
      last = sentence;
    },
    spin,
    event: (event) => void events?.write(`${json(event)}\n`),
    done() {
      last = '';
      spinner.remove(branch);
    },
    hold: spinner.hold,
    branch: (own = {}) => progressOf({ ...own }, spinner, options),
  };
}
