// Little endian: https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-marshaling

/** A D-Bus value. An array of bytes is a Buffer; a struct or a dictionary entry is an array. */
export type BusValue = boolean | number | string | Buffer | BusVariant | readonly BusValue[];

/** A value with its type signature. */
export interface BusVariant {
  readonly type: string;
  readonly value: BusValue;
}

/** Splits a signature into its complete types: `a{sv}(oay)` has two. */
function typesIn(signature: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length; at += types.at(-1)?.length ?? 1) types.push(firstType(signature.slice(at)));
  return types;
}

function firstType(signature: string): string {
  if (signature.startsWith('a')) return `a${firstType(signature.slice(1))}`;
  if (!/^[({]/.test(signature)) return signature.slice(0, 1);
  let depth = 0;
  const end = [...signature].findIndex((character) => {
    depth += '({'.includes(character) ? 1 : ')}'.includes(character) ? -1 : 0;
    return depth === 0;
  });
  return signature.slice(0, end + 1);
}

const alignments: Readonly<Record<string, number>> = { y: 1, g: 1, v: 1, '(': 8, '{': 8 };
const alignmentOf = (type: string): number => alignments[type.charAt(0)] ?? 4;
/** The number of bytes to the next multiple of `alignment`. */
export const gap = (at: number, alignment: number): number => -at & (alignment - 1);
/** That many zeros. */
export const padding = (at: number, alignment: number): Buffer => Buffer.alloc(gap(at, alignment));

/** Encodes values. `at` is their offset in the message, which decides their alignment. */
export function encodeAll(signature: string, values: readonly BusValue[], at: number): Buffer {
  let bytes = Buffer.alloc(0);
  typesIn(signature).forEach((type, index) => {
    bytes = Buffer.concat([bytes, encode(type, values[index] ?? '', at + bytes.length)]);
  });
  return bytes;
}

function encode(type: string, value: BusValue, at: number): Buffer {
  const before = padding(at, alignmentOf(type));
  return Buffer.concat([before, encodeAligned(type, value, at + before.length)]);
}

function encodeAligned(type: string, value: BusValue, at: number): Buffer {
  switch (type.charAt(0)) {
    case 'y':
      return Buffer.of(Number(value));
    case 's':
    case 'o':
      return Buffer.concat([uint32(Buffer.byteLength(String(value))), Buffer.from(`${value}\0`)]);
    case 'g':
      return Buffer.concat([Buffer.of(String(value).length), Buffer.from(`${value}\0`)]);
    case 'v': {
      const variant = value as BusVariant;
      const signature = encode('g', variant.type, at);
      return Buffer.concat([signature, encode(variant.type, variant.value, at + signature.length)]);
    }
    case '(':
    case '{':
      return encodeAll(type.slice(1, -1), value as readonly BusValue[], at);
    case 'a': {
      if (Buffer.isBuffer(value)) return Buffer.concat([uint32(value.length), value]);
      const item = type.slice(1);
      const before = padding(at + 4, alignmentOf(item));
      const start = at + 4 + before.length;
      let items = Buffer.alloc(0);
      for (const member of value as readonly BusValue[]) items = Buffer.concat([items, encode(item, member, start + items.length)]);
      return Buffer.concat([uint32(items.length), before, items]);
    }
    default:
      return uint32(Number(value));
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Decodes values at an offset of a message. Throws a RangeError if it is too short. */
export function decodeAll(signature: string, bytes: Buffer, at: number): BusValue[] {
  let next = at;
  return typesIn(signature).map((type) => {
    const [value, end] = decode(type, bytes, next);
    next = end;
    return value;
  });
}

function decode(type: string, bytes: Buffer, at: number): [value: BusValue, end: number] {
  const start = at + gap(at, alignmentOf(type));
  switch (type.charAt(0)) {
    case 'y':
      return [bytes.readUInt8(start), start + 1];
    case 'b':
      return [bytes.readUInt32LE(start) === 1, start + 4];
    case 's':
    case 'o': {
      const end = start + 4 + bytes.readUInt32LE(start);
      return [bytes.toString('utf8', start + 4, end), end + 1];
    }
    case 'g': {
      const end = start + 1 + bytes.readUInt8(start);
      return [bytes.toString('latin1', start + 1, end), end + 1];
    }
    case 'v': {
      const [inner, next] = decode('g', bytes, start) as [string, number];
      const [value, end] = decode(inner, bytes, next);
      return [{ type: inner, value }, end];
    }
    case '(':
    case '{': {
      let next = start;
      const values = typesIn(type.slice(1, -1)).map((member) => {
        const [value, end] = decode(member, bytes, next);
        next = end;
        return value;
      });
      return [values, next];
    }
    case 'a':
      return decodeArray(type.slice(1), bytes, start);
    default:
      return [bytes.readUInt32LE(start), start + 4];
  }
}

function decodeArray(item: string, bytes: Buffer, start: number): [value: BusValue, end: number] {
  const first = start + 4 + gap(start + 4, alignmentOf(item));
  const end = first + bytes.readUInt32LE(start);
  if (item === 'y') return [bytes.subarray(first, end), end];
  const values: BusValue[] = [];
  for (let at = first; at < end; ) {
    const [value, next] = decode(item, bytes, at);
    values.push(value);
    at = next;
  }
  return [values, end];
}
