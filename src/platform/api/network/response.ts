import { getBuiltinModule } from 'node:process';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { type HttpResponse, NetworkFault, type Timer } from '../../../machine/world.ts';
import { DAMAGED, TIMED_OUT, tooLarge } from './fault.ts';

/** Time and size limits of a response. */
export interface Limits {
  /** To connect: DNS, TCP, the answer of a proxy, and TLS. */
  readonly connectMs: number;
  /** From the connection to the response headers, plus a second per 64 kB sent. */
  readonly headMs: number;
  /** Between two chunks of a file, or a kilobyte of a body. */
  readonly silenceMs: number;
  /** For the whole body. A file has no such limit. */
  readonly bodyMs: number;
  /** Size of the body. A file has no such limit. */
  readonly bodyBytes: number;
}

/** The time limit for the headers of the response to a request with this body. */
export const headTime = ({ headMs }: Limits, body = ''): number => headMs + 1_000 * Math.floor(Buffer.byteLength(body) / 64_000);

/** What is needed to read a body. */
export interface BodyReading {
  readonly limits: Limits;
  readonly after: Timer;
}

type Head = Pick<HttpResponse, 'status'> & { readonly headers: Readonly<Record<string, string | string[] | undefined>> };

/** The response of the transport. Its body throws a NetworkFault if it is cut off, or the signal's reason. */
export function responseOf({ status, headers }: Head, stream: Readable, reading: BodyReading, signal: AbortSignal): HttpResponse {
  const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  // Otherwise an error while the body is not being read crashes the process.
  stream.on('error', () => {});
  return {
    status,
    headers: Object.fromEntries(flat),
    body: plain(bytes(stream, reading, signal, true), headers['content-encoding'], reading.limits),
    file: bytes(stream, reading, signal, false),
    discard: () => stream.destroy(),
  };
}

/** A body without its content encoding. */
function plain(body: AsyncIterable<Uint8Array>, encoding: string | string[] = '', { bodyBytes }: Limits): AsyncIterable<Uint8Array> {
  const name = String(encoding).trim().toLowerCase();
  return name === '' || name === 'identity' ? body : decoded(body, name, bodyBytes);
}

/** The part of a body that must arrive while it may be silent, in bytes. */
const LEAST = 1_000;

async function* bytes(stream: Readable, { limits, after }: BodyReading, signal: AbortSignal, limited: boolean): AsyncIterable<Uint8Array> {
  const { silenceMs, bodyMs, bodyBytes } = limits;
  let fault: NetworkFault | undefined;
  const abort = (why: NetworkFault) => {
    fault = why;
    stream.destroy();
  };
  const late = (message: string) => () => abort(new NetworkFault(message, { sent: true, reason: TIMED_OUT }));
  const stalled = late(`the response stalled for ${silenceMs / 1000}s`);
  const cancelEnd = limited ? after(bodyMs, late(`the response took longer than ${bodyMs / 1000}s`)) : undefined;
  let cancelSilence = after(silenceMs, stalled);
  let size = 0;
  // How much had come when the time of silence began.
  let heard = 0;
  try {
    for await (const chunk of chunksOf(stream)) {
      size += chunk.length;
      const isEnough = !limited || size - heard >= LEAST;
      // The reader's time does not count.
      if (isEnough) cancelSilence();
      if (limited && size > bodyBytes) abort(tooLarge(bodyBytes));
      if (fault) throw fault;
      yield chunk;
      if (!isEnough) continue;
      heard = size;
      cancelSilence = after(silenceMs, stalled);
    }
    // Destroying the stream also looks like the end of a body without a length.
    signal.throwIfAborted();
    if (fault) throw fault;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw fault ?? new NetworkFault('connection closed in the middle of the response', { sent: true, reason: 'ECONNRESET', cause: error });
  } finally {
    cancelSilence();
    cancelEnd?.();
  }
}

/** The chunks of a stream, like its own iterator, which takes a third of a millisecond to start. */
async function* chunksOf(stream: Readable): AsyncIterable<Uint8Array> {
  let wake = () => {};
  const changed = () => wake();
  for (const event of CHANGES) stream.on(event, changed);
  try {
    while (!stream.readableEnded) {
      const chunk: Uint8Array | null = stream.destroyed ? null : stream.read();
      if (chunk !== null) yield chunk;
      else if (stream.destroyed) throw stream.errored ?? new Error('closed before its end');
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    for (const event of CHANGES) stream.off(event, changed);
    if (!stream.readableEnded) stream.destroy();
  }
}

const CHANGES = ['readable', 'end', 'error', 'close'];

/** Reads a whole body as text. */
export async function bodyText({ body }: Pick<HttpResponse, 'body'>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** The decoder of a content encoding; undefined for any other. Loads zlib. */
function decoderOf(encoding: string): Transform | undefined {
  const { createBrotliDecompress, createGunzip, createInflate } = getBuiltinModule('node:zlib');
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  if (encoding === 'deflate') return createInflate();
  return encoding === 'br' ? createBrotliDecompress() : undefined;
}

/** Decompresses a body while it arrives. Throws a NetworkFault if it is damaged, or larger than the limit once decompressed. */
async function* decoded(body: AsyncIterable<Uint8Array>, encoding: string, limit: number): AsyncIterable<Uint8Array> {
  const decoder = decoderOf(encoding);
  if (!decoder) throw damaged('the response has a content encoding that dnx does not support');
  const chunks = body[Symbol.asyncIterator]();
  const first = await chunks.next();
  // Some servers announce an encoding without a body.
  if (first.done) return;
  pipeline(from(first.value, chunks), decoder, () => {});
  let size = 0;
  try {
    for await (const chunk of decoder) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      yield chunk;
    }
  } catch (error) {
    throw isDamage(error) ? damaged('the compressed response is damaged', error) : error;
  }
}

async function* from(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

const isDamage = (error: unknown): boolean => /^(Z_|ERR_)/.test(String((error as NodeJS.ErrnoException).code ?? ''));

const damaged = (message: string, cause?: unknown): NetworkFault => new NetworkFault(message, { sent: true, reason: DAMAGED, cause });
