import type { Detail } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { truthy } from '../../machine/env.ts';
import type { Env, Output } from '../../machine/world.ts';
import { safeLines } from './text.ts';

type Color = (text: string) => string;

/**
 * Functions that color text, or return it unchanged. `accent`: what to read or copy first, such as a command; `dim`: what is secondary. Green
 * is good or added, yellow in progress or changed, red bad or removed.
 */
export type Style = Readonly<Record<'bold' | 'dim' | 'accent' | 'red' | 'yellow' | 'green', Color>>;

/** The prefix of an error: a red ✗, or `Error:` without colors. */
export function failureMark({ red }: Style): string {
  const mark = red('✗');
  return mark === '✗' ? 'Error:' : mark;
}

const same: Color = (text) => text;
const plain: Style = { bold: same, dim: same, accent: same, red: same, yellow: same, green: same };

/** Colors for a stream: on a terminal, or with FORCE_COLOR, unless NO_COLOR or `--no-color` is set. */
export async function styleFor(stream: Pick<Output, 'isTTY'>, env: Env, color: boolean): Promise<Style> {
  const forced = env.FORCE_COLOR !== undefined && truthy(env.FORCE_COLOR || '1');
  const off = color === false || Boolean(env.NO_COLOR) || env.TERM === 'dumb' || (env.FORCE_COLOR !== undefined && !forced);
  if (off || !(stream.isTTY || forced)) return plain;
  const { Chalk } = await import('chalk');
  const { bold, dim, cyan: accent, red, yellow, green } = new Chalk({ level: 1 });
  return { bold, dim, accent, red, yellow, green };
}

/** A URL, and a command after a colon, a label or a backtick: `Run: dnx login`. */
const COPIED = /(https?:\/\/[^\s'"()<>]*[^\s'"()<>.,:;?!]|(?<=: | {2})dnx [a-z].*|(?<=`)dnx [^`]+(?=`))/;

/** The marks of what a plan adds, changes and removes, and the words for what it did. */
const marks: Readonly<Record<string, keyof Style>> = {
  '+': 'green',
  added: 'green',
  '~': 'yellow',
  changed: 'yellow',
  '-': 'red',
  '!': 'yellow',
  removed: 'red',
};

/** Lines that people read: commands and URLs in the accent color, those of a plan in the color of their mark, the rest in `color`. */
export function painted(text: string, style: Style, color: Color = same): string {
  if (style === plain) return text;
  const line = (each: string): string => {
    const [indent = ''] = /^ */.exec(each) ?? [];
    const rest = each.slice(indent.length);
    const mark = marks[/^[+~!-](?= )/.exec(rest)?.[0] ?? ''];
    if (mark) return indent + style[mark](rest);
    // The indent tells a command from the start of a sentence.
    const [first = '', ...parts] = each.split(COPIED);
    return (
      indent + [first.slice(indent.length), ...parts].map((part, at) => (at % 2 === 1 ? style.accent(part) : part && color(part))).join('')
    );
  };
  return text.split('\n').map(line).join('\n');
}

/** Indented lines under a message: `  url      https://shop.example.com`. */
export function detailLines(details: readonly Detail[], style: Style, wrap: Wrap): readonly string[] {
  const width = Math.max(0, ...details.map(([label]) => label.length));
  return details.map(([label, text]) => {
    const gap = ' '.repeat(width - label.length + 2);
    return wrap(`  ${style[own(marks, label) ?? 'dim'](label)}${painted(`${gap}${safeLines(text)}`, style)}`, width + 4);
  });
}

/** The width of a terminal that does not report one. */
export const DEFAULT_COLUMNS = 80;

/** Breaks a message between words where the terminal ends. `indent`: where its text begins. */
export type Wrap = (message: string, indent?: number) => string;

/** How messages are broken on a stream: only on a terminal, at the width that it has then. */
export async function wrapFor(stream: Pick<Output, 'isTTY' | 'columns'>): Promise<Wrap> {
  if (!stream.isTTY) return (message) => message;
  const { wrappedMessage } = await import('./wrap.ts');
  return (message, indent) => wrappedMessage(message, stream.columns || DEFAULT_COLUMNS, indent);
}

/** The same for a width; undefined for no limit. */
export const wrapAt = (width: number | undefined): Promise<Wrap> => wrapFor({ isTTY: width !== undefined, columns: width });
