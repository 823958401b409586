/** The bodies of successful replies, by the number of the call. Undefined where the reply is an error. */
type Answers = ReadonlyMap<number, Buffer | undefined>;

// The D-Bus wire format, little endian: https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol
/** Four bytes. */
export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
/** Zeros up to the next multiple of `boundary`. */
export const pad = (bytes: Buffer, boundary: number): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & (boundary - 1))]);
/** A string. */
export const text = (value: string): Buffer => Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(`${value}\0`)]);
/** Two strings, as a struct or a dictionary entry has them. */
export const pair = (first: string, second: string): Buffer => Buffer.concat([pad(text(first), 4), text(second)]);
const field = (code: number, type: string, value: Buffer): Buffer =>
  pad(Buffer.concat([Buffer.of(code, 1), Buffer.from(`${type}\0`), value]), 8);

/** A call of a method. */
export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly face: string;
  readonly member: string;
  readonly signature?: string;
  /** Its arguments, as `signature` has them. */
  readonly body?: Buffer;
  /** False: a service that is not running is not started. */
  readonly start?: boolean;
}

/** A method call as it goes over the wire. */
export const methodCall = (serial: number, { destination, path, face, member, signature = '', body, start }: MethodCall): Buffer => {
  // The signature stands last and fills its eight bytes badly: the length of the fields does not count the padding after them.
  const last = Buffer.concat([Buffer.of(8, 1), Buffer.from('g\0'), Buffer.of(signature.length), Buffer.from(`${signature}\0`)]);
  const names = [field(1, 'o', text(path)), field(2, 's', text(face)), field(3, 's', text(member)), field(6, 's', text(destination))];
  const fields = Buffer.concat([...names, last]);
  const args = body ?? Buffer.alloc(0);
  // Little endian, a method call, its flags, version 1.
  const head = Buffer.of(0x6c, 1, start === false ? 2 : 0, 1);
  return Buffer.concat([head, uint32(args.length), uint32(serial), uint32(fields.length), pad(fields, 8), args]);
};

/** What has arrived whole: the lines of the authentication, then messages. */
export const parse = (received: Buffer): Answers => {
  const answers = new Map<number, Buffer | undefined>();
  const greeting = /OK [^\r]*\r\n/.exec(received.toString('latin1'));
  let rest = received.subarray(greeting === null ? received.length : greeting.index + greeting[0].length);
  while (rest.length >= 16) {
    const start = 16 + ((rest.readUInt32LE(12) + 7) & ~7);
    const end = start + rest.readUInt32LE(4);
    if (rest.length < end) {
      break;
    }
    // Field 5, a uint32: the serial number that this replies to. Fields begin at multiples of eight.
    for (let at = 16; at < start; at += 8) {
      if (rest.readUInt32BE(at) === 0x05017500) {
        answers.set(rest.readUInt32LE(at + 4), rest[1] === 2 ? rest.subarray(start, end) : undefined);
      }
    }
    rest = rest.subarray(end);
  }
  return answers;
};
