import { flagName } from '../../../base/text.ts';
import type { Term } from '../../language/command.ts';
import type { Option, Options } from '../../language/options.ts';

/** The page that help is formatted for. `width` is in columns. */
export interface HelpPage {
  readonly width: number;
  readonly bold: (text: string) => string;
}

/** A heading and the lines under it. */
export type HelpSection = readonly [title: string, lines: readonly Term[]];

/** A longer term has its text below it. */
const WIDEST_TERM = 34;
/** The narrowest column for text beside a term; below that, the text goes under the term. */
const NARROWEST_TEXT = 30;
const INDENT = 2;
const GAP = 2;

/** Parts of a page, separated by blank lines. Empty parts are left out. */
export const joinedParts = (parts: readonly (string | false | undefined)[]): string => `${parts.filter(Boolean).join('\n\n')}\n`;

/** A line with a label in bold: `Topics: options, output`. */
export const labeledLine = (label: string, text: string, { width, bold }: HelpPage): string =>
  hanging(`${label}: ${text}`.split(' '), width, INDENT).replace(`${label}:`, bold(`${label}:`));

/** The usage line. */
export const usageLine = (line: string, page: HelpPage): string => labeledLine('Usage', line, page);

/** Command lines as typed: a long one continues after a backslash, never inside quotes. */
export const exampleLines = (lines: readonly string[], { width }: HelpPage): string =>
  lines.map((line) => hanging(['  $', ...unitsOf(line, width - INDENT * 4)], width, INDENT * 3, ' \\')).join('\n');

/** The words of a command line. An option keeps its value if both fit on a line. */
function unitsOf(line: string, widest: number): string[] {
  const units: string[] = [];
  for (const word of line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []) {
    const last = units.at(-1) ?? '';
    const pair = `${last} ${word}`;
    if (/^--?[\w-]+$/.test(last) && !word.startsWith('-') && pair.length <= widest) units[units.length - 1] = pair;
    else units.push(word);
  }
  return units;
}

/** Sections of two columns in one alignment. A term that is too long has its text under it. */
export function sectionLines(sections: readonly HelpSection[], { width, bold }: HelpPage, widest = WIDEST_TERM): string[] {
  const filled = sections.filter(([, lines]) => lines.length > 0);
  const terms = filled.flatMap(([, lines]) => lines.map(([term]) => term.length)).filter((length) => length <= widest);
  const wanted = INDENT + Math.max(0, ...terms) + GAP;
  const column = width - wanted < NARROWEST_TEXT ? INDENT * 3 : wanted;
  return filled.map(([title, lines]) =>
    [...(title ? [bold(`${title}:`)] : []), ...lines.map((line) => row(line, width, column))].join('\n'),
  );
}

function row([term, text]: Term, width: number, column: number): string {
  const start = ' '.repeat(INDENT);
  if (text === '') return hanging([start + term], width, INDENT * 2);
  const lines = wrappedText(text, width - column).replaceAll('\n', `\n${' '.repeat(column)}`);
  if (INDENT + term.length + GAP <= column) return `${(start + term).padEnd(column)}${lines}`;
  return `${hanging((start + term).split(/(?<=\S) /), width, INDENT * 2)}\n${' '.repeat(column)}${lines}`;
}

/** Breaks lines between words. A word that is longer than the width stays whole. */
export const wrappedText = (text: string, width: number): string =>
  text
    .split('\n')
    .map((paragraph) => hanging(paragraph.split(' '), width, 0))
    .join('\n');

/** Wraps words. Every line but the first is indented; every line but the last ends with `mark`. */
function hanging(words: readonly string[], width: number, indent: number, mark = ''): string {
  const [first = '', ...rest] = words;
  const lines = [first];
  for (const [index, word] of rest.entries()) {
    const longer = `${lines.at(-1)} ${word}`;
    const room = index === rest.length - 1 ? width : width - mark.length;
    if (longer.length > room) lines.push(`${' '.repeat(indent)}${word}`);
    else lines[lines.length - 1] = longer;
  }
  return lines.join(`${mark}\n`);
}

/** Options under their headings. Those without one come first. */
export function optionSections(options: Options): HelpSection[] {
  const sections = new Map<string, Term[]>([['Options', []]]);
  for (const [key, option] of Object.entries<Option<unknown>>(options)) {
    const { section = 'Options' } = option;
    sections.set(section, [...(sections.get(section) ?? []), [flagOf(key, option), described(option)]]);
  }
  return [...sections];
}

function flagOf(key: string, { short, kind, placeholder, negatable }: Option<unknown>): string {
  const name = negatable ? `--[no-]${key.replaceAll('_', '-')}` : flagName(key);
  const value = kind === 'flag' ? '' : ` <${placeholder ?? key.split('_').at(-1)}>`;
  return `${short ? `-${short}, ` : ''}${name}${value}`;
}

export function described({ help, required, choices, strict, kind, placeholder }: Option<unknown>): string {
  const shown = strict && placeholder === choices?.join('|');
  const notes = [choices && !shown && choices.join(', '), required && 'required', kind === 'list' && 'repeatable'].filter(Boolean);
  return notes.length > 0 ? `${help} (${notes.join('; ')})` : help;
}
