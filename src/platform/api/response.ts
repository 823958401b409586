import type { Readable } from 'node:stream';
import { type HttpResponse, NetworkFault, type Timer } from '../../machine/world.ts';
import { TIMED_OUT, TOO_LARGE } from './fault.ts';

/** How long and how large an answer may be. */
export interface Limits {
  /** Until its head has come, from the start of the request; a second more for every 64 kB that is sent. */
  readonly headMs: number;
  /** Without a byte of its body, while somebody waits for one. */
  readonly silenceMs: number;
  /** Until its body has ended. A file has no such limit. */
  readonly bodyMs: number;
  /** Of its body, unless it is a file. */
  readonly bodyBytes: number;
}

/** How long the head of the answer to a request with this body may take. */
export const headTime = ({ headMs }: Limits, body = ''): number => headMs + 1_000 * Math.floor(Buffer.byteLength(body) / 64_000);

/** What both transports use to read a body. */
export interface Reading {
  readonly limits: Limits;
  readonly after: Timer;
}

/** The head of an answer. */
type Head = Pick<HttpResponse, 'status'> & { readonly headers: Readonly<Record<string, string | string[] | undefined>> };

/** An answer of either transport, with a body that says in words why it ended early, and throws the signal's reason when that was it. */
export function responseOf({ status, headers }: Head, stream: Readable, reading: Reading, signal: AbortSignal): HttpResponse {
  const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  // What breaks off while nobody reads it is nobody's error.
  stream.on('error', () => {});
  return {
    status,
    headers: Object.fromEntries(flat),
    body: bytes(stream, reading, signal, true),
    file: bytes(stream, reading, signal, false),
    discard: () => stream.destroy(),
  };
}

async function* bytes(stream: Readable, { limits, after }: Reading, signal: AbortSignal, limited: boolean): AsyncIterable<Uint8Array> {
  const { silenceMs, bodyMs, bodyBytes } = limits;
  let fault: NetworkFault | undefined;
  const breakOff = (message: string, reason: string) => () => {
    fault = new NetworkFault(message, { sent: true, reason });
    stream.destroy();
  };
  const stalled = breakOff(`nothing more of the answer came within ${silenceMs / 1000} s`, TIMED_OUT);
  const cancelEnd = limited ? after(bodyMs, breakOff(`the answer did not end within ${bodyMs / 1000} s`, TIMED_OUT)) : undefined;
  let cancelSilence = after(silenceMs, stalled);
  let size = 0;
  try {
    for await (const chunk of stream) {
      // While the reader is busy, the server is not silent.
      cancelSilence();
      size += chunk.length;
      if (limited && size > bodyBytes) breakOff(`the answer is larger than ${bodyBytes / 1_000_000} MB`, TOO_LARGE)();
      if (fault) throw fault;
      yield chunk;
      cancelSilence = after(silenceMs, stalled);
    }
    // A body without a length ends wherever its connection does, also where that was ended here.
    signal.throwIfAborted();
    if (fault) throw fault;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw (
      fault ?? new NetworkFault('the connection was closed in the middle of the answer', { sent: true, reason: 'ECONNRESET', cause: error })
    );
  } finally {
    cancelSilence();
    cancelEnd?.();
  }
}

/** A body to its end, as text. */
export async function textOf({ body }: Pick<HttpResponse, 'body'>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
