import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { has, openShell, type ShellOptions } from './shell.ts';

/** Completes command lines in a real shell. */
export interface Completer {
  /** The words after dnx, once a Tab completed the line. */
  tab(line: string): Promise<string>;
  close(): void;
}

/** The shells in which completion is tested. */
export const tested = ['bash', 'zsh', 'fish'] as const;

/** One of them. */
export type Tested = (typeof tested)[number];

const scripts = { bash: resolve('completions/dnx.bash'), zsh: resolve('completions/_dnx'), fish: resolve('completions/dnx.fish') };

/** Whether to skip a shell because it is not installed; CI must have all of them. */
export function missing(shell: string): boolean {
  if (has(shell)) return false;
  if (!process.env.CI) process.stderr.write(`Skipped the completion tests for ${shell}: it is not installed\n`);
  return !process.env.CI;
}

interface Options extends ShellOptions {
  /** The only directory in which programs are found, once the shell is ready. */
  readonly path?: string;
  /** Another script than the shipped one. */
  readonly script?: string;
  /** More lines to run first. */
  readonly prepare?: readonly string[];
}

/** Opens a shell with the completion script. */
export async function openCompleter(
  shell: Tested,
  { path, script = scripts[shell], prepare = [], ...options }: Options = {},
): Promise<Completer> {
  if (shell === 'fish') return fish(script, { ...options, ...(path !== undefined && { env: { ...options.env, PATH: path } }) });
  const load = shell === 'zsh' ? ['autoload -U compinit && compinit -u -D'] : [];
  const restrict = path === undefined ? [] : [`PATH='${path}'`];
  const args = shell === 'zsh' ? ['-f', '-i'] : ['--noprofile', '--norc', '-i'];
  const open = await openShell(shell, args, [...load, `source ${script}`, ...prepare, ...restrict], options);
  return { tab: async (line) => (await open.enter(`${line}\t`)).trim(), close: () => open.close() };
}

/** Fish says what it offers without a terminal. It completes a line if that is one word. */
function fish(script: string, { cwd, env = {} }: ShellOptions): Completer {
  const program = spawnSync('sh', ['-c', 'command -v fish'], { encoding: 'utf8' }).stdout.trim();
  return {
    async tab(line) {
      const run = spawnSync(program, ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script, line], {
        encoding: 'utf8',
        cwd,
        env: { HOME: process.env.HOME, PATH: process.env.PATH, ...env },
      });
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
