import { isError } from '../../base/errors.ts';
import type { Output } from '../../machine/world.ts';
import { DEFAULT_COLUMNS, Ended, json } from './text.ts';
import type { LiveState } from './view.ts';
import { cutText, widthOf } from './wrap.ts';

/** Where a live view is printed. */
export interface Screen {
  readonly stdout: Output;
  /** True if the cursor can move, so that each state replaces the one before. */
  readonly inPlace: boolean;
  /** False for lines of JSON: of a list, only what is new is printed. */
  readonly blocks: boolean;
  /** A state as text. `above` is what stands over it: when it was read, and what went wrong. */
  readonly frame: (state: LiveState) => Promise<{ readonly above: string; readonly text: string }>;
  readonly out: (text: string) => Promise<void>;
  /** Says what could not be read, if the frame does not. */
  readonly warn: (problem: string) => void;
}

/** Prints the states of a live view until they end. Ctrl-C is how to end it, so it says nothing. */
export async function writeLive(states: AsyncIterable<LiveState>, screen: Screen): Promise<void> {
  try {
    await (screen.inPlace ? redraw : append)(states, screen);
  } catch (error) {
    if (!isError(error, 'interrupted')) throw error;
    // Removes the ^C that the terminal has shown below the frame.
    if (screen.inPlace) await screen.out('\r\u001b[J');
    throw new Ended(error.exitCode, error);
  }
}

async function append(states: AsyncIterable<LiveState>, { blocks, frame, out, warn }: Screen): Promise<void> {
  let before: string | undefined;
  let told: string | undefined;
  for await (const state of states) {
    const { problem } = state;
    if (problem !== undefined && problem !== told) warn(problem);
    told = problem;
    if (!state.changed) continue;
    const { above, text } = await frame(state);
    if (!blocks) await out(newLines(state, text, before ?? ''));
    else if (text !== before) await out(`${before === undefined ? '' : '\n'}${above}${text}`);
    before = text;
  }
}

/** The lines of JSON that were not there before, and one for each row that is gone. Anything but a list is printed whole. */
function newLines({ view, gone = [] }: LiveState, text: string, before: string): string {
  if (view.kind !== 'rows') return text;
  const left = new Map<string, number>();
  for (const line of before.split('\n')) left.set(line, (left.get(line) ?? 0) + 1);
  const lines = text.split('\n').filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return line !== '' && count <= 0;
  });
  return [...lines, ...gone.map((id) => json({ id, deleted: true }))].map((line) => `${line}\n`).join('');
}

const DEFAULT_ROWS = 24;

/** Replaces each state by the next, and draws it again if the size of the terminal changes, or after Ctrl-Z. */
async function redraw(states: AsyncIterable<LiveState>, { stdout, frame, out }: Screen): Promise<void> {
  let shown: readonly string[] = [];
  let drawn = '';
  let latest: LiveState | undefined;
  let drawing = Promise.resolve();
  const draw = async (whole: boolean) => {
    if (!latest) return;
    const { above: heading, text } = await frame(latest);
    if (!whole && heading + text === drawn) return;
    drawn = heading + text;
    const width = stdout.columns || DEFAULT_COLUMNS;
    const above = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / width)), 0);
    shown = fitting(drawn.trimEnd().split('\n'), (stdout.rows || DEFAULT_ROWS) - 1).map((line) => cutText(line, width));
    // One write, which overwrites each line before it clears its end: no flicker. After a full line, xterm would clear its last column.
    const ended = shown.map((line) => `${line}${widthOf(line) < width ? '\u001b[K' : ''}\n`);
    await out(`${above > 0 ? `\r\u001b[${above}A` : ''}${ended.join('')}\u001b[J`);
  };
  const again = (whole = false) => {
    drawing = drawing.then(() => draw(whole));
    return drawing;
  };
  // A failure to write is reported by the next state.
  const resized = () => void again(true).catch(() => {});
  // The shell has written below the frame meanwhile.
  const continued = () => {
    shown = [];
    resized();
  };
  stdout.on('resize', resized);
  stdout.on('continue', continued);
  try {
    for await (const state of states) {
      latest = state;
      await again();
    }
  } finally {
    stdout.off('resize', resized);
    stdout.off('continue', continued);
    await drawing.catch(() => {});
  }
}

/** As many lines as fit, because a frame that is higher than the terminal cannot be replaced. */
function fitting(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= Math.max(1, most)) return lines;
  if (most <= 1) return lines.slice(0, 1);
  const left = lines.length - most + 1;
  return [...lines.slice(0, most - 1), `… ${left} more lines`];
}
