import { Readable, Writable } from 'node:stream';
import type { Input, Output } from '../../src/world.ts';

export interface Captured {
  readonly stream: Output;
  readonly text: () => string;
}

/** A stream that keeps what is written to it. */
export function capture(isTTY = false, columns = 120): Captured {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, isTTY ? { isTTY, columns } : {}), text: () => chunks.join('') };
}

/** Standard input that holds this text. */
export const input = (text: string, isTTY = false): Input => Object.assign(Readable.from(text === '' ? [] : [text]), { isTTY });
