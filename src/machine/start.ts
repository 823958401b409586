import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { couldNotRun, isMissing } from './refused.ts';
import type { Piped, Started, Timer, World } from './world.ts';

/** What a started child process needs of dnx's own process. */
interface Parent extends Pick<World, 'signal' | 'onExit' | 'platform'> {
  readonly after: Timer;
}

/** How long a child process may take to end after SIGTERM, in ms. */
const GRACE_MS = 300;

/** Starts a program with SIGINT ignored, which programs such as ssh then leave ignored. */
const DEAF = ['-c', `trap '' INT; exec "$0" "$@"`];

/** Starts a child process whose streams dnx handles; undefined if the program does not exist. */
export async function startChild(piped: Piped, outer: Parent): Promise<Started | undefined> {
  const { file, args, env, cwd, verbatim, stdin, background } = piped;
  const parent = { ...outer, signal: piped.signal ?? outer.signal };
  parent.signal.throwIfAborted();
  const [program, words] = background && parent.platform !== 'win32' ? ['sh', [...DEAF, file, ...args]] : [file, args];
  const stdio: SpawnOptions['stdio'] = [stdin ?? 'ignore', 'pipe', 'pipe'];
  const child = spawn(program, words, { env, cwd, stdio, windowsHide: true, windowsVerbatimArguments: verbatim === true });
  try {
    const [stdout, stderr] = [child.stdout, child.stderr];
    if (!stdout || !stderr) throw new Error('The child process has no output.');
    await once(child, 'spawn');
    child.stdin?.on('error', () => {});
    return { stdin: child.stdin ?? undefined, stdout, stderr, ...lifeOf(child, parent) };
  } catch (error) {
    if (isMissing(error, cwd)) return undefined;
    throw couldNotRun(file, error, cwd);
  }
}

/** Ends the child with dnx, and tells how it ended. */
function lifeOf(child: ChildProcess, { signal, after, onExit }: Parent): Pick<Started, 'ended' | 'stop'> {
  let cancel = () => {};
  const stop = () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    cancel();
    cancel = after(GRACE_MS, () => child.kill('SIGKILL'));
  };
  const forget = onExit(() => child.kill('SIGKILL'));
  signal.addEventListener('abort', stop, { once: true });
  const ended = new Promise<number>((resolve) => {
    child.on('close', (code, name) => {
      cancel();
      forget();
      signal.removeEventListener('abort', stop);
      resolve(code ?? 128 + constants.signals[name ?? 'SIGKILL']);
    });
  });
  return { ended, stop };
}
