import { constants } from 'node:os';
import { execa } from 'execa';
import type { Code, DnxError } from '../base/errors.ts';
import { couldNotRun } from './refused.ts';
import type { Child } from './world.ts';

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
  { file, args, env, cwd, output, foreground, signal: own, observe }: Child,
  { signal: outer, terminal, onForeground }: Parent,
): Promise<number> {
  const signal = own ?? outer;
  signal.throwIfAborted();
  const child = execa(file, file === 'cmd' ? unquoted(args) : args, {
    env,
    extendEnv: false,
    windowsVerbatimArguments: file === 'cmd',
    ...(cwd !== undefined && { cwd }),
    stdio: ['inherit', output === 'stderr' ? 2 : 'inherit', observe ? ['inherit', 'pipe'] : 'inherit'],
    buffer: false,
    reject: false,
    ...(foreground && { forceKillAfterDelay: false }),
  });
  if (observe) child.stderr?.on('data', observe);
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
  throw couldNotRun(file, result, cwd);
}

/** The arguments of `cmd /s /c`, which reads quotes itself: it gets the command as it is, in quotes that it removes. So does Node's `shell`. */
const unquoted = (args: readonly string[]): readonly string[] => [...args.slice(0, -1), `"${args.at(-1)}"`];
