import type { IBufferCell, Terminal } from '@xterm/headless';

/** The size of a character. */
export const CELL = { width: 8.4, height: 18 };
const MARGIN = 16;
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** The colors of GitHub's themes, which are readable on the background. A picture follows the mode of the page. */
const themes = {
  dark: {
    background: '#161b22',
    text: '#e6edf3',
    dim: '#8b949e',
    colors: ['#8b949e', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#e6edf3'],
  },
  light: {
    background: '#f6f8fa',
    text: '#1f2328',
    dim: '#59636e',
    colors: ['#59636e', '#cf222e', '#1a7f37', '#8a5f00', '#0969da', '#8250df', '#1b7c83', '#1f2328'],
  },
};

/** The names of the colors, in the order of their codes. */
const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

const rulesOf = ({ background, text, dim, colors }: (typeof themes)['dark']): string =>
  [`rect{fill:${background}}text{fill:${text}}.dim{fill:${dim}}`, ...colors.map((color, at) => `.${COLORS[at]}{fill:${color}}`)].join('');

const CSS = `${rulesOf(themes.dark)}.bold{font-weight:bold}.underline{text-decoration:underline}`;
const LIGHT = `@media(prefers-color-scheme:light){${rulesOf(themes.light)}}`;

/** Adjacent characters of one style. */
interface Run {
  readonly column: number;
  /** Its CSS classes. */
  readonly style: string;
  text: string;
}

/** The screen of a terminal as SVG, without trailing empty lines. Each line is a <text>, so that diffs are readable. */
export function drawn(terminal: Terminal, title: string): string {
  const lines = Array.from({ length: terminal.buffer.active.length }, (_, row) => lineOf(terminal, row, row));
  const count = lines.findLastIndex((line) => line !== '') + 1;
  return sheet({ columns: terminal.cols, rows: count, title }, lines.slice(0, count).filter(Boolean));
}

/** What a terminal shows from some moment on, in s: a line of SVG for each row. */
export interface Frame {
  readonly at: number;
  readonly lines: readonly string[];
}

/** What a terminal shows now, and what has scrolled away since a line: a line of SVG for each row below so many of a picture. */
export function screenOf(terminal: Terminal, since = terminal.buffer.active.baseY, below = 0): readonly string[] {
  const { length } = terminal.buffer.active;
  const lines = Array.from({ length: length - since }, (_, row) => lineOf(terminal, since + row, below + row));
  return lines.slice(0, rowsOf(lines));
}

const rowsOf = (lines: readonly string[]): number => lines.findLastIndex((line) => line !== '') + 1;

/** Lines of SVG as a picture, without motion. */
export const still = (lines: readonly string[], { columns, title }: { columns: number; title: string }): string =>
  sheet({ columns, rows: rowsOf(lines), title }, lines.filter(Boolean));

/** Frames as an SVG that repeats after so many seconds. For who prefers less motion, it shows the last one. */
export function animated(
  frames: readonly Frame[],
  { columns, seconds, title }: { columns: number; seconds: number; title: string },
): string {
  const rows = Math.max(...frames.map(({ lines }) => rowsOf(lines)));
  const rules = [`text{animation:${seconds}s step-end infinite}@media(prefers-reduced-motion:reduce){text{animation:none}}`];
  const lines = Array.from({ length: rows }, (_, row) => {
    const shown = new Map<string, [from: number, to: number][]>();
    for (const [index, { at, lines: each }] of frames.entries()) {
      const line = each[row] ?? '';
      const to = frames[index + 1]?.at ?? seconds;
      const spans = shown.get(line) ?? [];
      const last = spans.at(-1);
      if (last?.[1] === at) last[1] = to;
      else spans.push([at, to]);
      shown.set(line, spans);
    }
    shown.delete('');
    return [...shown].map(([line, spans]) => {
      const name = `t${rules.length}`;
      const { base, keyframes } = toggled(spans, seconds);
      rules.push(`@keyframes ${name}{${keyframes}}`);
      return line.replace('<text', `<text${base === 'hidden' ? ' visibility="hidden"' : ''} style="animation-name:${name}"`);
    });
  });
  return sheet({ columns, rows, title, rules }, lines.flat());
}

/** When a line is visible, and whether it is in the end. */
function toggled(spans: readonly (readonly [from: number, to: number])[], seconds: number): { base: string; keyframes: string } {
  const steps = spans.flatMap(([from, to]) => [[from, 'visible'] as const, [to, 'hidden'] as const]).filter(([at]) => at < seconds);
  const all = steps[0]?.[0] === 0 ? steps : [[0, 'hidden'] as const, ...steps];
  const keyframes = all.map(([at, value]) => `${Number(((100 * at) / seconds).toFixed(2))}%{visibility:${value}}`);
  return { base: all.at(-1)?.[1] ?? 'hidden', keyframes: keyframes.join('') };
}

function sheet(
  { columns, rows, title, rules = [] }: { columns: number; rows: number; title: string; rules?: readonly string[] },
  lines: readonly string[],
): string {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = rows * CELL.height + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="14">`,
    `<title>${title}</title>`,
    `<style>${CSS}${LIGHT}${rules.join('\n')}</style>`,
    '<rect width="100%" height="100%" rx="8"/>',
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

/** A line of the buffer as SVG, at this row of the picture. Empty without text. */
function lineOf(terminal: Terminal, line: number, row: number): string {
  const runs = runsOf(terminal, line);
  return runs.length === 0 ? '' : textOf(runs, row);
}

function textOf(runs: readonly Run[], row: number): string {
  const spans = runs.map(({ column, style, text }) => {
    const x = Number((MARGIN + column * CELL.width).toFixed(1));
    return `<tspan x="${x}"${style === '' ? '' : ` class="${style}"`}>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</tspan>`;
  });
  return `<text y="${MARGIN + (row + 1) * CELL.height - 5}">${spans.join('')}</text>`;
}

function runsOf(terminal: Terminal, row: number): Run[] {
  const line = terminal.buffer.active.getLine(row);
  const length = line?.translateToString(true).trimEnd().length ?? 0;
  const runs: Run[] = [];
  for (let column = 0; column < length; column++) {
    const cell = line?.getCell(column);
    if (!cell || cell.getWidth() === 0) continue;
    const style = styleOf(cell);
    const text = cell.getChars() || ' ';
    const last = runs.at(-1);
    if (last?.style === style) last.text += text;
    else runs.push({ column, style, text });
  }
  return runs.flatMap(inWords);
}

/** The texts between gaps, each at its own column, because a browser collapses blanks and its font may have another width. */
const inWords = ({ column, style, text }: Run): readonly Run[] =>
  [...text.matchAll(/\S+(?: \S+)*/g)].map((found) => ({ column: column + found.index, style, text: found[0] }));

function styleOf(cell: IBufferCell): string {
  const color = cell.isFgPalette() ? COLORS[cell.getFgColor() % 8] : undefined;
  return [color, cell.isBold() && 'bold', cell.isDim() && 'dim', cell.isUnderline() && 'underline'].filter(Boolean).join(' ');
}
