import { stripVTControlCharacters } from 'node:util';
import { DnxError, reasonOf, systemCode } from '../../base/errors.ts';
import { toJson } from '../../base/json.ts';
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

/** The same for multiline text, such as a log. */
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

const PLAIN = /^[ -~–…]*$/;

/** True for text with one column per character. */
export const isPlain = (text: string): boolean => PLAIN.test(text);

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
  return new DnxError('failed', `Could not write the output: ${reasonOf(code) ?? code}.`, {
    cause,
  });
}

/** Ends dnx with an exit code and without a message, such as Ctrl-C in what runs until Ctrl-C. */
export class Ended extends Error {
  readonly code: number;

  constructor(code: number, cause?: unknown) {
    super(`Ended with ${code}.`, { cause });
    this.code = code;
  }
}
