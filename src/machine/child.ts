import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { win32 } from 'node:path';
import { attempt, DnxError, type ErrorCode, isError, reasonOf, systemCode, usage } from '../base/errors.ts';
import { anyCase } from './env.ts';
import {
  type Capture,
  type Captured,
  type Child,
  type Env,
  NetworkFault,
  type Output,
  type Piped,
  type Program,
  type Started,
  type Timer,
  type World,
} from './world.ts';

interface Parent extends Pick<World, 'signal' | 'onExit'> {
  readonly after: Timer;
}

/** How long a child process may take to end after SIGTERM, in ms. */
const GRACE_MS = 300;
const LIMIT = 64 * 1024 * 1024;
/** How long the output may pause once the child has ended, in ms: a process that it left behind may keep it open. */
const PAUSE_MS = 500;
/** Starts a program with SIGINT ignored, which programs such as ssh then leave ignored. */
const DEAF = ['-c', `trap '' INT; exec "$0" "$@"`];

/** Starts a child process whose streams dnx handles; undefined if the program does not exist. */
export async function startChild(piped: Piped, parent: Parent & Pick<World, 'platform'>): Promise<Started | undefined> {
  const { file, args, stdin = 'ignore', background, signal = parent.signal } = piped;
  signal.throwIfAborted();
  const program = background && parent.platform !== 'win32' ? { ...piped, file: 'sh', args: [...DEAF, file, ...args] } : piped;
  const child = await spawned(program, [stdin, 'pipe', 'pipe'], file);
  if (!child) return undefined;
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('The child process has no output.');
  child.stdin?.on('error', () => {});
  return { stdin: child.stdin ?? undefined, stdout, stderr, ...lifeOf(child, { ...parent, signal }) };
}

/** Runs a child process and returns its output and how it ended; undefined if the program does not exist. */
export async function captureChild(captured: Captured, parent: Parent): Promise<Capture | undefined> {
  const { file, attended, limitMs, signal = parent.signal } = captured;
  const { after } = parent;
  signal.throwIfAborted();
  const child = await spawned(captured, attended ? ['inherit', 'pipe', 'inherit'] : ['ignore', 'pipe', 'pipe']);
  if (!child) return undefined;
  const { stop, ended } = lifeOf(child, { ...parent, signal });
  const output = collected(child, stop);
  let isLate = false;
  const expire = () => {
    isLate = true;
    stop();
  };
  const cancel = limitMs === undefined ? () => {} : after(limitMs, expire);
  const code = await Promise.race([ended, paused(child, output.size, after)]);
  cancel();
  child.stdout?.destroy();
  child.stderr?.destroy();
  signal.throwIfAborted();
  if (isLate) throw new DnxError('timed_out', `Timed out waiting for ${file}.`, { cause: new NetworkFault('timed out', { sent: false }) });
  if (output.size() > LIMIT) throw new DnxError('failed', `${file} printed more than 64 MB.`);
  return { code, stdout: output.stdout(), stderr: output.stderr() };
}

function collected(child: ChildProcess, stop: () => void) {
  let size = 0;
  const textOf = (stream: ChildProcess['stdout']): (() => string) => {
    const chunks: Buffer[] = [];
    stream?.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= LIMIT) chunks.push(chunk);
      else stop();
    });
    return () => Buffer.concat(chunks).toString();
  };
  return { size: () => size, stdout: textOf(child.stdout), stderr: textOf(child.stderr) };
}

/** The exit code of a child that has ended although its output has not, once that pauses. */
function paused(child: ChildProcess, size: () => number, after: Timer): Promise<number> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const checkAgain = (seen: number): unknown =>
        after(PAUSE_MS, () => (size() === seen || size() > LIMIT ? resolve(exitCodeOf(code, signal)) : checkAgain(size())));
      checkAgain(size());
    });
  });
}

/** Spawns a child process; undefined if the program does not exist. `name`: the program, if it is started by another one. */
export async function spawned(program: Program, stdio: SpawnOptions['stdio'], name = program.file): Promise<ChildProcess | undefined> {
  const { file, args, env, cwd, verbatim } = program;
  try {
    const options = { env, cwd, stdio, windowsHide: true, windowsVerbatimArguments: verbatim === true };
    const child = spawn(file, args, options as SpawnOptions);
    await once(child, 'spawn');
    // Such as a signal that a program of another user does not take.
    child.on('error', () => {});
    return child;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    if (isMissing(error, program)) return undefined;
    throw couldNotRun(name, error, cwd);
  }
}

