import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { programEnv } from '../support/program.ts';
import { lacking, required } from '../support/programs.ts';

/** The shells in which completion is tested, and bash as older ones read its script. */
export const tested = ['bash', 'bash --posix', 'bash in 3.2 mode', 'zsh', 'fish'] as const;

/** One of them. */
export type Tested = (typeof tested)[number];

/** Completes command lines in a real shell. */
export interface Completer {
  /** The words after dnx, once a Tab completed the line. */
  tab(line: string): Promise<string>;
  close(): void;
}

interface Options {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Whether to skip a shell because it is not installed; CI must have all of them. */
export function missing(shell: Tested): boolean {
  const [program = ''] = shell.split(' ');
  const skip = lacking([program]).length > 0 && !required;
  if (skip) process.stderr.write(`Skipped the completion tests for ${program}: this machine lacks it\n`);
  return skip;
}

/** A directory with the programs that users have: links to the built one. */
export function programsIn(directory: string): string {
  const path = join(directory, 'programs');
  mkdirSync(path);
  for (const name of ['dnx', 'deploynix']) symlinkSync(programEnv.DNX, join(path, name));
  return path;
}

/** Opens a shell with the completion script. `env.PATH` has the programs. */
export async function openCompleter(shell: Tested, options: Options): Promise<Completer> {
  if (shell === 'fish') return fish(options);
  if (shell === 'zsh') return interactive('zsh', ['-f', '-i'], [...ownZsh, script('_dnx')], options);
  const args = [...(shell === 'bash --posix' ? ['--posix'] : []), '--noprofile', '--norc', '-i'];
  const compat = shell === 'bash in 3.2 mode' ? ['shopt -s compat32'] : [];
  return interactive('bash', args, [...compat, script('dnx.bash')], options);
}

/** What zsh proposes to a new user: it corrects a word if nothing completes it. */
const ownZsh = ['autoload -U compinit && compinit -u -D', "zstyle ':completion:*' completer _expand _complete _correct _approximate"];

const script = (name: string): string => `source ${resolve('completions', name)}`;

/** For the lines that are entered, `dnx` is a function that prints its arguments. Octal escapes, so that the echo of this line looks otherwise. */
const echo = String.raw`for name in dnx deploynix; do eval "$name() { printf '\\074%s\\076\\n' \"\$*\"; }"; done`;

/** A shell on a terminal, without the user's settings. */
async function interactive(file: string, args: readonly string[], prepare: readonly string[], { cwd, env }: Options): Promise<Completer> {
  const home = mkdtempSync(join(tmpdir(), 'dnx-shell-'));
  const pty = spawn(file, [...args], {
    cols: 200,
    rows: 50,
    cwd,
    env: { HOME: home, ZDOTDIR: home, TERM: 'dumb', PS1: '$ ', HISTFILE: '', LC_ALL: 'C.UTF-8', ...env },
  });
  let screen = '';
  let look = () => {};
  pty.onData((data) => {
    screen += data;
    look();
  });
  const entered = (keys: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${file} never ran dnx:\n${screen}`)), 15_000);
      screen = '';
      look = () => {
        const [, found] = /<([^>]*)>/.exec(screen) ?? [];
        if (found === undefined) return;
        clearTimeout(late);
        resolve(found.trim());
      };
      pty.write(`${keys}\r`);
    });
  for (const line of [...prepare, echo]) pty.write(`${line}\r`);
  await entered('dnx ready');
  return {
    tab: (line) => entered(`${line}\t`),
    close() {
      pty.kill('SIGKILL');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Fish says what it offers without a terminal. It completes a line if that is one word. */
function fish({ cwd, env }: Options): Completer {
  return {
    async tab(line) {
      const args = ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', resolve('completions/dnx.fish'), line];
      const run = spawnSync('fish', args, { encoding: 'utf8', cwd, env: { ...env } });
      if (run.stderr !== '') throw new Error(run.stderr);
      const words = run.stdout.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0] ?? '']));
      const typed = line.slice(line.lastIndexOf(' ') + 1);
      const [word, ...others] = words.filter((each) => each.startsWith(typed));
      const completed = word === undefined || others.length > 0 ? line : `${line.slice(0, line.length - typed.length)}${word}`;
      return completed.replace(/^\S+ /, '').trim();
    },
    close() {},
  };
}
