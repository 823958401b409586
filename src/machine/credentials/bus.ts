import { createRequire } from 'node:module';
import { type MethodCall, methodCall, parse } from './dbus.ts';

// Late: node:net costs 2 ms at the start of commands that do not need it.
const loadNet = (): typeof import('node:net') => createRequire(import.meta.url)('node:net') as typeof import('node:net');

/** A connection to the session bus. */
export interface Bus {
  /** The body of the reply. Undefined where it is an error, and where the bus hangs up. */
  call(call: MethodCall): Promise<Buffer | undefined>;
  close(): void;
}

/** Connects to a bus. Undefined when nobody listens there. The bus answers nothing before its own `Hello` is called. */
export const openBus = async (path: string): Promise<Bus | undefined> => {
  const socket = new (loadNet().Socket)();
  const waiting = new Map<number, (body: Buffer | undefined) => void>();
  let received = Buffer.alloc(0);
  let serial = 0;
  const settle = () => {
    for (const [number, body] of parse(received)) {
      waiting.get(number)?.(body);
      waiting.delete(number);
    }
  };
  socket
    .on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      settle();
    })
    .on('error', () => {})
    .once('close', () => {
      for (const resolve of waiting.values()) resolve(undefined);
      waiting.clear();
    });
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('close', () => resolve(false));
    socket.connect(path);
  });
  if (!connected) return undefined;
  // The kernel tells the bus who we are.
  socket.write('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n');
  return {
    call: (call) =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve(undefined);
        serial += 1;
        waiting.set(serial, resolve);
        socket.write(methodCall(serial, call));
      }),
    close: () => socket.destroy(),
  };
};
