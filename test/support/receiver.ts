import type { IncomingHttpHeaders } from 'node:http';
import { type Listening, openElsewhere } from './elsewhere.ts';

/** A request to a webhook. */
interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** A webhook that keeps what it receives. */
export interface Receiver extends Listening {
  readonly received: Received[];
  readonly bodies: Record<string, unknown>[];
  /** `never`: it takes the request and does not respond. */
  answer: { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | 'never';
}

/** Starts a webhook that responds with 200. */
export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const elsewhere = await openElsewhere((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      received.push({ method, url, headers, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
      const { answer } = receiver;
      if (answer !== 'never') response.writeHead(answer.status, answer.headers).end('ok');
    });
  });
  const receiver: Receiver = {
    ...elsewhere,
    received,
    get bodies() {
      return received.map(({ body }) => body);
    },
    answer: { status: 200 },
  };
  return receiver;
}
