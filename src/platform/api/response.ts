import { type HttpResponse, NetworkFault } from '../../machine/world.ts';

/** An answer of either transport, with a body that says in words when it breaks off, and throws the signal's reason when that was it. */
export function responseOf(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): HttpResponse {
  const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  return { status, headers: Object.fromEntries(flat), body: bytes(body, signal) };
}

async function* bytes(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new NetworkFault('the connection was closed in the middle of the answer', { sent: true, reason: 'ECONNRESET', cause: error });
  }
}

/** A body to its end, as text. */
export async function textOf({ body }: Pick<HttpResponse, 'body'>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a body that nobody wants to its end, which frees the connection. */
export async function drain({ body }: Pick<HttpResponse, 'body'>): Promise<void> {
  for await (const _ of body);
}
