import type { Clock } from '../../machine/world.ts';
import { left, type Terminal } from './questions.ts';

/** How long, in ms, a terminal takes at most to hand over what was typed before. */
const PAUSE_MS = 20;
const INTERRUPT = '\u0003';

/** Discards what was typed before a question is shown: it cannot be meant as an answer. Ctrl-C among it still counts, and so does the end. */
export async function discardTyped({ input, signal }: Terminal, clock: Pick<Clock, 'sleep'>): Promise<void> {
  let interrupted = false;
  const discard = (chunk: unknown) => {
    interrupted ||= String(chunk).includes(INTERRUPT);
  };
  // Otherwise the terminal keeps a line that has no enter yet.
  input.setRawMode?.(true);
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
