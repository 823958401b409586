import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { NetworkFault } from '../../machine/world.ts';
import { tooLarge } from './fault.ts';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Decompresses a body while it arrives. Throws a NetworkFault if it is damaged, or larger than the limit once decompressed. */
export async function* decoded(body: AsyncIterable<Uint8Array>, encoding: string, limit: number): AsyncIterable<Uint8Array> {
  const open = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (!open) throw fault('the response has a content encoding that dnx does not support');
  const chunks = body[Symbol.asyncIterator]();
  const first = await chunks.next();
  // Some servers announce an encoding without a body.
  if (first.done) return;
  const decoder = open();
  pipeline(from(first.value, chunks), decoder, () => {});
  let size = 0;
  try {
    for await (const chunk of decoder) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      yield chunk;
    }
  } catch (error) {
    throw isDamage(error) ? fault('the compressed response is damaged', error) : error;
  }
}

async function* from(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

const isDamage = (error: unknown): boolean => /^(Z_|ERR_)/.test(String((error as NodeJS.ErrnoException).code ?? ''));

const fault = (message: string, cause?: unknown): NetworkFault => new NetworkFault(message, { sent: true, reason: 'EBADMSG', cause });
