import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A port that answers no more connections, as behind a firewall that drops packets. */
export interface Deaf {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens in a process that accepts nothing. */
const listener = (host: string, port: number) => `
  const server = require('node:net').createServer().listen({ port: ${port}, host: '${host}', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

/** Opens the port, and fills the queue of its connections. Linux only. */
export async function openDeaf(host = '127.0.0.1', wanted = 0): Promise<Deaf> {
  const child = spawn(process.execPath, ['-e', listener(host, wanted)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(text);
  const queue: Socket[] = [];
  // The first that is not connected at once shows that the queue is full.
  for (let full = false; !full; ) {
    const socket = connect(port, host);
    socket.on('error', () => {});
    queue.push(socket);
    full = await Promise.race([
      once(socket, 'connect').then(() => false),
      new Promise<boolean>((resolve) => setTimeout(resolve, 100, true)),
    ]);
  }
  return {
    port,
    async close() {
      for (const socket of queue) socket.destroy();
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
