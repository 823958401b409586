import { constants } from 'node:os';
import { execa } from 'execa';
import { type Code, DnxError } from '../base/errors.ts';
import type { Child } from './world.ts';

/** The signal for each reason to stop; SIGTERM for any other. */
const names: Readonly<Partial<Record<Code, NodeJS.Signals>>> = { interrupted: 'SIGINT', hangup: 'SIGHUP' };

/**
 * Runs a child process on the standard streams, forwards signals to it, and returns its exit code.
 * `terminal`: the child receives Ctrl-C from the terminal itself, so SIGINT is not forwarded.
 */
export async function runChild({ file, args, env, output, signal: own }: Child, outer: AbortSignal, terminal: boolean): Promise<number> {
  const signal = own ?? outer;
  signal.throwIfAborted();
  const child = execa(file, args, {
    env,
    extendEnv: false,
    stdio: ['inherit', output === 'stderr' ? 2 : 'inherit', 'inherit'],
    reject: false,
  });
  const stop = () => {
    const name = names[(signal.reason as DnxError).code] ?? 'SIGTERM';
    if (name !== 'SIGINT' || !terminal) child.kill(name);
  };
  signal.addEventListener('abort', stop, { once: true });
  const result = await child;
  signal.removeEventListener('abort', stop);
  if (result.exitCode !== undefined) return result.exitCode;
  if (result.signal !== undefined) return 128 + constants.signals[result.signal];
  throw new DnxError('usage', `Could not run ${file}: ${result.code === 'ENOENT' ? 'command not found' : result.shortMessage}.`);
}
