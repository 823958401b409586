import { createServer, type Socket } from 'node:net';
import { type Listening, listen } from './elsewhere.ts';

/** A raw TCP server that writes anything at any time. */
export interface Liar extends Listening {
  /** The first line of each request: `GET /api/v1/servers HTTP/1.1`. */
  readonly asked: string[];
}

/** What the server does with a connection at each request. */
export type Lie = (socket: Socket, asked: string) => void;

/** Starts the server on a free local port. */
export async function openLiar(lie: Lie, scheme = 'http'): Promise<Liar> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    socket.on('data', (bytes) => {
      const [first = ''] = bytes.toString('latin1').split('\r\n', 1);
      asked.push(first);
      lie(socket, first);
    });
  });
  const closeAllConnections = () => {
    for (const socket of open) socket.destroy();
  };
  return { ...(await listen(Object.assign(server, { closeAllConnections }), scheme)), asked };
}

/** Writes this repeatedly until the connection closes. */
export function drip(socket: Socket, text: string | Buffer, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.on('close', () => clearInterval(timer));
}

/** Writes as fast as the client reads, forever. */
export function flood(socket: Socket, chunk: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}
