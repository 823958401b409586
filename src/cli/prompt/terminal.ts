import { Transform, Writable } from 'node:stream';
import type { Input, Output, World } from '../../machine/world.ts';
import { left, type Terminal } from './questions.ts';

/** How long, in ms, a terminal takes at most to hand over what was typed before, and the system to continue dnx. */
const PAUSE_MS = 20;
const INTERRUPT = '\u0003';
const SUSPEND = 0x1a;

/** The terminal for one prompt, until it is closed. */
export interface OpenTerminal extends Terminal {
  close(): void;
}

/**
 * Opens the terminal for a prompt that survives Ctrl-Z and `fg`. In raw mode Ctrl-Z is a key: readline would stop dnx without its
 * group, such as npx, and never read again. So the key is taken out of the input, and the last thing drawn is drawn again.
 */
export function openTerminal(world: Pick<World, 'stdin' | 'stdout' | 'stderr' | 'signal' | 'env' | 'clock' | 'suspend'>): OpenTerminal {
  const { stdin, stdout, stderr, signal, env, clock } = world;
  const drawing = drawingOn(stderr);
  let raw = false;
  let suspended = false;
  const setRawMode = (mode: boolean) => {
    raw = mode;
    stdin.setRawMode?.(mode);
  };
  const resume = () => {
    suspended = false;
    // Twice, because the shell has changed the mode, which Node does not know.
    stdin.setRawMode?.(!raw);
    stdin.setRawMode?.(raw);
    drawing.again();
  };
  const suspend = async () => {
    suspended = true;
    stdin.setRawMode?.(false);
    // Shows the cursor, and removes the rows of a list below it.
    if (env.TERM !== 'dumb') stderr.write('\u001b[?25h\u001b[J');
    world.suspend();
    await clock.sleep(PAUSE_MS);
    // Without job control, nothing has stopped dnx.
    if (suspended) resume();
  };
  const keys = new Transform({
    transform(chunk, _, done) {
      const typed = Buffer.from(chunk);
      const at = raw ? typed.indexOf(SUSPEND) : -1;
      done(null, at < 0 ? typed : typed.subarray(0, at));
      if (at >= 0) void suspend();
    },
  });
  stdin.pipe(keys);
  stdout.on('continue', resume);
  return {
    input: Object.assign(keys, { isTTY: stdin.isTTY, setRawMode, takeTyped: () => stdin.takeTyped?.() ?? '' }),
    output: drawing.output,
    signal,
    close() {
      suspended = false;
      stdout.off('continue', resume);
      stdin.unpipe(keys);
      stdin.pause();
    },
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it moves the cursor within a line
const MOVE = /^\u001b\[\d+G$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they move the cursor up and down, and erase
const ERASE = /^(\u001b\[\d*[A-K])+/;

/** An output that can draw the prompt again, below what the shell has written. A prompt draws all of itself in one write. */
function drawingOn(stderr: Output): { readonly output: Output; again(): void } {
  let drawn = '';
  const output = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      const text = String(chunk);
      drawn = MOVE.test(text) ? drawn + text : text.replace(ERASE, '');
      stderr.write(text);
      done();
    },
  });
  const { isTTY } = stderr;
  Object.defineProperty(output, 'columns', { get: () => stderr.columns });
  // Every prompt ends it, like stderr, which has no end.
  return { output: Object.assign(output, { isTTY, end: () => output }), again: () => void stderr.write(drawn) };
}

/** Discards what was typed before a question is shown: it cannot be meant as an answer. Ctrl-C among it still counts, and so does the end. */
export async function discardTyped(
  { input, signal }: { input: Input; signal: AbortSignal },
  clock: Pick<World['clock'], 'sleep'>,
): Promise<void> {
  let interrupted = false;
  const discard = (chunk: unknown) => {
    interrupted ||= String(chunk).includes(INTERRUPT);
  };
  // Otherwise the terminal keeps a line that has no enter yet.
  input.setRawMode?.(true);
  discard(input.takeTyped?.());
  input.on('data', discard);
  input.resume();
  try {
    await clock.sleep(PAUSE_MS, signal);
  } finally {
    input.pause();
    input.off('data', discard);
    input.setRawMode?.(false);
  }
  if (interrupted || input.readableEnded) throw left();
}
