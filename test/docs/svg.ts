import type { IBufferCell, Terminal } from '@xterm/headless';

const CELL = { width: 8.4, height: 18 };
const MARGIN = 16;
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const BACKGROUND = '#161b22';
const FOREGROUND = '#e6edf3';

/** The colors of a terminal, readable on the background. */
const palette = ['#6e7681', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#e6edf3'];

/** Adjacent characters of one style. */
interface Run {
  readonly column: number;
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
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    `<g fill="${FOREGROUND}" xml:space="preserve">`,
    ...lines.slice(0, count).flatMap((runs, row) => (runs.length === 0 ? [] : [textOf(runs, row)])),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function textOf(runs: readonly Run[], row: number): string {
  const spans = runs.map(({ column, style, text }) => {
    const x = Number((MARGIN + column * CELL.width).toFixed(1));
    return `<tspan x="${x}"${style}>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</tspan>`;
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
  // Each run has its own column, so surrounding blanks are not needed.
  return runs
    .filter(({ text }) => text.trim() !== '')
    .map(({ column, style, text }) => ({ column: column + text.length - text.trimStart().length, style, text: text.trim() }));
}

function styleOf(cell: IBufferCell): string {
  const color = cell.isFgPalette() ? palette[cell.getFgColor() % 8] : undefined;
  return [
    color === undefined ? '' : ` fill="${color}"`,
    cell.isBold() ? ' font-weight="bold"' : '',
    cell.isDim() ? ' opacity="0.65"' : '',
    cell.isUnderline() ? ' text-decoration="underline"' : '',
  ].join('');
}
