import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { systemCode } from '../base/errors.ts';

const HOST = '127.0.0.1';

/** Why this machine lets nobody listen on a loopback port, such as `EADDRINUSE`; undefined if it does. */
export async function refusalOf(port: number): Promise<string | undefined> {
  try {
    await listening(port);
    return undefined;
  } catch (error) {
    return systemCode(error) ?? 'EADDRINUSE';
  }
}

/** Some loopback port that nobody listens on. */
export const anyFreePort = (): Promise<number> => listening(0);

async function listening(port: number): Promise<number> {
  const server = createServer();
  server.listen({ port, host: HOST, exclusive: true });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : port;
}

/** Connects to a port, and resolves to what `watch` ends with; to false if it cannot connect, or the connection ends before. */
function watched(
  place: { readonly port: number; readonly host: string; readonly signal?: AbortSignal },
  watch: (socket: Socket, end: (result: boolean) => void) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(place);
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    watch(socket, end);
    for (const event of ['error', 'close']) socket.on(event, () => end(false));
  });
}

/** True if what listens on a loopback port sends anything within `limitMs`, once it was sent `hello`. */
export const answers = (port: number, hello: Uint8Array, limitMs: number, signal: AbortSignal): Promise<boolean> =>
  watched({ port, host: HOST, signal }, (socket, end) => {
    socket.setTimeout(limitMs, () => end(false));
    socket.on('data', () => end(true)).write(hello);
  });

/** How long a connection that was closed may take to be seen as closed, in ms. */
const SETTLED_MS = 50;

/** True unless what listens on a loopback port closes a connection before `settled`, which is called once it is made. */
export const accepts = (port: number, settled: () => Promise<unknown>, signal: AbortSignal): Promise<boolean> =>
  watched({ port, host: HOST, signal }, (socket, end) => {
    socket.once('connect', () => void settled().then(() => socket.setTimeout(SETTLED_MS, () => end(true))));
    socket.on('data', () => end(true));
  });

/** True if nothing listens where a URL of this machine leads. */
export const isRefused = ({ hostname, port, protocol }: URL): Promise<boolean> => {
  const place = { port: Number(port) || (protocol === 'https:' ? 443 : 80), host: hostname.replace(/^\[|\]$/g, '') };
  return watched(place, (socket, end) => {
    socket.on('connect', () => end(false)).on('error', (error) => end(systemCode(error) === 'ECONNREFUSED'));
  });
};
