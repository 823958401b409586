import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { DnxError, systemCode } from '../base/errors.ts';
import { couldNotRun, isMissing } from './refused.ts';
import { type Capture, type Captured, NetworkFault, type Timer, type World } from './world.ts';

/** What capturing a child process needs of dnx's own process. */
interface Parent extends Pick<World, 'signal' | 'onExit'> {
  readonly after: Timer;
}

/** The most output of a child process, in bytes. */
const LIMIT = 64 * 1024 * 1024;
/** How long a child process may take to end after SIGTERM, in ms. */
const GRACE_MS = 300;
/** How long the output may pause once the child has ended, in ms: a process that it left behind may keep it open. */
const PAUSE_MS = 500;

/**
 * Runs a child process with captured output, ends it with the signal, and returns how it ended; undefined if the program does not
 * exist. Not execa, which takes 3 ms to load and repeats the whole output in an error.
 */
export async function captureChild(
  { file, args, env, cwd, verbatim, attended, limitMs }: Captured,
  parent: Parent,
): Promise<Capture | undefined> {
  const { signal, onExit } = parent;
  signal.throwIfAborted();
  try {
    const stdio: SpawnOptions['stdio'] = attended ? ['inherit', 'pipe', 'inherit'] : ['ignore', 'pipe', 'pipe'];
    const child = started(file, args, { env, cwd, stdio, windowsVerbatimArguments: verbatim === true });
    const forget = onExit(() => child.kill('SIGKILL'));
    const output = await outputOf(child, parent, limitMs).finally(forget);
    signal.throwIfAborted();
    if (output === 'late') throw lateOf(file);
    if (!output) throw new DnxError('failed', `${file} printed more than 64 MB.`);
    return output;
  } catch (error) {
    if (error instanceof DnxError || systemCode(error) === undefined) throw error;
    if (isMissing(error, cwd)) return undefined;
    throw couldNotRun(file, error, cwd);
  }
}

const started = (file: string, args: readonly string[], options: SpawnOptions): ChildProcess =>
  spawn(file, args, { ...options, windowsHide: true });

const lateOf = (file: string): DnxError =>
  new DnxError('timed_out', `Timed out waiting for ${file}.`, { cause: new NetworkFault('timed out', { sent: false }) });

/**
 * The output of a child process and its exit code; undefined if it printed too much, `late` after the limit. Ends it with the signal,
 * by SIGKILL if it must.
 */
function outputOf(child: ChildProcess, { signal, after }: Parent, limitMs: number | undefined): Promise<Capture | 'late' | undefined> {
  const streams = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let size = 0;
  let seen = 0;
  let late = false;
  let cancel = () => {};
  const terminate = () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    cancel = after(GRACE_MS, () => child.kill('SIGKILL'));
  };
  const collect = (chunks: Buffer[]) => (chunk: Buffer) => {
    size += chunk.length;
    if (size <= LIMIT) chunks.push(chunk);
    else if (size - chunk.length <= LIMIT) terminate();
  };
  child.stdout?.on('data', collect(streams.stdout));
  child.stderr?.on('data', collect(streams.stderr));
  signal.addEventListener('abort', terminate, { once: true });
  const expire = () => {
    late = true;
    terminate();
  };
  const unlimited = limitMs === undefined ? () => {} : after(limitMs, expire);
  return new Promise<Capture | 'late' | undefined>((resolve, reject) => {
    const ended = (code: number | null, name: NodeJS.Signals | null) => {
      if (late) return resolve('late');
      const [stdout, stderr] = [textOf(streams.stdout), textOf(streams.stderr)];
      resolve(size > LIMIT ? undefined : { code: code ?? 128 + constants.signals[name ?? 'SIGKILL'], stdout, stderr });
    };
    child.on('error', reject);
    child.on('close', ended);
    child.on('exit', (code, name) => {
      const look = () => {
        if (size === seen || size > LIMIT) return ended(code, name);
        seen = size;
        cancel = after(PAUSE_MS, look);
      };
      cancel();
      seen = -1;
      look();
    });
  }).finally(() => {
    cancel();
    unlimited();
    signal.removeEventListener('abort', terminate);
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
}

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString();
