import { createServer, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Listening, listen } from './elsewhere.ts';

/** An HTTP proxy on loopback: CONNECT, and requests with absolute URLs. */
export interface LoopbackProxy extends Listening {
  /** Its requests: `CONNECT host:port` or `GET http://…`. */
  readonly asked: string[];
  /** The Proxy-Authorization header of each. */
  readonly authorizations: (string | undefined)[];
}

/** Starts a proxy. `refuse` is the status of every CONNECT; 0 closes the connection. */
export async function openProxy({ refuse }: { readonly refuse?: number } = {}): Promise<LoopbackProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const open = new Set<Duplex>();
  const note = (line: string, authorization: string | undefined) => {
    asked.push(line);
    authorizations.push(authorization);
  };

  const server = createServer((incoming, answer) => {
    note(`${incoming.method} ${incoming.url}`, incoming.headers['proxy-authorization']);
    const onward = request(incoming.url ?? '', { method: incoming.method, headers: incoming.headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
      reply.on('error', () => answer.destroy());
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, socket: Duplex) => {
    note(`CONNECT ${incoming.url}`, incoming.headers['proxy-authorization']);
    if (refuse !== undefined) {
      socket.end(refuse === 0 ? '' : `HTTP/1.1 ${refuse} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const onward: Socket = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) {
      open.add(end);
      end.on('error', () => {});
      end.on('close', () => {
        socket.destroy();
        onward.destroy();
      });
    }
  });
  const { url, close } = await listen(server);
  return {
    url,
    asked,
    authorizations,
    close() {
      for (const each of open) each.destroy();
      return close();
    },
  };
}
