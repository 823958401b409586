import type { StdioOptions } from 'node:child_process';
import type { DnxError, ErrorCode } from '../base/errors.ts';
import { exitCodeOf, programNotFound, spawned } from './child.ts';
import type { Child, Output, Timer, World } from './world.ts';

/** The signal for each reason to stop; SIGTERM for any other. */
const names: Readonly<Partial<Record<ErrorCode, NodeJS.Signals>>> = { interrupted: 'SIGINT', hangup: 'SIGHUP' };

interface Parent extends Pick<World, 'signal' | 'onExit'> {
  /** True if the child receives Ctrl-C from the terminal itself, so that SIGINT is not forwarded. */
  readonly terminal: boolean;
  readonly stderr: Output;
  /** Receives the function that sends a signal to a foreground child. */
  readonly onForeground: (send: (signal: NodeJS.Signals) => void) => void;
  readonly after: Timer;
}

const AGAIN_MS = 1_000;
/** How long what is left of stderr may take once a signal has ended the child, in ms: a shared connection of ssh may hold it open. */
const REST_MS = 200;
/** How long a child may take to end after SIGTERM, in ms, unless it has the terminal. */
const GRACE_MS = 5_000;

/** Runs a child process on the standard streams, forwards signals to it, and returns its exit code. */
export async function runChild(
  { output, foreground, insist, signal: ownSignal, observe, tick, ...program }: Child,
  { signal: outer, terminal, stderr, onForeground, after, onExit }: Parent,
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
    else if (name === 'SIGTERM' && !foreground) cancel = after(GRACE_MS, () => child.kill('SIGKILL'));
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
