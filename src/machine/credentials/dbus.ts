import { createRequire } from 'node:module';
import { type BusValue, type BusVariant, decodeAll, encodeAll, gap, padding } from './dbus-values.ts';

// Lazy: loading node:net takes 2 ms.
const loadNet = (): typeof import('node:net') => createRequire(import.meta.url)('node:net') as typeof import('node:net');

/** The most buffered bytes. Replies about one secret are far smaller. */
const MOST_BYTES = 1024 * 1024;

/** An error reply of a service or the bus. The code is `closed` if the connection ended. */
export class BusError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A connection to a message bus. */
export type Bus = NonNullable<Awaited<ReturnType<typeof openBus>>>;

interface PendingReply {
  readonly matches: (message: Message) => boolean;
  readonly resolve: (values: readonly BusValue[]) => void;
  readonly reject: (error: BusError) => void;
}

/** Connects to a bus. Undefined if nothing listens on the socket. The bus replies to nothing before `Hello` was called. */
export async function openBus(path: string) {
  const socket = new (loadNet().Socket)();
  const pending = new Set<PendingReply>();
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
  // EXTERNAL: the kernel tells the bus our user id.
  socket.write('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n');
  const wait = (matches: PendingReply['matches']): Promise<readonly BusValue[]> =>
    new Promise((resolve, reject) => {
      pending.add({ matches, resolve, reject });
      if (socket.destroyed) reject(new BusError('closed', 'the connection was closed'));
    });
  return {
    /** Calls a method, and resolves to the values of the reply. Rejects with a BusError. */
    call(call: MethodCall): Promise<readonly BusValue[]> {
      serial += 1;
      const number = serial;
      socket.write(methodCall(number, call));
      return wait(({ replyTo }) => replyTo === number);
    },
    /** Resolves to the values of the next signal of this name from this object. */
    signal: (object: string, member: string) =>
      wait((message) => message.kind === 4 && message.path === object && message.member === member),
    /** Sends a final call without waiting for its reply, and disconnects. */
    leave(call?: MethodCall): void {
      if (call) socket.write(methodCall(serial + 1, call));
      socket.destroySoon();
    },
  };
}

/** Splits received bytes into messages. The returned function returns false for invalid data. */
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

// Messages: https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol

/** A method call. `face` is the interface. */
export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly face: string;
  readonly member: string;
  readonly signature?: string;
  readonly args?: readonly BusValue[];
}

const HEADER = 'yyyyuua(yv)';
const FIXED_HEADER = 16;
const fields = { path: 1, face: 2, member: 3, error: 4, replyTo: 5, destination: 6, signature: 8 } as const;

function methodCall(serial: number, call: MethodCall): Buffer {
  const { destination, path, face, member, signature = '', args = [] } = call;
  const body = encodeAll(signature, args, 0);
  const named: [number, BusVariant][] = [
    [fields.path, { type: 'o', value: path }],
    [fields.face, { type: 's', value: face }],
    [fields.member, { type: 's', value: member }],
    [fields.destination, { type: 's', value: destination }],
    [fields.signature, { type: 'g', value: signature }],
  ];
  const header = encodeAll(HEADER, ['l'.charCodeAt(0), 1, 0, 1, body.length, serial, named], 0);
  return Buffer.concat([header, padding(header.length, 8), body]);
}

type Message = NonNullable<ReturnType<typeof firstMessage>>['message'];

/** Decodes the first message. Undefined if it has not arrived completely. */
function firstMessage(received: Buffer) {
  if (received.length < FIXED_HEADER) return undefined;
  const fieldsEnd = FIXED_HEADER + received.readUInt32LE(12);
  const start = fieldsEnd + gap(fieldsEnd, 8);
  const length = start + received.readUInt32LE(4);
  if (received.length < length) return undefined;
  const [decoded] = decodeAll('a(yv)', received, 12) as [readonly [number, BusVariant][]];
  const field = <T extends BusValue>(code: number) => decoded.find(([each]) => each === code)?.[1].value as T | undefined;
  const message = {
    /** 2 for a reply, 3 for an error and 4 for a signal. */
    kind: received.readUInt8(1),
    replyTo: field<number>(fields.replyTo),
    path: field<string>(fields.path),
    member: field<string>(fields.member),
    error: field<string>(fields.error),
    body: decodeAll(field<string>(fields.signature) ?? '', received.subarray(0, length), start),
  };
  return { message, length };
}
