import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { hasten } from './hasten.ts';
import { mustBeRead } from './results.ts';

/** The built executable in processes of its own, against a sandbox in this one, with real time and real signals. */
export interface Executable {
  readonly sandbox: Sandbox;
  /** Config, cache, working directory and temporary files of the processes. */
  readonly directory: string;
  /** Starts `dnx ARGS`; awaiting it gives exitCode, stdout and stderr. */
  dnx(args: readonly string[], options?: StartOptions): Started;
  /** Starts a line of bash in which `dnx` is the executable. */
  shell(line: string, options?: StartOptions): Started;
  close(): Promise<void>;
}

/** What a process gets beside its words. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: 'ignore' | 'pipe';
}

/** A process under way. */
export type Started = ReturnType<typeof launch>;

/** How an executable is opened. */
export interface ExecutableOptions extends SandboxOptions {
  /** How many times as fast time passes, for the sandbox and for the processes. */
  readonly speed?: number;
}

/** A fresh sandbox and directory for the built executable. Its processes get the sandbox's address and token, and nothing of this one's environment. */
export async function openExecutable({ speed, ...options }: ExecutableOptions = {}): Promise<Executable> {
  const fast = speed === undefined ? undefined : hasten(speed);
  const sandbox = await startSandbox({ ...(fast && { now: fast.now }), ...options });
  const directory = mkdtempSync(join(tmpdir(), 'dnx-test-'));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    TMPDIR: directory,
    NODE: process.execPath,
    DNX: resolve('bin/dnx.js'),
    DNX_HOST: sandbox.url,
    DNX_TOKEN: sandbox.token,
    ...fast?.env,
  };
  return {
    sandbox,
    directory,
    dnx: (args, given = {}) => launch(env.NODE, [env.DNX, ...args], { directory, ...given, env: { ...env, ...given.env } }),
    shell: (line, given = {}) =>
      launch('bash', ['-c', `dnx() { "$NODE" "$DNX" "$@"; }; ${line}`], { directory, ...given, env: { ...env, ...given.env } }),
    async close() {
      await sandbox.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function launch(file: string, args: readonly string[], { directory, env, stdin = 'ignore' }: StartOptions & { directory: string }) {
  const child = execa(file, args, { cwd: directory, env: { ...env }, extendEnv: false, reject: false, stdin, stripFinalNewline: false });
  const ended = child.then(mustBeRead([file, ...args].join(' ')));
  // biome-ignore lint/suspicious/noThenProperty: a child of execa is a promise of its result
  child.then = ended.then.bind(ended);
  return child;
}

/** Resolves once a process has written these words to its stderr; rejects when it ends without. */
export function said(child: Started, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
      if (text.includes(words)) resolve();
    });
    child.stderr.on('end', () => reject(new Error(`It ended without saying “${words}”, but: ${text}`)));
  });
}
