import { constants } from 'node:os';
import { execa } from 'execa';
import { type Code, DnxError, reasonOf } from '../base/errors.ts';
import { type Capture, type Captured, type Child, NetworkFault } from './world.ts';

/** The signal for each reason to stop; SIGTERM for any other. */
const names: Readonly<Partial<Record<Code, NodeJS.Signals>>> = { interrupted: 'SIGINT', hangup: 'SIGHUP' };

/** What running a child process needs of dnx's own process. */
interface Parent {
  readonly signal: AbortSignal;
  /** True if the child receives Ctrl-C from the terminal itself, so that SIGINT is not forwarded. */
  readonly terminal: boolean;
  /** Receives the function that sends a signal to a foreground child. */
  readonly onForeground: (send: (signal: NodeJS.Signals) => void) => void;
}

/** Runs a child process on the standard streams, forwards signals to it, and returns its exit code. */
export async function runChild(
  { file, args, env, cwd, output, foreground, signal: own }: Child,
  { signal: outer, terminal, onForeground }: Parent,
): Promise<number> {
  const signal = own ?? outer;
  signal.throwIfAborted();
  const child = execa(file, args, {
    env,
    extendEnv: false,
    ...(cwd !== undefined && { cwd }),
    stdio: ['inherit', output === 'stderr' ? 2 : 'inherit', 'inherit'],
    reject: false,
    ...(foreground && { forceKillAfterDelay: false }),
  });
  if (foreground) onForeground((name) => child.kill(name));
  const stop = () => {
    const name = names[(signal.reason as DnxError).code] ?? 'SIGTERM';
    if (name !== 'SIGINT' || !terminal) child.kill(name);
  };
  signal.addEventListener('abort', stop, { once: true });
  const result = await child;
  signal.removeEventListener('abort', stop);
  if (result.exitCode !== undefined) return result.exitCode;
  if (result.signal !== undefined) return 128 + constants.signals[result.signal];
  throw couldNotRun(file, result);
}

/** The most output of a captured child process, in bytes. */
const LIMIT = 64 * 1024 * 1024;

/** Runs a child process with captured output, ends it with the signal, and returns how it ended; undefined if the program does not exist. */
export async function captureChild(
  { file, args, env, cwd, input = '', attended, limitMs }: Captured,
  signal: AbortSignal,
): Promise<Capture | undefined> {
  signal.throwIfAborted();
  const child = execa(file, args, {
    env,
    extendEnv: false,
    ...(cwd !== undefined && { cwd }),
    ...(limitMs !== undefined && { timeout: limitMs }),
    ...(attended ? { stdio: ['inherit', 'pipe', 'inherit'] } : { input }),
    stripFinalNewline: false,
    maxBuffer: LIMIT,
    cancelSignal: signal,
    reject: false,
  });
  // Its own children may outlive it, and keep its output open.
  child.once('exit', () => {
    if (child.killed) for (const output of [child.stdout, child.stderr]) output?.destroy();
  });
  const result = await child;
  signal.throwIfAborted();
  if (result.timedOut)
    throw new DnxError('timed_out', `Timed out waiting for ${file}.`, { cause: new NetworkFault('timed out', { sent: false }) });
  if (result.code === 'ENOENT') return undefined;
  if (result.isMaxBuffer) throw new DnxError('failed', `${file} printed more than 64 MB.`);
  const code = result.exitCode ?? (result.signal === undefined ? undefined : 128 + constants.signals[result.signal]);
  if (code === undefined) throw couldNotRun(file, result);
  return { code, stdout: result.stdout, stderr: result.stderr ?? '' };
}

const couldNotRun = (
  file: string,
  { code, shortMessage }: { readonly code?: string | undefined; readonly shortMessage?: string | undefined },
): DnxError => new DnxError('usage', `Could not run ${file}: ${refusals[code ?? ''] ?? reasonOf(code) ?? shortMessage}.`);

const refusals: Readonly<Record<string, string>> = {
  ENOENT: 'command not found',
  E2BIG: 'its arguments and environment variables are too large',
};
