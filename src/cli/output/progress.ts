import type { Ora } from 'ora';
import type { Output } from '../../machine/world.ts';
import type { WaitingEvent } from '../../platform/follow/follow.ts';
import type { Style } from './style.ts';
import { json, line } from './text.ts';

/** What is beside a spinner's words: a function is asked again for each frame. */
type Detail = string | (() => string);

/** What happens meanwhile, on stderr. */
export interface Progress {
  /** A line that stays: a notice, or a change of state. */
  note(sentence: string): void;
  /** A line that `--quiet` does not silence. */
  warn(sentence: string): void;
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
}

interface Row {
  readonly text: string;
  readonly detail: Detail;
}

/** Progress for one process. ora is loaded when the first spinner turns. */
export function openProgress({ stderr, events, quiet, style }: Options): Progress {
  const rows = new Map<object, Row>();
  let spinner: Ora | undefined;
  let loading = false;
  let held = 0;

  const write = (text: string) => {
    spinner?.clear();
    stderr.write(`${text}\n`);
    if (spinner?.isSpinning) spinner.render();
  };

  const words = ({ text, detail }: Row) => `${text} ${style.dim(typeof detail === 'string' ? detail : detail())}`.trimEnd();
  const shown = () => [...rows.values()].map(words).join('\n   ');

  const spin = async () => {
    loading = true;
    const { default: ora } = await import('ora');
    loading = false;
    if (rows.size === 0 || held > 0) return;
    // A suffix may be a function, so that the seconds go on between two polls.
    spinner = ora({ stream: stderr as NodeJS.WritableStream, text: '', suffixText: shown, discardStdin: false, isEnabled: true });
    spinner.start();
  };

  const stop = () => {
    spinner?.stop();
    spinner = undefined;
  };

  const open = (own: object, done: () => void): Progress => {
    let last = '';
    const row = (sentence: string, detail: Detail = '') => {
      if (!stderr.isTTY || quiet) return;
      rows.set(own, { text: line(sentence), detail });
      if (!spinner && !loading && held === 0) void spin();
    };
    return {
      note(sentence) {
        if (!quiet) write(sentence.split('\n').map(line).join('\n'));
      },
      warn(sentence) {
        write(`${style.yellow('!')} ${line(sentence)}`);
      },
      step(sentence, detail) {
        row(sentence, detail);
        if (!stderr.isTTY && !quiet && sentence !== last) write(line(sentence));
        last = sentence;
      },
      spin: row,
      event: (event) => void events?.write(`${json(event)}\n`),
      done() {
        last = '';
        done();
      },
      hold() {
        held += 1;
        stop();
        return () => {
          held -= 1;
          if (held === 0 && rows.size > 0 && !loading) void spin();
        };
      },
      branch() {
        const part = {};
        return open(part, () => {
          rows.delete(part);
          if (rows.size === 0) stop();
        });
      },
    };
  };

  return open(rows, () => {
    rows.clear();
    stop();
  });
}
