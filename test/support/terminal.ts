import { stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { program } from './program.ts';

/** The built executable on a pseudo-terminal. */
export interface Terminal {
  /** Resolves once the text appears after the previous one; rejects if dnx ends or hangs without it. */
  shows(text: string | RegExp): Promise<string>;
  /** Resolves once the screen contains the text, for a program that draws it; rejects if dnx ends or hangs without it. */
  draws(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  /** Changes the width. */
  resize(columns: number): void;
  /** Sends a signal to dnx. */
  signal(name: NodeJS.Signals): void;
  /** Closes the terminal, which sends SIGHUP. */
  close(): void;
  /** The output without control sequences, the raw output, and the exit code. */
  readonly ended: Promise<{ readonly text: string; readonly raw: string; readonly code: number }>;
}

/** Keys as a terminal sends them. */
export const keys = { enter: '\r', down: '\u001b[B', up: '\u001b[A', interrupt: '\u0003', eraseLine: '\u0015' } as const;

const TALL = 40;
const PATIENCE_MS = 15_000;

/** Starts dnx on its own terminal, with only this environment. It does not look for new releases. */
export const openTerminal = (words: readonly string[], env: Readonly<Record<string, string>>, cwd: string, cols = 120): Terminal =>
  openProgram([...program, ...words], env, cwd, cols);

/** The same for another program. */
export function openProgram(
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  cols: number,
): Terminal {
  const child = spawn(file, args, {
    cwd,
    cols,
    rows: TALL,
    env: { PATH: process.env.PATH ?? '', HOME: cwd, TERM: 'xterm', DNX_NO_UPDATE_NOTIFIER: '1', ...env },
  });
  let text = '';
  let raw = '';
  let seen = 0;
  let over = false;
  let notify = () => {};
  /** Resolves at the next output or the end. A hung program fails the test with what it has shown, before the test's own limit. */
  const told = (wanted: string | RegExp) =>
    new Promise<void>((done, fail) => {
      const limit = setTimeout(() => fail(new Error(`Still no '${wanted}':\n${JSON.stringify(raw)}`)), PATIENCE_MS);
      notify = () => {
        clearTimeout(limit);
        done();
      };
    });
  child.onData((data) => {
    raw += data;
    // All of it: a control sequence can come in two parts.
    text = stripVTControlCharacters(raw);
    notify();
  });
  const ended = new Promise<{ text: string; raw: string; code: number }>((done) =>
    child.onExit(({ exitCode }) => {
      over = true;
      notify();
      done({ text, raw, code: exitCode });
    }),
  );
  return {
    async shows(wanted) {
      for (;;) {
        const found = foundIn(text.slice(seen), wanted);
        if (found) {
          seen += found.index + found.words.length;
          return found.words;
        }
        if (over) throw new Error(`dnx ended without '${wanted}':\n${text}`);
        await told(wanted);
      }
    },
    async draws(wanted) {
      for (;;) {
        const drawn = raw.length;
        if (foundIn((await rowsOf(raw, cols, TALL)).join('\n'), wanted)) return;
        if (raw.length > drawn) continue;
        if (over) throw new Error(`dnx ended without '${wanted}':\n${text}`);
        await told(wanted);
      }
    },
    type: (typed) => child.write(typed),
    resize: (columns) => child.resize(columns, TALL),
    signal: (name) => child.kill(name),
    close: () => child.kill('SIGHUP'),
    ended,
  };
}

/** Fails unless the output contains these texts in this order. */
export function inOrder(output: string, ...wanted: readonly (string | RegExp)[]): void {
  let left = output;
  for (const each of wanted) {
    const found = foundIn(left, each);
    if (!found) throw new Error(`No '${each}' in:\n${left}`);
    left = left.slice(found.index + found.words.length);
  }
}

function foundIn(text: string, wanted: string | RegExp): { readonly index: number; readonly words: string } | undefined {
  const index = typeof wanted === 'string' ? text.indexOf(wanted) : text.search(wanted);
  return index < 0 ? undefined : { index, words: typeof wanted === 'string' ? wanted : (wanted.exec(text)?.[0] ?? '') };
}

/** The lines that a terminal of 120 columns shows at the end. */
export const shown = (raw: string): Promise<readonly string[]> => rowsOf(raw, 120, 60);

/** The lines on the screen of a terminal after this output. */
async function rowsOf(raw: string, cols: number, rows: number): Promise<readonly string[]> {
  const screen = new xterm.Terminal({ cols, rows, allowProposedApi: true });
  await new Promise<void>((done) => screen.write(raw, done));
  const lines = Array.from({ length: rows }, (_, row) => screen.buffer.active.getLine(row)?.translateToString(true) ?? '');
  screen.dispose();
  return lines.filter(Boolean);
}
