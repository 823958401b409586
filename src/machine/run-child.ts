import { execa } from 'execa';
import type { DnxError, ErrorCode } from '../base/errors.ts';
import { couldNotRun, exitCodeOf } from './child.ts';
import type { Child, Timer } from './world.ts';

/** The signal for each reason to stop; SIGTERM for any other. */
const names: Readonly<Partial<Record<ErrorCode, NodeJS.Signals>>> = { interrupted: 'SIGINT', hangup: 'SIGHUP' };

/** What running a child process needs of dnx's own process. */
interface Parent {
  readonly signal: AbortSignal;
  /** True if the child receives Ctrl-C from the terminal itself, so that SIGINT is not forwarded. */
  readonly terminal: boolean;
  /** Receives the function that sends a signal to a foreground child. */
  readonly onForeground: (send: (signal: NodeJS.Signals) => void) => void;
  readonly after: Timer;
}

const AGAIN_MS = 1_000;
/** How long what is left of stderr may take once a signal has ended the child, in ms: a shared connection of ssh may hold it open. */
const REST_MS = 200;

/** Runs a child process on the standard streams, forwards signals to it, and returns its exit code. */
export async function runChild(
  { file, args, env, cwd, verbatim, output, foreground, insist, signal: own, observe, tick }: Child,
  { signal: outer, terminal, onForeground, after }: Parent,
): Promise<number> {
  const signal = own ?? outer;
  signal.throwIfAborted();
  const child = execa(file, args, {
    env,
    extendEnv: false,
    windowsVerbatimArguments: verbatim === true,
    ...(cwd !== undefined && { cwd }),
    stdio: ['inherit', output === 'stderr' ? 2 : 'inherit', observe ? ['inherit', 'pipe'] : 'inherit'],
    buffer: false,
    reject: false,
    ...(foreground && { forceKillAfterDelay: false }),
  });
  if (observe) child.stderr?.on('data', observe);
  if (foreground) onForeground((name) => child.kill(name));
  let cancel = () => {};
  const stop = () => {
    const name = names[(signal.reason as DnxError).code] ?? 'SIGTERM';
    if (name !== 'SIGINT' || !terminal) child.kill(name);
    if (insist) cancel = after(AGAIN_MS, stop);
  };
  signal.addEventListener('abort', stop, { once: true });
  let cancelTick = () => {};
  const wait = ({ ms, call }: NonNullable<typeof tick>): void => {
    cancelTick = after(ms, () => {
      call();
      wait({ ms, call });
    });
  };
  if (tick) wait(tick);
  const interrupted = new Promise<{ readonly exitCode?: number | undefined; readonly signal?: NodeJS.Signals | undefined }>((resolve) => {
    child.once('exit', (code, name) => {
      if (signal.aborted) after(REST_MS, () => resolve({ exitCode: code ?? undefined, signal: name ?? undefined }));
    });
  });
  const result = await Promise.race([child, interrupted]);
  child.stderr?.destroy();
  signal.removeEventListener('abort', stop);
  cancel();
  cancelTick();
  if (result.exitCode === undefined && result.signal === undefined) throw couldNotRun(file, result, cwd);
  return exitCodeOf(result.exitCode, result.signal);
}
