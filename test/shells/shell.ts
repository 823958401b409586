import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';

/** An interactive shell on a terminal, in which `dnx` only prints its arguments. */
export interface Shell {
  /** Types the keys and Enter, and returns the arguments that dnx received. */
  enter(keys: string): Promise<string>;
  /** Types the keys and waits until the screen shows all of the words. */
  shows(keys: string, ...words: readonly string[]): Promise<void>;
  close(): void;
}

/** Whether the machine has the program. */
export const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Octal escapes, so that the echo of this line does not look like its output. */
const echo = String.raw`for name in dnx deploynix deploynix-cli; do eval "$name() { printf '\\074%s\\076\\n' \"\$*\"; }"; done`;

/** Where a shell runs, and with which variables. */
export interface ShellOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a shell without the user's settings, and runs the lines of `prepare`. */
export async function openShell(
  file: string,
  args: readonly string[],
  prepare: readonly string[],
  { cwd = process.cwd(), env = {} }: ShellOptions = {},
): Promise<Shell> {
  const home = mkdtempSync(join(tmpdir(), 'dnx-shell-'));
  const pty = spawn(file, [...args], {
    cols: 200,
    rows: 50,
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: home, ZDOTDIR: home, TERM: 'dumb', PS1: '$ ', HISTFILE: '', ...env },
  });
  let screen = '';
  const waiting = new Set<() => void>();
  pty.onData((data) => {
    screen += data;
    for (const look of waiting) look();
  });
  const until = <T>(find: (screen: string) => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${file} never showed it:\n${screen}`)), 10_000);
      const look = () => {
        const found = find(screen);
        if (found === undefined) return;
        clearTimeout(late);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });

  const shell: Shell = {
    async enter(keys) {
      screen = '';
      pty.write(`${keys}\r`);
      return until((seen) => /<([^>]*)>/.exec(seen)?.[1]);
    },
    async shows(keys, ...words) {
      screen = '';
      pty.write(keys);
      await until((seen) => (words.every((word) => seen.includes(word)) ? true : undefined));
      pty.write('\u0015');
    },
    close() {
      pty.kill('SIGKILL');
      rmSync(home, { recursive: true, force: true });
    },
  };
  for (const line of [...prepare, echo]) pty.write(`${line}\r`);
  await shell.enter('dnx ready');
  return shell;
}
