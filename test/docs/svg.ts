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
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => runsOf(terminal, row));
  const count = lines.findLastIndex((runs) => runs.length > 0) + 1;
  const width = Math.ceil(terminal.cols * CELL.width + 2 * MARGIN);
  const height = count * CELL.height + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="14">`,
    `<title>${title}</title>`,
    `<style>${CSS}${LIGHT}</style>`,
    '<rect width="100%" height="100%" rx="8"/>',
    ...lines.slice(0, count).flatMap((runs, row) => (runs.length === 0 ? [] : [textOf(runs, row)])),
    '</svg>',
    '',
  ].join('\n');
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
