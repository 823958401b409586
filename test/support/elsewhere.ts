import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** A server on a free local port. Closing it closes its connections. */
export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** A server other than the sandbox: a file server, or something between the API and dnx. */
export interface Elsewhere extends Listening {
  readonly requests: IncomingMessage[];
}

/** Starts a server on a free local port. */
export async function listen(server: Server & { readonly closeAllConnections: () => void }, scheme = 'http'): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Starts a server with this handler that records requests. */
export async function openElsewhere(answer: RequestListener): Promise<Elsewhere> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  return { ...(await listen(server)), requests };
}

/** Starts a server that responds to every request with this JSON or text. */
export const openJson = (answer: (url: URL, request: IncomingMessage) => unknown, status = 200): Promise<Elsewhere> =>
  openElsewhere((request, response) => {
    const body = answer(new URL(request.url ?? '', 'http://loopback'), request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
