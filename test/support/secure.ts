import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestListener, request } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from './certificate.ts';
import { type Listening, listen } from './elsewhere.ts';

/** A server with TLS, which counts what connects to it. */
export interface Secure extends Listening {
  /** A file with its certificate. */
  readonly caFile: string;
  /** Every connection so far. */
  readonly connections: readonly Socket[];
  /** Resolves once this many connections have ended their handshake. */
  secured(count: number): Promise<void>;
}

/** Starts one on a free local port. */
export async function openSecure(answer: RequestListener): Promise<Secure> {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-secure-'));
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, selfSigned.cert);
  const connections: Socket[] = [];
  let ready = 0;
  let waiting: { readonly count: number; readonly resolve: () => void } | undefined;
  const server = createServer(selfSigned, answer);
  server.on('connection', (socket: Socket) => connections.push(socket.on('error', () => {})));
  server.on('secureConnection', () => {
    ready += 1;
    if (waiting && ready >= waiting.count) waiting.resolve();
  });
  const listening = await listen(server, 'https');
  return {
    ...listening,
    caFile,
    connections,
    secured: (count) =>
      new Promise((resolve) => {
        if (ready >= count) resolve();
        else waiting = { count, resolve };
      }),
    async close() {
      rmSync(directory, { recursive: true });
      await listening.close();
    },
  };
}

/** Answers as the server at this URL does. */
export const forwarding =
  (url: string): RequestListener =>
  (incoming, answer) => {
    const { method, headers } = incoming;
    const outgoing = request(new URL(incoming.url ?? '', url), { method, headers: { ...headers, host: new URL(url).host } }, (response) => {
      answer.writeHead(response.statusCode ?? 0, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(outgoing);
  };
