import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { DnxError, isError, reasonOf, systemCode } from '../base/errors.ts';
import { type Capture, type Captured, NetworkFault, type Piped, type Program, type Started, type Timer, type World } from './world.ts';

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
export const exitCodeOf = (code: number | null | undefined, signal: NodeJS.Signals | null | undefined): number =>
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
