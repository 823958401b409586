import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { DnxError, systemCode, systemReason, usage } from '../../base/errors.ts';
import { bunStream } from '../runtime.ts';
import { pathOf, type World } from '../world.ts';
import { readDescriptor } from './text-file.ts';

const LIMIT_MB = 64;
const LIMIT = LIMIT_MB * 1024 * 1024;

/**
 * Reads a file that the user named: a regular file, a FIFO, `<(…)` or a device. A FIFO is read as a stream, because Node
 * cannot exit while a thread waits for a writer.
 */
export async function readUserFile(name: string, { signal, ...world }: Pick<World, 'cwd' | 'home' | 'signal'>): Promise<string> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(pathOf(name, world), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(descriptor);
    if (stats.isFIFO() || isatty(descriptor)) {
      const stream = streamOf(descriptor, stats.isFIFO());
      // Closed by the stream.
      descriptor = undefined;
      return await readToEnd(stream, signal, name);
    }
    const text = readDescriptor(descriptor, LIMIT, stats.size);
    if (text === undefined) throw tooLarge(name);
    return text;
  } catch (error) {
    if (error instanceof DnxError) throw error;
    const code = systemCode(error);
    if (code === 'ENOENT') throw usage(`${name} does not exist.`);
    throw usage(code === 'EISDIR' ? `${name} is a directory.` : `Could not read ${name}: ${systemReason(error)}.`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function streamOf(descriptor: number, isFifo: boolean): Readable {
  if (bunStream) return Readable.fromWeb(bunStream(descriptor));
  return isFifo ? new Socket({ fd: descriptor, readable: true, writable: false }) : new ReadStream(descriptor);
}

/** Reads a stream to its end as text. Rejects when the signal aborts. */
export async function readToEnd(stream: Readable, signal: AbortSignal, name = 'Standard input'): Promise<string> {
  const stop = () => stream.destroy(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(Buffer.from(chunk));
      length += chunk.length;
      if (length > LIMIT) throw tooLarge(name);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks).toString();
}

const tooLarge = (name: string): DnxError => usage(`${name} is larger than ${LIMIT_MB} MB.`);
