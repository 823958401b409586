import { closeSync, fstatSync, statSync, writeSync } from 'node:fs';
import { platform } from 'node:process';
import { Writable } from 'node:stream';
import type { Output } from './world.ts';

/** A stream to a file or device that writes every byte. Node's own stream ignores short writes. */
export function fileOutput(fd: number): Output {
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
export const knowingDiscards = <T extends Output>(stream: T, fd: number): T =>
  Object.defineProperty(stream, 'discards', { get: () => isNullDevice(fd) });

/** True for a descriptor that is neither a pipe nor a socket. */
export function isFile(fd: number): boolean {
  const stats = fstatSync(fd);
  return !stats.isFIFO() && !stats.isSocket();
}

/** Closes a descriptor if its terminal is gone. Otherwise Node aborts on exit, when it resets the terminal. */
export function closeIfHungUp(fd: number, isTerminal: (fd: number) => boolean): void {
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

// `devNull` would load node:os.
const NULL_DEVICE = platform === 'win32' ? '\\\\.\\nul' : '/dev/null';
