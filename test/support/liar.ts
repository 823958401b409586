import { createServer, type Socket } from 'node:net';
import { type Listening, listen } from './elsewhere.ts';

/** A server below HTTP: it writes whatever it likes, whenever it likes. */
export interface Liar extends Listening {
  /** The first lines that it was sent, one of each connection: `GET /api/v1/servers HTTP/1.1`. */
  readonly asked: string[];
}

/** What a liar does with a connection, once the first bytes have come; and again for each request on it. */
export type Lie = (socket: Socket, asked: string) => void;

/** Opens a liar on a free port of this machine. */
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

/** Writes this again and again until the other side has gone. */
export function drip(socket: Socket, text: string | Buffer, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.on('close', () => clearInterval(timer));
}

/** Writes as much as the other side takes, for ever. */
export function flood(socket: Socket, chunk: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}
