import { stripVTControlCharacters } from 'node:util';
import { DAY, timeOf } from '../../../base/time.ts';
import type { FactLine, Log } from '../facts.ts';

interface Text extends Omit<Log, 'lines'> {
  readonly text: string;
  /** The number of lines before the text; undefined if unknown. */
  readonly skipped: number | undefined;
  /** True if the text begins within a line. */
  readonly cut: boolean;
}

/** The server's offset to UTC, such as `+0000`, and its time in epoch ms. */
export interface Clocks {
  readonly zone: string;
  readonly now: number;
}

/** Longer lines are cut: patterns take more time the longer a line is. */
const LONGEST = 2_000;

const QUARTER = 15 * 60_000;
const FARTHEST = 14 * 4 * QUARTER;

/** Splits a log into lines with numbers and times. */
export function logOf({ source, file, text, modified, skipped, cut, ofRelease }: Text, clocks: Clocks): Log {
  const pieces = text
    .split('\n')
    .map((piece, index) => ({ text: cleaned(piece), number: skipped === undefined ? null : skipped + index + 1 }));
  const whole = cut && pieces.length > 1 ? pieces.slice(1) : pieces;
  const stamps = whole.map((piece) => lineStamp(piece.text, clocks));
  const last = stamps.findLast(Boolean);
  const shift = last && !last.zoned && source === 'laravel' ? shiftOf(last.at, modified) : 0;
  let at: number | undefined;
  const lines = whole.map((piece, index) => {
    const stamp = stamps[index];
    if (stamp) at = stamp.at + (stamp.zoned ? 0 : shift);
    return { source, file, at, ...piece };
  });
  return { source, file, modified, ofRelease, lines: unwrapped(lines).filter((line) => line.text.trim() !== '') };
}

/** What a terminal would show: of a progress bar, its last state. */
const cleaned = (line: string): string =>
  stripVTControlCharacters(line.replace(/\r+$/, ''))
    .split('\r')
    .at(-1)
    ?.slice(0, LONGEST)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are removed
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '') ?? '';

/** Laravel writes times in the time zone of the application: the last line is as old as the file. */
function shiftOf(last: number, modified: number | undefined): number {
  if (modified === undefined) return 0;
  const shift = Math.round((modified - last) / QUARTER) * QUARTER;
  return Math.abs(shift) <= FARTHEST && Math.abs(modified - last - shift) < 10_000 ? shift : 0;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const CLOCK = '(?<time>\\d\\d:\\d\\d:\\d\\d)';

/** The formats of Laravel and ISO 8601, nginx, PHP-FPM, `dmesg -T`, and syslog. */
const FORMATS: readonly RegExp[] = [
  /^\s*\[?(?<date>\d{4}-\d\d-\d\d)[T ](?<time>\d\d:\d\d:\d\d)(?:[.,]\d+)? ?(?<zone>Z|UTC|[+-]\d\d:?\d\d)?/,
  new RegExp(`^(?<year>\\d{4})/(?<number>\\d\\d)/(?<day>\\d\\d) ${CLOCK}`),
  new RegExp(`^\\[(?<day>\\d\\d)-${MONTH}-(?<year>\\d{4}) ${CLOCK}(?: (?<zone>UTC))?`),
  new RegExp(`^\\[\\w{3} ${MONTH} +(?<day>\\d+) ${CLOCK} (?<year>\\d{4})\\]`),
  new RegExp(`^${MONTH} +(?<day>\\d+) ${CLOCK} `),
];

/** The time at the beginning of a line; undefined without one. `now` tells the year of syslog. `zoned`: the line names its time zone. */
export function lineStamp(line: string, { zone, now }: Clocks) {
  const groups = FORMATS.map((format) => format.exec(line)?.groups).find(Boolean);
  if (!groups) return undefined;
  const { date = dateIn(groups, now), time = '', zone: named } = groups;
  const at = timeOf(`${date}T${time}${named ?? zone}`);
  return at === undefined ? undefined : { at, zoned: named !== undefined };
}

/** `2026-11-26`. A line of syslog without a year is from the last twelve months. */
function dateIn({ year, number, month = '', day = '' }: Readonly<Record<string, string>>, now: number): string {
  const order = number ?? String(MONTHS.indexOf(month) + 1).padStart(2, '0');
  const rest = `${order}-${day.padStart(2, '0')}`;
  if (year !== undefined) return `${year}-${rest}`;
  const today = new Date(now + DAY).toISOString();
  return `${Number(today.slice(0, 4)) - (rest > today.slice(5, 10) ? 1 : 0)}-${rest}`;
}

/** The line above an exception: Symfony's, whose message is broken at the width of the terminal, or Collision's. */
const HEADING = /^(?:In \S+\.php line \d+:|\s*\[[\w\\]+\]|\s+[\w\\]+(?:Exception|Error))$/;

/** Symfony breaks a message at the width of the terminal, within a word, Collision only where the message does. */
const isBroken = ({ heading = '' }: FactLine): boolean => !/(?:Exception|Error)$/.test(heading);

/** The message. Symfony pads each part to the width, and two spaces; a shorter part ends a line of the message, or with a space of it. */
function joinedParts(parts: readonly string[], broken: boolean): string {
  const texts = parts.map((part) => part.trimEnd());
  const width = Math.max(...parts.map((part, index) => Math.max(part.length - 2, texts[index]?.length ?? 0)));
  return texts.reduce((text, part, index) => text + (broken && texts[index - 1]?.length === width ? '' : ' ') + part);
}

function unwrapped(lines: readonly FactLine[]): readonly FactLine[] {
  const joined: FactLine[] = [];
  let block: { first: FactLine; parts: string[] } | undefined;
  let heading: string | undefined;
  const end = () => {
    if (block) joined.push({ ...block.first, text: `  ${joinedParts(block.parts, isBroken(block.first))}` });
    block = undefined;
  };
  for (const line of lines) {
    const text = line.text.trimEnd();
    // A part may begin with the space of the message.
    const inside = block
      ? (isBroken(block.first) ? /^ {2,3}\S/ : /^ {2}\S/).test(line.text)
      : heading !== undefined && /^ {2}\S/.test(line.text);
    if (inside) {
      block ??= { first: heading === undefined ? line : { ...line, heading }, parts: [] };
      block.parts.push(line.text.slice(2));
    } else {
      end();
      joined.push({ ...line, text });
    }
    if (HEADING.test(text)) heading = text.trim();
    else if (text !== '') heading = undefined;
  }
  end();
  return joined;
}

/** More control characters than one in ten make it no text. */
const MOST_CONTROL = 0.1;

/** The text of a log, or of its end, in UTF-8, UTF-16 or Latin-1. Undefined if it is not text. */
export function textIn(bytes: Buffer): string | undefined {
  const text = decoded(bytes);
  // A server that lost power leaves a block of zeros.
  const kept = text.replaceAll('\0', '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are counted
  const control = kept.match(/[\u0001-\u0008\u000e-\u001a\u001c-\u001f\u007f]/g)?.length ?? 0;
  return control > kept.length * MOST_CONTROL ? undefined : kept;
}

/** UTF-16 if its mark says so, and Latin-1 if what is broken in UTF-8 is more than a program may have cut. */
function decoded(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  const text = new TextDecoder().decode(bytes);
  const broken = text.match(/\ufffd/g)?.length ?? 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything but ASCII
  const wide = text.match(/[^\u0000-\u007f\ufffd]/g)?.length ?? 0;
  return broken > 0 && broken >= wide ? bytes.toString('latin1') : text;
}
