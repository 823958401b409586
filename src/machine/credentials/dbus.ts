import { decodeAll, encodeAll, gap, padding, type Value, type Variant } from './dbus-values.ts';

// Messages: https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol

/** A received message. `kind` is 2 for a reply, 3 for an error and 4 for a signal. */
export interface Message {
  readonly kind: number;
  readonly replyTo: number | undefined;
  readonly path: string | undefined;
  readonly member: string | undefined;
  readonly error: string | undefined;
  readonly body: readonly Value[];
}

/** A method call. `face` is the interface. */
export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly face: string;
  readonly member: string;
  readonly signature?: string;
  readonly args?: readonly Value[];
}

const HEADER = 'yyyyuua(yv)';
const FIXED_HEADER = 16;
const fields = { path: 1, face: 2, member: 3, error: 4, replyTo: 5, destination: 6, signature: 8 } as const;

/** Encodes a method call. */
export function methodCall(serial: number, call: MethodCall): Buffer {
  const { destination, path, face, member, signature = '', args = [] } = call;
  const body = encodeAll(signature, args, 0);
  const named: [number, Variant][] = [
    [fields.path, { type: 'o', value: path }],
    [fields.face, { type: 's', value: face }],
    [fields.member, { type: 's', value: member }],
    [fields.destination, { type: 's', value: destination }],
    [fields.signature, { type: 'g', value: signature }],
  ];
  const header = encodeAll(HEADER, ['l'.charCodeAt(0), 1, 0, 1, body.length, serial, named], 0);
  return Buffer.concat([header, padding(header.length, 8), body]);
}

/** Decodes the first message. Undefined if it has not arrived completely. */
export function firstMessage(received: Buffer): { readonly message: Message; readonly length: number } | undefined {
  if (received.length < FIXED_HEADER) return undefined;
  const fieldsEnd = FIXED_HEADER + received.readUInt32LE(12);
  const start = fieldsEnd + gap(fieldsEnd, 8);
  const length = start + received.readUInt32LE(4);
  if (received.length < length) return undefined;
  const [decoded] = decodeAll('a(yv)', received, 12) as [readonly [number, Variant][]];
  const field = <T extends Value>(code: number) => decoded.find(([each]) => each === code)?.[1].value as T | undefined;
  const message: Message = {
    kind: received.readUInt8(1),
    replyTo: field<number>(fields.replyTo),
    path: field<string>(fields.path),
    member: field<string>(fields.member),
    error: field<string>(fields.error),
    body: decodeAll(field<string>(fields.signature) ?? '', received.subarray(0, length), start),
  };
  return { message, length };
}
