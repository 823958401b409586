import type { Ora } from 'ora';
import type { Output } from '../world.ts';
import type { Style } from './style.ts';
import { line } from './text.ts';

/** What happens meanwhile, on stderr. */
export interface Progress {
  /** A line that stays: a notice, or a change of state. */
  note(sentence: string): void;
  /** A line that `--quiet` does not silence. */
  warn(sentence: string): void;
  /** What is going on now: the spinner's words on a terminal, a line where there is none. `detail` is for the terminal alone. */
  step(sentence: string, detail?: string): void;
  /** Takes the spinner away, before a question or a result. */
  done(): void;
}

interface Options {
  readonly stderr: Output;
  readonly quiet: boolean;
  readonly style: Style;
}

/** Progress for one process. ora is loaded when the first spinner turns. */
export function openProgress({ stderr, quiet, style }: Options): Progress {
  let spinner: Ora | undefined;
  let current: string | undefined;
  let shown = '';
  let loading = false;

  const write = (text: string) => {
    spinner?.clear();
    stderr.write(`${text}\n`);
    if (spinner?.isSpinning) spinner.render();
  };

  const spin = async () => {
    loading = true;
    const { default: ora } = await import('ora');
    loading = false;
    if (current === undefined) return;
    spinner = ora({
      stream: stderr as unknown as NodeJS.WritableStream,
      text: current,
      discardStdin: false,
      hideCursor: true,
      isEnabled: true,
    });
    spinner.start();
  };

  return {
    note(sentence) {
      if (!quiet) write(sentence.split('\n').map(line).join('\n'));
    },
    warn(sentence) {
      write(`${style.yellow('!')} ${line(sentence)}`);
    },
    step(sentence, detail) {
      const text = line(sentence);
      if (!stderr.isTTY || quiet) {
        if (text !== shown && !quiet) write(text);
        shown = text;
        return;
      }
      current = detail ? `${text} ${style.dim(detail)}` : text;
      if (spinner) spinner.text = current;
      else if (!loading) void spin();
    },
    done() {
      current = undefined;
      shown = '';
      spinner?.stop();
      spinner = undefined;
    },
  };
}
