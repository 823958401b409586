import { stripVTControlCharacters } from 'node:util';
import { toJson } from '../../base/json.ts';

/** Controls that are not escape sequences: C0, DEL, C1, and the marks that change the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is what this is for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Plain ASCII, as nearly every cell is: nothing to remove. */
const HARMLESS = /^[ -~]*$/;

/** What the API sent, made harmless for a terminal: one line, no control sequences. */
export const line = (value: string): string =>
  HARMLESS.test(value)
    ? value
    : stripVTControlCharacters(value)
        .replace(/[\r\n\t]+/g, ' ')
        .replace(CONTROLS, '');

/** The same for text of several lines, such as a log. */
export const lines = (value: string): string =>
  stripVTControlCharacters(value)
    .split(/\r?\n/)
    .map((each) => each.replaceAll('\t', '    ').replace(CONTROLS, ''))
    .join('\n');

/** JSON with the controls that JSON.stringify leaves alone escaped as well. */
export const json = (value: unknown, indent?: number): string =>
  toJson(value, indent).replace(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
