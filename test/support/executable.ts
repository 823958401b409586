import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { test } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type RunOptions, temporary } from './dnx.ts';
import { hasten } from './hasten.ts';
import { giveCode, takeCode } from './kept-code.ts';
import { program, programEnv } from './program.ts';
import { mustBeRead } from './results.ts';
import { refuseUnknownRoutes } from './routes.ts';
import { recordedShapes } from './shapes.ts';

/** What a run of dnx printed. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built executable in separate processes, with a sandbox in this one, real time and real signals. */
export interface Executable {
  readonly sandbox: Sandbox;
  /** Contains the config, cache, working and temporary directories of the processes. */
  readonly directory: string;
  /** The environment of the processes. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts `dnx ARGS`; awaiting it returns exitCode, stdout and stderr. */
  dnx(args: readonly string[], options?: StartOptions): Started;
  /** Runs `dnx ARGS` in this process, with the same files, at a tenth of the cost: for what comes before or after the process of a test. */
  here(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Starts a bash command in which `dnx` is the executable. */
  shell(line: string, options?: StartOptions): Started;
  close(): Promise<void>;
}

/** Options of a process. */
export interface StartOptions {
  /** The working directory; by default, that of the executable. */
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: 'ignore' | 'pipe';
}

/** A running process. */
export type Started = ReturnType<typeof launch>;

/** Options of an executable. */
export interface ExecutableOptions extends SandboxOptions {
  /** The speed of time, for the sandbox and the processes. */
  readonly speed?: number;
}

/** Opens a sandbox and directory for the executable. Its processes receive the sandbox's URL and token, but not this environment. */
export async function openExecutable({ speed, ...options }: ExecutableOptions = {}): Promise<Executable> {
  const fast = speed === undefined ? undefined : hasten(speed);
  const sandbox = await startSandbox({ ...recordedShapes, ...(fast && { now: fast.now }), ...options });
  const directory = temporary();
  giveCode(directory);
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    ...programEnv,
    TMPDIR: directory,
    DNX_HOST: sandbox.url,
    DNX_TOKEN: sandbox.token,
    DNX_NO_UPDATE_NOTIFIER: '1',
    ...rateLimitOf(options),
    ...fast?.env,
  };
  let bed: Promise<Bed> | undefined;
  return {
    sandbox,
    directory,
    env,
    async here(args, run = {}) {
      const toRead = mustBeRead<Ran>(args.join(' '));
      bed ??= openInside();
      const { dnx } = await bed;
      const home = placesIn(run.env?.HOME ?? directory);
      const { code, stdout, stderr } = await dnx(args, { cwd: directory, ...run, env: { ...env, ...home, ...run.env } });
      return toRead({ exitCode: code, stdout, stderr });
    },
    dnx: (args, given = {}) => launch(program[0], [...program.slice(1), ...args], { directory, ...given, env: { ...env, ...given.env } }),
    shell: (line, given = {}) =>
      launch('bash', ['-c', `dnx() { "$NODE" "$DNX" "$@"; }; ${line}`], { directory, ...given, env: { ...env, ...given.env } }),
    async close() {
      await (await bed)?.close();
      await sandbox.close();
      takeCode(directory);
      rmSync(directory, { recursive: true, force: true });
      refuseUnknownRoutes(sandbox.calls.map(({ path }) => path));
    },
  };
}

/** A bed whose time of day is the real one, as that of the processes. */
export async function openInside(): Promise<Bed> {
  const bed = await openBed();
  bed.clock.now = Date.now;
  return bed;
}

/** The directories of dnx in this home directory. */
export const placesIn = (home: string): Readonly<Record<string, string>> => ({
  DNX_CONFIG_DIR: join(home, '.config/dnx'),
  DNX_CACHE_DIR: join(home, '.cache/dnx'),
  DNX_STATE_DIR: join(home, '.local/state/dnx'),
});

/** A test that opens its own, so that several tests can run at once: they close when it ends. */
export const executableTest = test.extend<{ open: (options?: ExecutableOptions) => Promise<Executable> }>({
  open: async ({ task: _ }, use) => {
    const opened: Executable[] = [];
    await use(async (options) => {
      const executable = await openExecutable(options);
      opened.push(executable);
      return executable;
    });
    await Promise.all(opened.map((each) => each.close()));
  },
});

/** The rate limit for dnx, if the sandbox has another one than the API. */
const rateLimitOf = ({ rateLimit = 60, rateWindowMs }: SandboxOptions): Readonly<Record<string, string>> => {
  if (rateLimit === 0) return { DNX_RATE_LIMIT: 'off' };
  return rateWindowMs === undefined ? {} : { DNX_RATE_LIMIT: `${rateLimit}/${rateWindowMs}ms` };
};

function launch(
  file: string,
  args: readonly string[],
  { directory, cwd = directory, env, stdin = 'ignore' }: StartOptions & { directory: string },
) {
  const child = execa(file, args, { cwd, env: { ...env }, extendEnv: false, reject: false, stdin, stripFinalNewline: false });
  const ended = child.then(mustBeRead([file, ...args].join(' ')));
  // biome-ignore lint/suspicious/noThenProperty: an execa child is a promise of its result
  child.then = ended.then.bind(ended);
  return child;
}

/** Resolves once stderr contains this text; rejects if the process ends without it. */
export function said(child: Started, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
      if (text.includes(words)) resolve();
    });
    child.stderr.on('end', () => reject(new Error(`The process ended without '${words}': ${text}`)));
  });
}

/** Resolves once a child has printed an object of JSON, with its text. Rejects with what stderr says if the child ends before. */
export function firstObject(child: Started): Promise<string> {
  return new Promise((resolve, reject) => {
    let all = '';
    child.stdout.on('data', (chunk) => {
      all += chunk;
      if (all.endsWith('}\n')) resolve(all);
    });
    void child.then(({ stderr }) => reject(new Error(stderr)));
  });
}
