import type { Output } from '../../machine/world.ts';
import type { LiveState, View } from './view.ts';
import { cut, widthOf } from './width.ts';
import { DEFAULT_COLUMNS } from './wrap.ts';

/** Where a live view is printed. */
export interface Screen {
  readonly stdout: Output;
  /** True if the cursor can move, so that each state replaces the one before. */
  readonly inPlace: boolean;
  /** True if an empty line separates the states. */
  readonly blocks: boolean;
  readonly frame: (view: View) => Promise<string>;
  readonly out: (text: string) => Promise<void>;
}

/** Prints the states of a live view until they end. */
export async function writeLive(states: AsyncIterable<LiveState>, screen: Screen): Promise<void> {
  if (screen.inPlace) return redraw(states, screen);
  let first = true;
  for await (const { view, changed } of states) {
    if (!changed) continue;
    await screen.out(`${first || !screen.blocks ? '' : '\n'}${await screen.frame(view)}`);
    first = false;
  }
}

const DEFAULT_ROWS = 24;

/** Replaces each state by the next, and draws it again if the size of the terminal changes, or after Ctrl-Z. */
async function redraw(states: AsyncIterable<LiveState>, { stdout, frame, out }: Screen): Promise<void> {
  let shown: readonly string[] = [];
  let latest: View | undefined;
  let drawing = Promise.resolve();
  const draw = async () => {
    if (!latest) return;
    const text = await frame(latest);
    const width = stdout.columns || DEFAULT_COLUMNS;
    const above = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / width)), 0);
    // A frame that is higher than the terminal cannot be replaced.
    const rows = text
      .trimEnd()
      .split('\n')
      .slice(0, Math.max(1, (stdout.rows || DEFAULT_ROWS) - 1));
    shown = rows.map((line) => cut(line, width));
    // One write, which overwrites each line before it clears its end: no flicker. After a full line, xterm would clear its last column.
    const ended = shown.map((line) => `${line}${widthOf(line) < width ? '\u001b[K' : ''}\n`);
    await out(`${above > 0 ? `\r\u001b[${above}A` : ''}${ended.join('')}\u001b[J`);
  };
  const again = () => {
    drawing = drawing.then(draw);
    return drawing;
  };
  // A failure to write is reported by the next state.
  const resized = () => void again().catch(() => {});
  // The shell has written below the frame meanwhile.
  const continued = () => {
    shown = [];
    resized();
  };
  stdout.on('resize', resized);
  stdout.on('continue', continued);
  try {
    for await (const { view } of states) {
      latest = view;
      await again();
    }
  } finally {
    stdout.off('resize', resized);
    stdout.off('continue', continued);
    await drawing.catch(() => {});
  }
}
