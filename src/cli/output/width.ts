import fastWidth from 'fast-string-width';

/** Text of one column per character, which needs no library to measure. */
const PLAIN = /^[ -~–…]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colors begin with one
const COLORS = /(\u001b\[\d+m)/;

/** Terminal columns of a text. Colors take none. */
export const widthOf = (text: string): number => (PLAIN.test(text) ? text.length : fastWidth(text));

/** Cuts a text to a width, ending in `…`. Never splits an emoji or an accented letter. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let left = width - 1;
  const parts = text.split(COLORS).map((part, index) => {
    // Color codes stay, so that every color that starts also ends.
    if (index % 2 === 1) return part;
    const start = startOf(part, left);
    left = start === part ? left - widthOf(part) : 0;
    return start;
  });
  return `${parts.join('')}…`;
}

/** Splits a text into pieces of at most `width` columns, between whole characters. */
export function piecesOf(text: string, width: number): readonly string[] {
  const pieces: string[] = [];
  for (let rest = text; rest !== ''; rest = rest.slice(pieces.at(-1)?.length)) pieces.push(startOf(rest, width) || rest);
  return pieces;
}

/** The start of a text: as many whole characters as fit. */
function startOf(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, width);
  // Created on first use: its data takes 10 ms to load.
  const characters = new Intl.Segmenter();
  let taken = 0;
  for (const { segment, index } of characters.segment(text)) {
    taken += widthOf(segment);
    if (taken > width) return text.slice(0, index);
  }
  return text;
}
