import { setMaxListeners } from 'node:events';
import { closeSync, fstatSync, statSync, writeSync } from 'node:fs';
import { platform } from 'node:process';
import { Writable } from 'node:stream';
import { DnxError, type ErrorCode } from './base/errors.ts';
import { openEnv } from './machine/env.ts';
import { countWrites, isHangup, node, self, takeTyped } from './machine/runtime.ts';
import type { Output, Program, Timer, Transport, World } from './machine/world.ts';
import { main, reportCrash } from './main.ts';

/** The exit codes of a child that Ctrl-C may have ended: of a signal, and of ssh. */
const INTERRUPTED: readonly number[] = [130, 255];
/** How long dnx waits for the Ctrl-C that such a child got, in ms. The system may report the end of the child first. */
const LATE_MS = 100;
/** How long a command has to end after a signal, in ms. */
const GRACE_MS = 700;

// `devNull` would load node:os.
const NULL_DEVICE = platform === 'win32' ? '\\\\.\\nul' : '/dev/null';

const after: Timer = (ms, callback) => {
  const timer = setTimeout(callback, ms).unref();
  return () => clearTimeout(timer);
};

/** What dnx waits for after a signal. */
interface Children {
  running: number;
  /** Sends a signal to the child that has taken over the terminal. */
  foreground?: ((signal: NodeJS.Signals) => void) | undefined;
}

/** Called when the process ends. */
type Exits = Set<() => void>;

/** Runs argv in the real world and ends the process with its exit code. `keep` is called then, unless a signal ends it. */
export async function run(process: NodeJS.Process, keep = () => {}): Promise<void> {
  const argv = process.argv.slice(2);
  const children: Children = { running: 0 };
  const exits: Exits = new Set();
  const interruption = new AbortController();
  // Each of several servers or calls listens to it.
  setMaxListeners(0, interruption.signal);
  const crashed = new Promise<never>((_, reject) => {
    // Reading from a closed terminal fails with EIO, possibly before SIGHUP arrives.
    const crash = (error: unknown) => reject(isHangup(error) ? new DnxError('hangup', 'Hangup.') : error);
    process.on('uncaughtException', crash);
    // Bun does not make it an uncaught error, as Node does.
    process.on('unhandledRejection', crash);
  });
  const stalled = new Promise<never>((_, reject) => {
    // Otherwise Node exits with 0 although the command has not finished.
    process.on('beforeExit', () => reject(new Error('The event loop is empty, but the command has not finished.')));
  });
  let received: NodeJS.Signals | undefined;
  const overdue = new Promise<never>((_, reject) => {
    const stop = (code: ErrorCode, message: string) => (signal: NodeJS.Signals) => {
      const { foreground } = children;
      // The terminal sends Ctrl-C to the child, too.
      if (foreground && signal === 'SIGINT' && process.stdin.isTTY) return;
      const reason = new DnxError(code, message);
      if (interruption.signal.aborted && foreground) return foreground(signal);
      // A second signal ends the process immediately.
      if (interruption.signal.aborted) end(process, reason.exitCode, signal, exits);
      received = signal;
      interruption.abort(reason);
      setTimeout(() => children.running > 0 || reject(reason), GRACE_MS);
    };
    process.on('SIGINT', stop('interrupted', 'Interrupted.'));
    // Ctrl-Break, on Windows.
    process.on('SIGBREAK', stop('interrupted', 'Interrupted.'));
    process.on('SIGTERM', stop('terminated', 'Terminated.'));
    process.on('SIGHUP', stop('hangup', 'Hangup.'));
    // After Ctrl-Z and fg, for a prompt or a view that is drawn in place.
    process.on('SIGCONT', () => process.stdout.emit('continue'));
  });
  countWrites(process);
  const world = realWorld(process, interruption.signal, children, exits);
  const code = await Promise.race([main(argv, world), overdue, crashed, stalled]).catch((error: unknown) =>
    reportCrash(error, argv, world),
  );
  await Promise.race([flushed(world.stderr), overdue]).catch(() => {});
  if (!interruption.signal.aborted) keep();
  end(process, code, received, exits);
}

