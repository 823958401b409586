import { createRequire } from 'node:module';
import { firstMessage, type Message, type MethodCall, methodCall } from './dbus.ts';
import type { Value } from './dbus-values.ts';

// Late: node:net costs 2 ms at the start of commands that do not need it.
const loadNet = (): typeof import('node:net') => createRequire(import.meta.url)('node:net') as typeof import('node:net');

/** More than any answer about one secret. */
const MOST_BYTES = 1024 * 1024;

/** An error that a service, or the bus itself, answered with; `closed` when the connection ended. */
export class BusError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A connection to a message bus. */
export interface Bus {
  /** The values of the reply. Rejects with a BusError. */
  call(call: MethodCall): Promise<readonly Value[]>;
  /** The values of the next signal of this name from this object. */
  signal(path: string, member: string): Promise<readonly Value[]>;
  /** Sends a call whose answer does not matter, and hangs up. */
  leave(call?: MethodCall): void;
}

interface Pending {
  readonly matches: (message: Message) => boolean;
  readonly resolve: (values: readonly Value[]) => void;
  readonly reject: (error: BusError) => void;
}

/** Connects to the bus at a socket. Undefined when nobody listens there. It answers nothing before its own `Hello` is called. */
export async function openBus(path: string): Promise<Bus | undefined> {
  const socket = new (loadNet().Socket)();
  const pending = new Set<Pending>();
  let serial = 0;
  const connected = await new Promise<boolean>((resolve) => {
    socket.on('error', () => {}).once('connect', () => resolve(true));
    socket.once('close', () => resolve(false)).connect(path);
  });
  if (!connected) return undefined;
  const messages = messagesOf((message) => {
    const one = [...pending].find(({ matches }) => matches(message));
    if (!one) return;
    pending.delete(one);
    if (message.error === undefined) one.resolve(message.body);
    else one.reject(new BusError(message.error, String(message.body[0] ?? message.error)));
  });
  socket
    .on('data', (chunk) => messages(chunk) || socket.destroy())
    .once('close', () => {
      for (const { reject } of pending) reject(new BusError('closed', 'the connection was closed'));
      pending.clear();
    });
  // The kernel tells the bus who we are.
  socket.write('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n');
  const wait = (matches: Pending['matches']): Promise<readonly Value[]> =>
    new Promise((resolve, reject) => {
      pending.add({ matches, resolve, reject });
      if (socket.destroyed) reject(new BusError('closed', 'the connection was closed'));
    });
  return {
    call(call) {
      serial += 1;
      const own = serial;
      socket.write(methodCall(own, call));
      return wait(({ replyTo }) => replyTo === own);
    },
    signal: (object, member) => wait((message) => message.kind === 4 && message.path === object && message.member === member),
    leave(call) {
      if (call) socket.write(methodCall(serial + 1, call));
      socket.destroySoon();
    },
  };
}

/** Takes what arrives, and hands on each message. False for what is none. */
function messagesOf(take: (message: Message) => void): (chunk: Buffer) => boolean {
  let received = Buffer.alloc(0);
  let greeted = false;
  return (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (!greeted) {
      const greeting = /OK [^\r]*\r\n/.exec(received.toString('latin1'));
      if (!greeting) return received.length < MOST_BYTES && !received.includes('REJECTED');
      greeted = true;
      received = received.subarray(greeting.index + greeting[0].length);
    }
    try {
      for (let next = firstMessage(received); next; next = firstMessage(received)) {
        received = received.subarray(next.length);
        take(next.message);
      }
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
    return received.length < MOST_BYTES;
  };
}
