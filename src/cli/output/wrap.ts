import { stripVTControlCharacters } from 'node:util';
import fastWidth from 'fast-string-width';
import { isPlain } from '../../base/text.ts';

/** Code points that combine with others: marks, joiners, skin tones, flags and Hangul. */
const JOINED = /[\p{M}\p{Cf}\p{Emoji_Modifier}\p{Regional_Indicator}\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\u0e33\u0eb3]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colors begin with one
const COLORS = /(\u001b\[\d+m)/;

/** The width of a text in terminal columns, without color codes. */
export const widthOf = (text: string): number => (isPlain(text) ? text.length : fastWidth(text));

/** Cuts a text to a width, ending in `…`. Never splits an emoji or an accented letter. */
export function cutText(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let left = width - 1;
  const parts = text.split(COLORS).map((part, index) => {
    // Keeps color codes, so that every color is reset.
    if (index % 2 === 1) return part;
    const start = startOf(part, left);
    left = start === part ? left - widthOf(part) : 0;
    return start;
  });
  return `${parts.join('')}…`;
}

/** Splits a text into pieces of at most `width` columns, between whole characters. */
export function cutInPieces(text: string, width: number): readonly string[] {
  if (isPlain(text)) return text.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  const pieces: string[] = [];
  let piece = '';
  let taken = 0;
  for (const character of charactersOf(text)) {
    const size = widthOf(character);
    if (taken + size > width && piece !== '') {
      pieces.push(piece);
      piece = '';
      taken = 0;
    }
    piece += character;
    taken += size;
  }
  return [...pieces, piece];
}

function startOf(text: string, width: number): string {
  if (isPlain(text)) return text.slice(0, width);
  let taken = 0;
  let start = '';
  for (const character of charactersOf(text)) {
    taken += widthOf(character);
    if (taken > width) return start;
    start += character;
  }
  return text;
}

/** The user-perceived characters of a text. Uses Intl.Segmenter, which takes 20 µs per character, only if needed. */
function* charactersOf(text: string): Iterable<string> {
  if (!JOINED.test(text.replace(/[\u0300-\u036f]/g, ''))) yield* text.match(/\P{M}?\p{M}*/gu) ?? [];
  else for (const { segment } of new Intl.Segmenter().segment(text)) yield segment;
}

/** A command line after `Run:` or a label, which must stay in one piece to be copied. It may have a color. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colors begin with one
const COMMAND = /(?<=: | {2})(?:\u001b\[\d+m)*dnx \S/;

/** A hanging indent that leaves less than this has a word on each line, so the line hangs by two instead. */
const NARROWEST_TEXT = 24;

/** The label of an indented line, such as `  url  https://shop.example.com`. */
const LABEL = /^ +\S.*? {2}(?=\S)/;

/**
 * A message in lines of at most `width` columns, broken between words only. Lines after the first are indented by `indent`, or as the line that
 * they continue.
 */
export function wrappedMessage(message: string, width: number, indent?: number): string {
  const margin = ' '.repeat(indent ?? 0);
  return message
    .split('\n')
    .map((line, at) => hanging(at === 0 || line.startsWith(margin) ? line : margin + line, width, indent))
    .join('\n');
}

function hanging(line: string, width: number, indent: number | undefined): string {
  if (widthOf(line) <= width) return line;
  const [start = ''] = /^ */.exec(line) ?? [];
  const command = line.search(COMMAND);
  if (command === start.length && command > 0) return line;
  if (command > 0) return `${hanging(line.slice(0, command).trimEnd(), width, indent)}\n${start}  ${line.slice(command)}`;
  const hang = indent ?? LABEL.exec(line)?.[0].length ?? start.length;
  const margin = ' '.repeat(width - hang < NARROWEST_TEXT ? start.length + 2 : hang);
  const parts = [...line.slice(start.length).matchAll(/( *)([^ ]*)/g)].map(([, gap = '', text = '']) => ({ gap, text }));
  return filled(parts, width, start, margin).join('\n');
}

const BREAK = /(?<=[/.,:;@_=?&-])/;

/** A value in lines of at most `width` columns, broken between words, then after punctuation, then between characters. Loses its colors. */
export function wrappedLines(text: string, width: number): readonly string[] {
  if (widthOf(text) <= width) return [text];
  const piecesIn = (word: string) => (widthOf(word) > width ? cutInPieces(word, width) : [word]);
  const words = stripVTControlCharacters(text).split(' ');
  const parts = words.flatMap((word) =>
    (widthOf(word) > width ? word.split(BREAK).flatMap(piecesIn) : [word]).map((text, at) => ({ text, gap: at === 0 ? ' ' : '' })),
  );
  return filled(parts, width);
}

/** Part of a line, and the spaces before it unless it begins one. */
interface Part {
  readonly text: string;
  readonly gap: string;
}

/** As many parts on each line as fit. Lines after the first begin with the margin. */
function filled(parts: readonly Part[], width: number, start = '', margin = ''): readonly string[] {
  const lines: string[] = [];
  let line = start;
  let used = start.length;
  for (const [index, { text, gap }] of parts.entries()) {
    const size = widthOf(text);
    const space = index === 0 ? '' : gap;
    if (index > 0 && used + space.length + size > width) {
      lines.push(line);
      line = margin + text;
      used = margin.length + size;
    } else {
      line += space + text;
      used += space.length + size;
    }
  }
  return [...lines, line];
}
