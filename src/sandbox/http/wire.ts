import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiResponse, encode } from './response.ts';

const PIECES = 16;
const BETWEEN_PIECES_MS = 2;

/** Converts a response for Hono. */
export function respond(response: ApiResponse): Response {
  const { status, headers, bytes } = encode(response);
  return new Response(bytes === undefined ? null : Buffer.from(bytes), { status, headers });
}

/** Closes the connection without a response. */
export const drop = (outgoing: ServerResponse): void => void outgoing.destroy();

/** Closes the connection after the headers and half of the body. */
export async function cut(outgoing: ServerResponse, response: ApiResponse): Promise<void> {
  const { status, headers, bytes = Buffer.from('{}') } = encode(response);
  outgoing.writeHead(status, { ...headers, 'Content-Length': bytes.length });
  await new Promise<void>((resolve) => {
    outgoing.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => resolve());
  });
  outgoing.destroy();
}

/** Sends the response in small pieces, with real pauses. */
export async function trickle(outgoing: ServerResponse, response: ApiResponse, signal: AbortSignal): Promise<void> {
  const { status, headers, bytes = Buffer.alloc(0) } = encode(response);
  outgoing.writeHead(status, headers);
  outgoing.flushHeaders();
  const size = Math.max(1, Math.ceil(bytes.length / PIECES));
  for (let start = 0; start < bytes.length; start += size) {
    await delay(BETWEEN_PIECES_MS, undefined, { signal });
    outgoing.write(bytes.subarray(start, start + size));
  }
  outgoing.end();
}
