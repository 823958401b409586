import type { Readable } from 'node:stream';
import { type HttpResponse, NetworkFault, type Timer } from '../../machine/world.ts';
import { TIMED_OUT, TOO_LARGE } from './fault.ts';

/** Limits of time and size for an answer. */
export interface Limits {
  /** From the start of the request to the head of the answer; plus a second for every 64 kB sent. */
  readonly headMs: number;
  /** Between two chunks of the body, while the reader waits. */
  readonly silenceMs: number;
  /** For the whole body. A file has no such limit. */
  readonly bodyMs: number;
  /** Size of the body. A file has no such limit. */
  readonly bodyBytes: number;
}

/** How long the head of the answer to a request with this body may take. */
export const headTime = ({ headMs }: Limits, body = ''): number => headMs + 1_000 * Math.floor(Buffer.byteLength(body) / 64_000);

/** What both transports need to read a body. */
export interface Reading {
  readonly limits: Limits;
  readonly after: Timer;
}

/** The head of an answer. */
type Head = Pick<HttpResponse, 'status'> & { readonly headers: Readonly<Record<string, string | string[] | undefined>> };

/** The answer of either transport. Its body throws a readable NetworkFault if it ends early, or the signal's reason. */
export function responseOf({ status, headers }: Head, stream: Readable, reading: Reading, signal: AbortSignal): HttpResponse {
  const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  // An error while nobody reads the body would otherwise crash the process.
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
  const stalled = breakOff(`the answer stalled for ${silenceMs / 1000}s`, TIMED_OUT);
  const cancelEnd = limited ? after(bodyMs, breakOff(`the answer took longer than ${bodyMs / 1000}s`, TIMED_OUT)) : undefined;
  let cancelSilence = after(silenceMs, stalled);
  let size = 0;
  try {
    for await (const chunk of stream) {
      // The time that the reader takes is not the server's.
      cancelSilence();
      size += chunk.length;
      if (limited && size > bodyBytes) breakOff(`the answer is larger than ${bodyBytes / 1_000_000} MB`, TOO_LARGE)();
      if (fault) throw fault;
      yield chunk;
      cancelSilence = after(silenceMs, stalled);
    }
    // A body without a length ends when its connection does, even if that was closed here.
    signal.throwIfAborted();
    if (fault) throw fault;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw fault ?? new NetworkFault('connection closed in the middle of the answer', { sent: true, reason: 'ECONNRESET', cause: error });
  } finally {
    cancelSilence();
    cancelEnd?.();
  }
}

/** Reads a body to its end, as text. */
export async function textOf({ body }: Pick<HttpResponse, 'body'>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
