import { execa } from 'execa';
import { DnxError } from '../base/errors.ts';
import type { Child } from './world.ts';

/**
 * Runs a child with this process's own streams, hands a signal on to it, and answers with its exit code.
 * `terminal`: Ctrl-C reaches the child by itself, and a second one may mean something else to it.
 */
export async function runChild({ file, args, env, output }: Child, signal: AbortSignal, terminal: boolean): Promise<number> {
  signal.throwIfAborted();
  const child = execa(file, args, {
    env,
    extendEnv: false,
    stdio: ['inherit', output === 'stderr' ? 2 : 'inherit', 'inherit'],
    reject: false,
  });
  const stop = () => {
    if ((signal.reason as DnxError).code === 'terminated') child.kill('SIGTERM');
    else if (!terminal) child.kill('SIGINT');
  };
  signal.addEventListener('abort', stop, { once: true });
  const result = await child;
  signal.removeEventListener('abort', stop);
  if (result.exitCode !== undefined) return result.exitCode;
  if (result.isTerminated) return result.signal === 'SIGTERM' ? 143 : 130;
  throw new DnxError('usage', `Cannot run ${file}: ${result.code === 'ENOENT' ? 'there is no such command' : result.shortMessage}.`);
}
