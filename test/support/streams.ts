import { Readable, Writable } from 'node:stream';
import type { Input, Output } from '../../src/machine/world.ts';

/** A stream that captures its output. */
export interface Captured {
  readonly stream: Output;
  readonly text: () => string;
  readonly bytes: () => Buffer;
}

/** The terminal methods that a spinner calls; they do nothing. */
const cursor = { cursorTo: () => true, moveCursor: () => true, clearLine: () => true };

/** Creates a stream that captures its output. `seen` receives all of it after each write, and `slowly` delays the next one. */
export function capture(isTTY = false, columns = 120, seen?: (text: string) => void, slowly?: () => Promise<void>): Captured {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk as Buffer);
      if (slowly) void slowly().then(() => done(), done);
      else done();
      seen?.(Buffer.concat(chunks).toString('utf8'));
    },
  });
  const bytes = () => Buffer.concat(chunks);
  return {
    stream: Object.assign(stream, isTTY ? { isTTY, columns, ...cursor, end: () => stream } : {}),
    bytes,
    text: () => bytes().toString('utf8'),
  };
}

/** Creates a stdin with this text, which brings bytes, as a real one does. */
export const input = (text: string): Input => Object.assign(Readable.from(text === '' ? [] : [Buffer.from(text)]), { isTTY: false });

/** A terminal on which lines are typed, one at each question that `seen` sees at the end of stderr; then its input ends. */
export function typist(text: string): { readonly stream: Input; readonly seen: (stderr: string) => void } {
  const lines = text.match(/.*\n/g) ?? [];
  const stream = new Readable({ read() {} });
  return {
    stream: Object.assign(stream, { isTTY: true }),
    seen: (stderr) => void (/(: |\) )$/.test(stderr) && stream.push(lines.shift() ?? null)),
  };
}

/** Creates a stdin that presses these keys, each when a prompt waits for one. */
export function keyboard(keys: string): Input {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an arrow is one key
  const left = keys.match(/\u001b\[.|./gs) ?? [];
  const stream = new Readable({ read() {} });
  /** What the prompt reads from. */
  let prompt: NodeJS.WritableStream | undefined;
  let due = false;
  const press = () => {
    if (due) return;
    due = true;
    setImmediate(() => {
      due = false;
      // One listener belongs to readline, the second to the prompt.
      const key = (prompt?.listenerCount('keypress') ?? 0) > 1 ? left.shift() : undefined;
      if (key === undefined) return;
      stream.push(key);
      press();
    });
  };
  const pipe: Readable['pipe'] = (to) => {
    prompt = to.on('newListener', (event) => event === 'keypress' && press());
    return Readable.prototype.pipe.call(stream, to) as typeof to;
  };
  return Object.assign(stream, { isTTY: true, setRawMode: () => stream, pipe });
}
