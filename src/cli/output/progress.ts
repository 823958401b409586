import type { Env, Output } from '../../machine/world.ts';
import type { WaitingEvent } from '../../platform/follow/follow.ts';
import { canSpin, type Detail, openSpinner, type Spinner } from './spinner.ts';
import type { Style } from './style.ts';
import { forLog, json, line } from './text.ts';

/** What happens meanwhile, on stderr. */
export interface Progress {
  /** A line that stays: a notice, or a change of state. */
  note(sentence: string): void;
  /** A line that `--quiet` does not silence. */
  warn(sentence: string): void;
  /** A line that `--debug` asks for. */
  debug(sentence: string): void;
  /** What is going on now: the spinner's words on a terminal, a line where there is none. `detail` is for the terminal alone. */
  step(sentence: string, detail?: Detail): void;
  /** The same for the terminal alone: what needs no line of its own elsewhere. */
  spin(sentence: string, detail?: Detail): void;
  /** For whoever watches by machine: a line on stdout with -o ndjson, and nothing otherwise. */
  event(event: WaitingEvent): void;
  /** Takes the spinner away, before a question or a result. */
  done(): void;
  /** Takes the spinner away while somebody else writes to the terminal, until the function it answers is called. */
  hold(): () => void;
  /** The progress of one of several things that go on at once: it has a spinner's line of its own, and `done` takes only that away. */
  branch(): Progress;
}

interface Options {
  readonly stderr: Output;
  /** Where events go; undefined where nobody reads them. */
  readonly events: Output | undefined;
  readonly quiet: boolean;
  readonly style: Style;
  readonly env: Env;
}

/** Progress for one process. */
export function openProgress(options: Options): Progress {
  const spinner = openSpinner(options.stderr, options.style);
  return progressOf(undefined, spinner, options);
}

/** `branch`: the owner of its line; undefined for the main progress, which removes all lines when done. */
function progressOf(branch: object | undefined, spinner: Spinner, options: Options): Progress {
  const { stderr, events, quiet, style, env } = options;
  const owner = branch ?? spinner;
  const spins = canSpin(stderr, env);
  const write = (text: string) => spinner.write(forLog(text, env));
  let last = '';
  const spin = (sentence: string, detail: Detail = '') => {
    if (spins && !quiet) spinner.set(owner, { text: line(sentence), detail });
  };
  return {
    note(sentence) {
      if (!quiet) write(sentence.split('\n').map(line).join('\n'));
    },
    warn(sentence) {
      write(`${style.yellow('!')} ${line(sentence)}`);
    },
    debug(sentence) {
      write(style.dim(line(sentence)));
    },
    step(sentence, detail) {
      spin(sentence, detail);
      if (!spins && !quiet && sentence !== last) write(line(sentence));
      last = sentence;
    },
    spin,
    event: (event) => void events?.write(`${json(event)}\n`),
    done() {
      last = '';
      spinner.remove(branch);
    },
    hold: spinner.hold,
    branch: () => progressOf({}, spinner, options),
  };
}