/** Ends the process. During a DNS lookup it raises the signal again, because `exit` would wait for the lookup. */
function end(process: NodeJS.Process, code: number, signal: NodeJS.Signals | undefined, exits: Exits): never {
  for (const callback of exits) callback();
  for (const fd of [0, 1, 2]) closeIfHungUp(fd, (each) => process.getBuiltinModule('node:tty').isatty(each));
  if (signal && process.platform !== 'win32' && process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  process.exit(code);
}

/** Resolves once a pipe has taken all output; `process.exit` does not wait for that. */
const flushed = (stream: World['stderr']): Promise<unknown> =>
  stream.writableLength === 0 ? Promise.resolve() : new Promise((resolve) => stream.write('', resolve));

/** The clock of the real process. */
const clockOf = ({ hrtime }: NodeJS.Process): World['clock'] => ({
  now: () => Date.now(),
  // `performance` would load perf_hooks.
  elapsed: () => Number(hrtime.bigint()) / 1e6,
  sleep: (ms, stop) =>
    new Promise((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer);
        reject(stop?.reason);
      };
      const timer = setTimeout(() => {
        stop?.removeEventListener('abort', abort);
        resolve();
      }, ms);
      if (stop?.aborted) abort();
      stop?.addEventListener('abort', abort, { once: true });
    }),
});

/** The World of the real process. */
function realWorld(process: NodeJS.Process, signal: AbortSignal, children: Children, exits: Exits): World {
  const { platform } = process;
  const env = openEnv(process.env, platform);
  const clock = clockOf(process);
  let stdout: Output | undefined;
  let stderr: Output | undefined;
  const onExit: World['onExit'] = (callback) => {
    exits.add(callback);
    return () => exits.delete(callback);
  };
  const keychain = async () => (await import('./machine/credentials/keychain.ts')).osKeychain({ env, platform, clock, signal });
  return {
    env,
    platform,
    node,
    self,
    // Lazy: opening stdin takes 2 ms.
    get stdin() {
      return takeTyped ? Object.assign(process.stdin, { takeTyped }) : process.stdin;
    },
    // Lazy, so that what is printed to is opened while the connection is made.
    get stdout() {
      stdout ??= outputOf(process);
      return stdout;
    },
    get stderr() {
      stderr ??= process.stderr.on('error', () => {});
      return stderr;
    },
    clock,
    signal,
    cwd: cwdOf(process),
    get home() {
      return homeOf(process);
    },
    keychain: {
      read: async (...args) => (await keychain()).read(...args),
      write: async (...args) => (await keychain()).write(...args),
      remove: async (...args) => (await keychain()).remove(...args),
    },
    ...networkOf({ env, clock }),
    ...programsOf(process, { signal, onExit }, children),
    open: async (url) => (await import('./machine/browser.ts')).openInBrowser(url, { signal, after, env: process.env }),
    suspend() {
      // The whole group, which the terminal would stop, too.
      if (platform !== 'win32') process.kill(0, 'SIGTSTP');
    },
    onExit,
  };
}

/** Opens the network. */
function networkOf({ env, clock: { elapsed } }: Pick<World, 'env' | 'clock'>): Pick<World, 'connect' | 'connectEarly'> {
  const open = async (caFile: string | undefined, background?: boolean) =>
    (await import('./platform/api/network/transport.ts')).openNetwork({ env, after, caFile, background, elapsed });
  let early: { readonly caFile: string | undefined; readonly transport: Transport } | undefined;
  return {
    async connect(caFile, { background } = {}) {
      const found = background || early?.caFile !== caFile ? undefined : early?.transport;
      if (found) early = undefined;
      return found ?? open(caFile, background);
    },
    async connectEarly(url, caFile, load) {
      try {
        const transport = await open(caFile);
        early = { caFile, transport };
        await transport.open?.(url);
      } catch {
        // The first request says what is wrong.
      }
      const loaded = await load();
      // For the answer of a name server.
      await new Promise((resolve) => setImmediate(resolve));
      return loaded;
    },
  };
}

