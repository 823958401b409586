import fastWidth from 'fast-string-width';
import { isPlain } from './plain.ts';

/** Code points that combine with others: marks, joiners, skin tones, flags and Hangul. */
const JOINED = /[\p{M}\p{Cf}\p{Emoji_Modifier}\p{Regional_Indicator}\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\u0e33\u0eb3]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colors begin with one
const COLORS = /(\u001b\[\d+m)/;

/** The width of a text in terminal columns, without color codes. */
export const widthOf = (text: string): number => (isPlain(text) ? text.length : fastWidth(text));

/** Cuts a text to a width, ending in `…`. Never splits an emoji or an accented letter. */
export function cut(text: string, width: number): string {
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
export function piecesOf(text: string, width: number): readonly string[] {
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

/** As many whole characters from the start as fit. */
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
