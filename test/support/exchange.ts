import { type HttpRequest, NetworkFault, type Timer } from '../../src/machine/world.ts';
import type { BodyReading } from '../../src/platform/api/network/response.ts';
import { openElsewhere } from './elsewhere.ts';

/** A timer in real time. */
export const after: Timer = (ms, callback) => {
  const timer = setTimeout(callback, ms).unref();
  return () => clearTimeout(timer);
};

/** A transport that times out after this many ms of silence. */
export const patience = (silenceMs: number, headMs = silenceMs): BodyReading => ({
  after,
  limits: { connectMs: headMs, headMs, silenceMs, bodyMs: 60_000, bodyBytes: 1_000_000 },
});

/** The URL of a closed loopback port. */
export async function closedPort(): Promise<string> {
  const gone = await openElsewhere(() => {});
  await gone.close();
  return gone.url;
}

/** A request for this URL; GET by default. */
export const requestTo = (url: string, request: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  headers: { accept: 'application/json' },
  signal: new AbortController().signal,
  ...request,
});

/** Reads a body to its end. */
export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** How a request fails: message and `sent` of a network fault, or whatever was thrown. */
export const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no failure',
    (error: unknown) => (error instanceof NetworkFault ? { message: error.message, sent: error.sent } : error),
  );