/** Runs other programs. */
function programsOf(
  process: NodeJS.Process,
  { signal, onExit }: Pick<World, 'signal' | 'onExit'>,
  children: Children,
): Pick<World, 'spawn' | 'start' | 'capture' | 'hold'> {
  const { platform } = process;
  const child = () => import('./machine/child.ts');
  const runnable = async <P extends Program>(program: P): Promise<P | undefined> =>
    platform === 'win32' ? (await import('./machine/child.ts')).onWindows(program, cwdOf(process)) : program;
  const hold: World['hold'] = async (work) => {
    children.running += 1;
    try {
      return await work();
    } finally {
      children.running -= 1;
    }
  };
  return {
    async spawn(program) {
      const { runChild } = await import('./machine/child.ts');
      const found = await runnable(program);
      if (!found) throw (await child()).programNotFound(program.file);
      const onForeground = (send: Children['foreground']) => {
        children.foreground = send;
      };
      return hold(async () => {
        const code = await runChild(found, { signal, terminal: process.stdin.isTTY, stderr: process.stderr, onForeground, after, onExit });
        await lateInterrupt(code, signal);
        return code;
      }).finally(() => {
        if (program.foreground) children.foreground = undefined;
      });
    },
    async start(program) {
      const found = await runnable(program);
      if (!found) return undefined;
      const started = await (await child()).startChild(found, { signal, after, onExit, platform });
      if (program.signal && started) void hold(() => started.ended);
      return started;
    },
    async capture(program) {
      const found = await runnable(program);
      const captured = found && (await (await child()).captureChild(found, { signal, after, onExit }));
      await lateInterrupt(captured?.code, signal);
      signal.throwIfAborted();
      return captured;
    },
    hold,
  };
}

/** Waits for the Ctrl-C that may have ended a child with this code. */
async function lateInterrupt(code: number | undefined, signal: AbortSignal): Promise<void> {
  if (code === undefined || !INTERRUPTED.includes(code)) return;
  const { setTimeout: delay } = await import('node:timers/promises');
  await delay(LATE_MS, undefined, { signal }).catch(() => {});
}

/** stdout, with an error listener: without one, a closed pipe crashes Node. `write` in cli/output/text.ts handles the error. */
function outputOf({ stdout, platform }: NodeJS.Process): World['stdout'] {
  const file = platform !== 'win32' && !stdout.isTTY && isFile(stdout.fd);
  const output = file ? fileOutput(stdout.fd) : knowingDiscards(stdout as World['stdout'], stdout.fd);
  return output.on('error', () => {});
}

/** The working directory, or its former path if it was deleted. */
function cwdOf(process: NodeJS.Process): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD || '/';
  }
}

function homeOf({ env, getBuiltinModule }: NodeJS.Process): string {
  const variable = env.HOME || env.USERPROFILE;
  if (variable) return variable;
  try {
    return getBuiltinModule('node:os').userInfo().homedir;
  } catch (cause) {
    throw new DnxError('usage', 'This user has no home directory.', {
      hint: 'Set HOME, or DNX_CONFIG_DIR, DNX_CACHE_DIR and DNX_STATE_DIR.',
      cause,
    });
  }
}

/** A stream to a file or device that writes every byte. Node's own stream ignores short writes. */
function fileOutput(fd: number): Output {
  const stream = new Writable({
    write(chunk: Uint8Array, _, done) {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  return knowingDiscards(stream, fd);
}

/** Gives a stream to a descriptor the property `discards`. */
const knowingDiscards = <T extends Output>(stream: T, fd: number): T =>
  Object.defineProperty(stream, 'discards', { get: () => isNullDevice(fd) });

/** True for a descriptor that is neither a pipe nor a socket. */
function isFile(fd: number): boolean {
  const stats = fstatSync(fd);
  return !stats.isFIFO() && !stats.isSocket();
}

/** Closes a descriptor if its terminal is gone. Otherwise Node aborts on exit, when it resets the terminal. */
function closeIfHungUp(fd: number, isTerminal: (fd: number) => boolean): void {
  try {
    // A closed terminal is still a character device.
    if (fstatSync(fd).isCharacterDevice() && !isNullDevice(fd) && !isTerminal(fd)) closeSync(fd);
  } catch {
    // Already closed.
  }
}

function isNullDevice(fd: number): boolean {
  try {
    const known = statSync(NULL_DEVICE, { throwIfNoEntry: false });
    return known?.isCharacterDevice() === true && known.rdev === fstatSync(fd).rdev;
  } catch {
    // Windows knows nothing about some descriptors.
    return false;
  }
}
