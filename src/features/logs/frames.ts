import { BANNER } from './script.ts';

/** Part of what the script prints: bytes of a file, or a line about it. */
export type Frame =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** The file of the bytes that follow, and where in it they begin. */
  | { readonly kind: 'file'; readonly id: string; readonly offset: number; readonly name: string }
  /** A file that is not shown so far. */
  | { readonly kind: 'known'; readonly id: string; readonly offset: number }
  | { readonly kind: 'missing' | 'unreadable' | 'live' | 'release'; readonly path: string }
  /** The site has no directory. */
  | { readonly kind: 'nowhere' }
  /** Every file to begin with has been named. */
  | { readonly kind: 'surveyed' }
  | { readonly kind: 'idle' }
  | { readonly kind: 'finished' };

const NEWLINE = 10;
const SPACE = 32;
/** The longest line about a file. */
const LONGEST = 100_000;

/**
 * Reads the output of the script. A line of a file begins with a space. The newline at the end of a part may not be its own, so it counts
 * only once the next line has begun.
 */
export async function* framesIn(output: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let started = false;
  let inside = false;
  let pending = false;
  let word = '';
  for await (const chunk of output) {
    const bytes = Buffer.allocUnsafe(chunk.length + 1);
    let length = 0;
    let at = 0;
    const taken = (): Frame[] => {
      const all: Frame[] = length > 0 ? [{ kind: 'bytes', bytes: Buffer.from(bytes.subarray(0, length)) }] : [];
      length = 0;
      return all;
    };
    while (at < chunk.length) {
      const fresh = !inside && word === '';
      const first = chunk[at];
      if (fresh && started && (first === SPACE || first === NEWLINE)) {
        if (pending) length = bytes.writeUInt8(NEWLINE, length);
        pending = false;
        inside = first === SPACE;
        at += 1;
        continue;
      }
      const found = chunk.indexOf(NEWLINE, at);
      const end = found < 0 ? chunk.length : found;
      if (inside) {
        length += chunk.copy(bytes, length, at, end);
        inside = found < 0;
        pending = found >= 0;
      } else {
        if (word.length < LONGEST) word += chunk.toString('latin1', at, end);
        if (found >= 0) {
          // The part is complete, so the newline before was not its own.
          pending = false;
          const frame = started ? frameOf(word) : undefined;
          if (frame) yield* [...taken(), frame];
          started ||= word === BANNER;
          word = '';
        }
      }
      at = end + 1;
    }
    yield* taken();
  }
}

/** `bytes` has a byte per character. */
function frameOf(bytes: string): Frame | undefined {
  const line = Buffer.from(bytes, 'latin1').toString();
  const path = line.slice(2);
  const [id = '', offset = '', ...name] = path.split(' ');
  switch (line[0]) {
    case 'F':
      return { kind: 'file', id, offset: Number(offset), name: name.join(' ') };
    case 'K':
      return { kind: 'known', id, offset: Number(offset) };
    case 'M':
      return { kind: 'missing', path };
    case 'U':
      return { kind: 'unreadable', path };
    case 'L':
      return { kind: 'live', path };
    case 'R':
      return { kind: 'release', path };
    case 'D':
      return { kind: 'nowhere' };
    case 'S':
      return { kind: 'surveyed' };
    case '.':
      return { kind: 'idle' };
    case 'Q':
      return { kind: 'finished' };
    default:
      return undefined;
  }
}
