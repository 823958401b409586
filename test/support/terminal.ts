import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';

/** The built executable on a pseudo-terminal. */
export interface Terminal {
  /** Resolves once this text appears after the previous one; rejects if dnx ends without it. */
  shows(text: string): Promise<void>;
  type(keys: string): void;
  /** The output without control sequences, the raw output, and the exit code. */
  readonly ended: Promise<{ readonly text: string; readonly raw: string; readonly code: number }>;
}

/** Keys, as a terminal sends them. */
export const keys = { enter: '\r', down: '\u001b[B', up: '\u001b[A', interrupt: '\u0003' } as const;

/** Starts dnx on its own terminal, with only this environment. */
export function openTerminal(words: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Terminal {
  const child = spawn(process.execPath, [resolve('bin/dnx.js'), ...words], {
    cwd,
    cols: 120,
    rows: 40,
    env: { PATH: process.env.PATH ?? '', HOME: cwd, TERM: 'xterm', ...env },
  });
  let text = '';
  let raw = '';
  let seen = 0;
  let over = false;
  let notify = () => {};
  const told = () => new Promise<void>((done) => (notify = done));
  child.onData((data) => {
    text += stripVTControlCharacters(data);
    raw += data;
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
        const at = text.indexOf(wanted, seen);
        if (at >= 0) {
          seen = at + wanted.length;
          return;
        }
        if (over) throw new Error(`dnx ended without “${wanted}”:\n${text}`);
        await told();
      }
    },
    type: (typed) => child.write(typed),
    ended,
  };
}
