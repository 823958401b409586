import { once } from 'node:events';
import { connect, createServer } from 'node:net';
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

/** True if what listens on a loopback port sends anything within `limitMs`, once it was sent `hello`. */
export function answers(port: number, hello: Uint8Array, limitMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST, signal });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(limitMs, () => end(false));
    socket.on('data', () => end(true));
    for (const event of ['error', 'close']) socket.on(event, () => end(false));
    socket.write(hello);
  });
}

/** How long a connection that was closed may take to be seen as closed, in ms. */
const SETTLED_MS = 50;

/** True unless what listens on a loopback port closes a connection before `settled`, which is called once it is made. */
export function accepts(port: number, settled: () => Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST, signal });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => void settled().then(() => socket.setTimeout(SETTLED_MS, () => end(true))));
    for (const event of ['error', 'close']) socket.on(event, () => end(false));
    socket.on('data', () => end(true));
  });
}

/** True if nothing listens where a URL of this machine leads. */
export const isRefused = ({ hostname, port, protocol }: URL): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(port) || (protocol === 'https:' ? 443 : 80), hostname.replace(/^\[|\]$/g, ''));
    const end = (refused: boolean) => {
      socket.destroy();
      resolve(refused);
    };
    socket.on('connect', () => end(false)).on('error', (error) => end(systemCode(error) === 'ECONNREFUSED'));
  });