/** Ends the child with dnx or with the signal, by SIGKILL if it must, and tells how it ended. */
function lifeOf(child: ChildProcess, { signal, after, onExit }: Parent): Pick<Started, 'ended' | 'stop'> {
  let cancel = () => {};
  let isStopping = false;
  const stop = () => {
    if (isStopping || child.exitCode !== null || child.signalCode !== null) return;
    isStopping = true;
    child.kill('SIGTERM');
    cancel = after(GRACE_MS, () => child.kill('SIGKILL'));
  };
  const forget = onExit(() => child.kill('SIGKILL'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const ended = new Promise<number>((resolve) => {
    const end = (code: number | null, name: NodeJS.Signals | null) => {
      cancel();
      forget();
      signal.removeEventListener('abort', stop);
      resolve(exitCodeOf(code, name));
    };
    child.on('close', end);
    child.on('exit', (code, name) => {
      if (!isStopping) return;
      after(PAUSE_MS, () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        end(code, name);
      });
    });
  });
  return { ended, stop };
}

/** The exit code of a child process as a shell reports it: 128 and the signal that ended it. */
const exitCodeOf = (code: number | null | undefined, signal: NodeJS.Signals | null | undefined): number =>
  code ?? 128 + constants.signals[signal ?? 'SIGKILL'];

/**
 * True if a program was not found. A missing working directory gives the same code; a directory of the PATH that the user may not search, or a
 * file there that is no program, another one.
 */
const isMissing = (error: unknown, { file, cwd }: Program): boolean =>
  (systemCode(error) === 'ENOENT' && !isGone(cwd)) || (systemCode(error) === 'EACCES' && !/[/\\]/.test(file));

function couldNotRun(file: string, error: unknown, cwd: string | undefined): DnxError {
  const code = systemCode(error);
  const reason = code === 'ENOENT' && isGone(cwd) ? `the directory ${cwd} does not exist` : (refusals[code ?? ''] ?? reasonOf(code));
  return new DnxError('usage', `Could not run ${file}: ${reason ?? code ?? String(error)}.`);
}

/** The error for a program that is not in PATH. */
export const programNotFound = (file: string): DnxError => new DnxError('usage', `Could not run ${file}: ${refusals.ENOENT}.`);

/** True for this error if the program does not exist. */
export const isNotInstalled = (error: unknown): boolean => isError(error, 'usage') && error.message.endsWith(`: ${refusals.ENOENT}.`);

const isGone = (cwd: string | undefined): boolean => cwd !== undefined && !existsSync(cwd);

const refusals: Readonly<Record<string, string>> = {
  ENOENT: 'command not found',
  E2BIG: 'its arguments and environment variables are too large',
};

/** The signal for each reason to stop; SIGTERM for any other. */
const names: Readonly<Partial<Record<ErrorCode, NodeJS.Signals>>> = { interrupted: 'SIGINT', hangup: 'SIGHUP' };

interface TerminalParent extends Parent {
  /** True if the child receives Ctrl-C from the terminal itself, so that SIGINT is not forwarded. */
  readonly terminal: boolean;
  readonly stderr: Output;
  /** Receives the function that sends a signal to a foreground child. */
  readonly onForeground: (send: (signal: NodeJS.Signals) => void) => void;
}

const AGAIN_MS = 1_000;
/** How long what is left of stderr may take once a signal has ended the child, in ms: a shared connection of ssh may hold it open. */
const REST_MS = 200;
/** How long such a child may take to end after SIGTERM, in ms, unless it has the terminal. */
const LONG_GRACE_MS = 5_000;

/** Runs a child process on the standard streams, forwards signals to it, and returns its exit code. */
export async function runChild(
  { output, foreground, insist, signal: ownSignal, observe, tick, ...program }: Child,
  { signal: outer, terminal, stderr, onForeground, after, onExit }: TerminalParent,
): Promise<number> {
  const signal = ownSignal ?? outer;
  signal.throwIfAborted();
  const stdio: StdioOptions = ['inherit', output === 'stderr' ? 2 : 'inherit', observe ? 'pipe' : 'inherit'];
  const child = await spawned(program, stdio);
  if (!child) throw programNotFound(program.file);
  const ended = new Promise<number>((resolve) => child.once('close', (code, name) => resolve(exitCodeOf(code, name))));
  if (observe) child.stderr?.on('data', observe).pipe(stderr, { end: false });
  if (foreground) onForeground((name) => child.kill(name));
  const forget = onExit(() => child.kill());
  let cancel = () => {};
  const stop = () => {
    const name = names[(signal.reason as DnxError).code] ?? 'SIGTERM';
    if (name !== 'SIGINT' || !terminal) child.kill(name);
    if (insist) cancel = after(AGAIN_MS, stop);
    else if (name === 'SIGTERM' && !foreground) cancel = after(LONG_GRACE_MS, () => child.kill('SIGKILL'));
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  let cancelTick = () => {};
  const wait = ({ ms, call }: NonNullable<typeof tick>): void => {
    cancelTick = after(ms, () => {
      call();
      wait({ ms, call });
    });
  };
  if (tick) wait(tick);
  const interrupted = new Promise<number>((resolve) => {
    child.once('exit', (code, name) => {
      if (signal.aborted) after(REST_MS, () => resolve(exitCodeOf(code, name)));
    });
  });
  const code = await Promise.race([ended, interrupted]);
  child.stderr?.destroy();
  signal.removeEventListener('abort', stop);
  cancel();
  cancelTick();
  forget();
  return code;
}

/**
 * Finds a program as PowerShell does: in the directories of PATH, never in the working directory, where a cloned repository may have
 * its own `git.exe`. Scripts for cmd are run by cmd, with arguments that it cannot interpret. Undefined if there is none.
 */
export function onWindows<P extends Program>(program: P, cwd: string, isFile = exists): P | undefined {
  const { env } = program;
  const file = pathOf(program, cwd, isFile);
  if (file === undefined) return undefined;
  if (program.verbatim || !isScript(file, env)) return { ...program, file };
  const line = [file, ...program.args].map(argument).join(' ');
  return { ...program, file: cmdOf(env), args: ['/e:ON', '/v:OFF', '/d', '/s', '/c', `"${line}"`], verbatim: true };
}

/** True for anything but an executable: cmd knows how to run it. */
function isScript(file: string, env: Env): boolean {
  const extension = win32.extname(file).toLowerCase();
  return !DIRECT.includes(extension) && extensionsIn(env).includes(extension);
}

const DIRECT = ['.exe', '.com', ''];

function pathOf({ file, env, cwd: directory }: Program, cwd: string, isFile: (path: string) => boolean): string | undefined {
  if (/^cmd(\.exe)?$/i.test(file)) return cmdOf(env);
  const named = /[\\/:]/.test(file);
  // A relative directory in PATH would be that of the repository, too.
  const directories = named ? [directory ?? cwd] : (anyCase(env, 'PATH') ?? '').split(';').map(unquoted).filter(win32.isAbsolute);
  const extended = extensionsIn(env).map((extension) => `${file}${extension}`);
  const names = win32.extname(file) === '' ? [...extended, file] : [file, ...extended];
  return directories.flatMap((directory) => names.map((name) => win32.resolve(directory, name))).find(isFile);
}

const unquoted = (directory: string): string => directory.replaceAll('"', '');

const extensionsIn = (env: Env): readonly string[] =>
  (anyCase(env, 'PATHEXT') || '.COM;.EXE;.BAT;.CMD')
    .toLowerCase()
    .split(';')
    .filter((extension) => extension.startsWith('.'));

const cmdOf = (env: Env): string =>
  anyCase(env, 'COMSPEC') || win32.join(anyCase(env, 'SYSTEMROOT') || 'C:\\Windows', 'System32', 'cmd.exe');

/**
 * One argument of a batch file, as Rust's standard library writes it since CVE-2024-24576: everything that is not plain stands between
 * quotes, a quote is doubled, so that cmd counts them right both times that it reads the line, and `%` cannot begin a variable.
 */
function argument(word: string): string {
  if (/[\r\n\0]/.test(word)) throw usage('A batch file cannot receive an argument with a line break.');
  const safe = word
    .replace(/(\\*)"/g, '$1$1""')
    .replace(/\\+$/, '$&$&')
    .replaceAll('%', '%%cd:~,%');
  return /^[\w#$*+./:?@\\-]*[\w#$*+./:?@-]$/.test(word) ? word : `"${safe}"`;
}

const exists = (path: string): boolean => attempt(() => statSync(path, { throwIfNoEntry: false }))?.isFile() === true;
