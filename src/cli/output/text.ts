import { stripVTControlCharacters } from 'node:util';
import { type Detail, DnxError, systemCode, systemReason } from '../../base/errors.ts';
import { own, toJson } from '../../base/json.ts';
import { truthy } from '../../machine/env.ts';
import type { Env, Output } from '../../machine/world.ts';

/**
 * Characters that are unsafe on a terminal: C0, DEL, C1, direction marks, and invisible characters that make two names look
 * alike. Joiners of emoji and scripts, and the tags of flags, are kept.
 */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are removed
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]{0,7})[\u{e0000}-\u{e007f}]/gu;

/** The unsafe characters that JSON.stringify does not escape, and `##[` (see forLog). */
const UNESCAPED =
  /(?<=##)\[|[\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** Fast paths: printable ASCII, as in nearly every cell and message. */
const HARMLESS = /^[ -~]*$/;
const HARMLESS_LINES = /^[ -~\n]*$/;

/** Makes text safe for a terminal: one line, no control characters. */
export const safeLine = (value: string): string =>
  HARMLESS.test(value)
    ? value
    : stripVTControlCharacters(value)
        .replace(/[\r\n\t\u0085\u2028\u2029]+/g, ' ')
        .replace(UNSAFE, '');

/** A text of the API in one line, without control characters, direction marks and halves of characters. */
export const printable = (text: string): string => safeLine(text.replace(/\p{Cs}/gu, '\ufffd'));

/** Like `safeLine`, for multiline text such as a log. */
export const safeLines = (value: string): string =>
  HARMLESS_LINES.test(value) ? value : stripVTControlCharacters(value).replace(UNSAFE, '');

/** Serializes JSON with all unsafe characters escaped. */
export const json = (value: unknown, indent?: number): string =>
  toJson(value, indent).replace(UNESCAPED, (unsafe) =>
    unsafe.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );

/** Defuses `::name::` and `##[name]`, which are commands in a GitHub Actions log. Unchanged elsewhere. */
export const forLog = (text: string, { GITHUB_ACTIONS }: Env): string =>
  GITHUB_ACTIONS === 'true' ? text.replace(/^([^\S\n]*):(?=:.*::)/gm, '$1: ').replaceAll('##[', '## [') : text;

/** Adds a final newline if it is missing. */
export const endLine = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

/** Writes to a stream. Rejects with a ClosedPipe if the reader is gone, and with a DnxError if not everything could be written. */
export const write = (stream: Output, text: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    // An earlier write may have failed already.
    stream.write(text, (error) => (error ? reject(unwritten(stream.errored ?? error)) : resolve()));
  });

/** stdout was closed, as by `| head -1`. Not a failure, unless it got a part of a file. */
export class ClosedPipe extends Error {}

function unwritten(cause: Error): Error {
  const code = systemCode(cause);
  // Windows reports EOF.
  if (code === 'EPIPE' || code === 'ECONNRESET' || code === 'EOF') return new ClosedPipe(cause.message, { cause });
  return new DnxError('failed', `Could not write the output: ${systemReason(cause)}.`, { cause });
}

/** Ends dnx with an exit code and without a message, such as Ctrl-C in what runs until Ctrl-C. */
export class Ended extends Error {
  readonly code: number;

  constructor(code: number, cause?: unknown) {
    super(`Ended with ${code}.`, { cause });
    this.code = code;
  }
}

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
