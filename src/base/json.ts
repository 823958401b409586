/** A JSON object whose fields are not known beforehand. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for a JSON object: not null, not an array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The deepest JSON to accept. PHP stops at the same depth, and recursion would overflow the stack. */
const DEEPEST = 512;
/** The digits of an integer beyond 2^53. Written out, it is searched 15 times as fast as `\d{16}`. */
const LONG = /\d\d\d\d\d\d\d\d\d\d\d\d\d\d\d\d/;
/** Integers with more digits than this cannot be ids and stay numbers. */
const LONGEST = 400;
/** Prefix of a long integer while it is held as a string. No real text starts with this noncharacter. */
const MARK = '\uffff';

/**
 * Parses JSON. An integer beyond 2^53 becomes a bigint, so that an id keeps its digits.
 * Throws a SyntaxError, or a RangeError if it is nested too deeply.
 */
export function fromJson(text: string): unknown {
  if (!LONG.test(text) && !hasMore(text, DEEPEST)) return JSON.parse(text);
  const marked = scan(text);
  return marked === text ? JSON.parse(text) : withBigints(JSON.parse(marked));
}

/** Serializes a value, with bigints as plain numbers. */
export function toJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, null, indent) ?? 'null';
  } catch (error) {
    // JSON.stringify throws on a bigint.
    if (!(error instanceof TypeError)) throw error;
    const marked = JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? `${MARK}${member}` : member), indent);
    return marked.replace(/"\uffff(-?\d+)"(?!:)/g, '$1');
  }
}

function hasMore(text: string, most: number): boolean {
  let found = 0;
  for (const opening of ['{', '['])
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1)) if (++found > most) return true;
  return false;
}

const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;

function scan(text: string): string {
  let depth = 0;
  let copied = 0;
  let marked = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '"') at = endOfString(text, at);
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === '-' || (character >= '0' && character <= '9')) {
      NUMBER.lastIndex = at;
      const number = NUMBER.exec(text)?.[0] ?? character;
      if (isLong(number)) {
        marked += `${text.slice(copied, at)}"${MARK}${number}"`;
        copied = at + number.length;
      }
      at += number.length - 1;
    }
    if (depth > DEEPEST) throw new RangeError(`it is nested more than ${DEEPEST} levels deep`);
  }
  return marked + text.slice(copied);
}

const isLong = (number: string): boolean =>
  number.length <= LONGEST && /^-?[1-9]\d{15,}$/.test(number) && !Number.isSafeInteger(Number(number));

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

function withBigints(value: unknown): unknown {
  if (typeof value === 'string') return /^\uffff-?\d+$/.test(value) ? BigInt(value.slice(1)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const holder = value as Record<string, unknown>;
  // Defined, not assigned: a key may be `__proto__`.
  for (const key of Object.keys(holder)) {
    const member = holder[key];
    const read = withBigints(member);
    if (read !== member) Object.defineProperty(holder, key, { value: read, writable: true, enumerable: true, configurable: true });
  }
  return value;
}

/** The own property of an untrusted key, so that `constructor` is not found on every object. */
export const own = <T>(record: Readonly<Record<string, T>> | null | undefined, key: string): T | undefined =>
  record !== undefined && record !== null && Object.hasOwn(record, key) ? record[key] : undefined;

/** A record with only some of its fields. */
export const pick = (record: JsonObject, isPicked: (field: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(record).filter(([field]) => isPicked(field)));
