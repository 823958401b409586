import { stripVTControlCharacters } from 'node:util';
import type { Log, Source } from '../facts.ts';
import { stampOf } from './stamp.ts';
import { unwrapped } from './unwrap.ts';

/** A log as text, and what is known of its file. */
export interface Text {
  readonly source: Source;
  readonly file: string | null;
  readonly text: string;
  readonly modified: number | undefined;
  /** The number of lines before the text; undefined if unknown. */
  readonly skipped: number | undefined;
  /** True if the text begins within a line. */
  readonly cut: boolean;
  readonly ofRelease: boolean;
}

/** The server's offset to UTC, such as `+0000`, and its time in epoch ms. */
export interface Clocks {
  readonly zone: string;
  readonly now: number;
}

/** Longer lines are cut: patterns take more time the longer a line is. */
const LONGEST = 2_000;

const QUARTER = 15 * 60_000;
/** The largest difference between two time zones. */
const FARTHEST = 14 * 4 * QUARTER;

/** Splits a log into lines with numbers and times. */
export function logOf({ source, file, text, modified, skipped, cut, ofRelease }: Text, clocks: Clocks): Log {
  const pieces = text
    .split('\n')
    .map((each, index) => ({ text: cleaned(each), number: skipped === undefined ? null : skipped + index + 1 }));
  const whole = cut && pieces.length > 1 ? pieces.slice(1) : pieces;
  const stamps = whole.map((each) => stampOf(each.text, clocks));
  const last = stamps.findLast(Boolean);
  const shift = last && !last.zoned && source === 'laravel' ? shiftOf(last.at, modified) : 0;
  let at: number | undefined;
  const lines = whole.map((each, index) => {
    const stamp = stamps[index];
    if (stamp) at = stamp.at + (stamp.zoned ? 0 : shift);
    return { source, file, at, ...each };
  });
  return { source, file, modified, ofRelease, lines: unwrapped(lines).filter((each) => each.text.trim() !== '') };
}

/** What a terminal would show: of a progress bar, its last state. */
const cleaned = (line: string): string =>
  stripVTControlCharacters(line.replace(/\r+$/, ''))
    .split('\r')
    .at(-1)
    ?.slice(0, LONGEST)
    .trimEnd()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are removed
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '') ?? '';

/** Laravel writes times in the time zone of the application: the last line is as old as the file. */
function shiftOf(last: number, modified: number | undefined): number {
  if (modified === undefined) return 0;
  const shift = Math.round((modified - last) / QUARTER) * QUARTER;
  return Math.abs(shift) <= FARTHEST && Math.abs(modified - last - shift) < 10_000 ? shift : 0;
}
