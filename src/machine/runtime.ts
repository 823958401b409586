import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath, platform, versions } from 'node:process';
import type { Writable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { systemCode } from '../base/errors.ts';
import type { World } from './world.ts';

/** The number of the system's error for a terminal that is gone, on Linux and macOS. */
const EIO = 5;

const INSIDE = /^(\/\$bunfs|B:[\\/]~BUN)[\\/]/;

const script = argv[1] ?? '';

/** True in an executable, which is dnx and Bun in one file. Everywhere else, dnx runs on Node. No other file asks for the runtime. */
const isExecutable = 'bun' in versions && INSIDE.test(script);

/** The command that runs this dnx again: Node and its script, or the executable. */
export const self: World['self'] = isExecutable ? [execPath] : [execPath, script];

/** The version of Node; undefined in an executable. */
export const node: string | undefined = isExecutable ? undefined : versions.node;

/** The directory of the package. The build is in `dist`. */
export const packageRoot = (): string => fileURLToPath(import.meta.url).replace(/(dist|src[\\/]machine)[\\/][^\\/]+$/, '');

/** The text of a file of the package; undefined if it is missing. */
export function packageText(name: string): string | undefined {
  try {
    // Bun opens none of the files inside an executable, but reads them.
    return readFileSync(join(packageRoot(), name), 'utf8');
  } catch {
    return undefined;
  }
}

declare const Bun: { file(descriptor: number): { stream(): ReadableStream } };

/** Reads a FIFO or a terminal; undefined on Node. Sockets and terminals of Bun do not read a descriptor that is open already. */
export const bunStream = isExecutable ? (descriptor: number) => Bun.file(descriptor).stream() : undefined;

/** True for an error because the terminal is gone. An error of Bun has no code if it could not change the mode of the terminal. */
export const isHangup = (error: unknown): boolean =>
  systemCode(error) === 'EIO' || (isExecutable && error instanceof Error && error.message === `setRawMode failed with errno: ${EIO}`);

/**
 * Makes the standard streams of Bun count what waits to be written, as those of Node do. Without this, `writableLength` is always 0, and an
 * empty text does not wait for what was written before it.
 */
export function countWrites(host: Pick<NodeJS.Process, 'stdout' | 'stderr'>): void {
  if (isExecutable) for (const stream of [host.stdout, host.stderr]) countWritesOf(stream);
}

function countWritesOf(stream: Writable): void {
  const write = stream.write.bind(stream);
  const flushed: (() => void)[] = [];
  let waiting = 0;
  Object.defineProperty(stream, 'writableLength', { get: () => waiting });
  stream.write = (chunk: string | Uint8Array, ...others: unknown[]) => {
    const done = others.find((each) => typeof each === 'function');
    if (chunk.length === 0 && waiting > 0) return flushed.push(() => done?.()) === 0;
    waiting += chunk.length;
    return write(chunk, (error) => {
      waiting -= chunk.length;
      done?.(error);
      if (waiting === 0) for (const callback of flushed.splice(0)) callback();
    });
  };
}

/**
 * Takes what was typed on a terminal, and nobody has read; undefined on Node. A stream of Bun may take longer to begin to read than anybody
 * can wait before each question.
 */
export const takeTyped = isExecutable && platform !== 'win32' ? () => typedNow() : undefined;

function typedNow(): string {
  const buffer = Buffer.alloc(65_536);
  let typed = '';
  try {
    // Opened again, not to make the terminal of others non-blocking. On macOS, /dev/stdin would be the same one.
    const descriptor = openSync(platform === 'linux' ? '/dev/stdin' : '/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      for (let length = 1; length > 0; typed += buffer.toString('latin1', 0, length)) length = readSync(descriptor, buffer);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // There is no more (EAGAIN), or no such terminal.
  }
  return typed;
}
