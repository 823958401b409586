import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';

const GAP = 2;
const NARROWEST = 8;
const edges = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
];

/** Rows of cells in aligned columns without rules. `width`: the terminal's columns, to which the widest columns are cut. */
export function grid(rows: readonly (readonly string[])[], width: number | undefined): string {
  const natural = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => stripVTControlCharacters(row[index] ?? '').length)));
  const table = new Table({
    chars: Object.fromEntries(edges.map((edge) => [edge, ''])),
    style: { compact: true, 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
    ...(width !== undefined && { colWidths: fitted(natural, width).map((each) => each + GAP) }),
  });
  table.push(...rows.map((row) => [...row]));
  return `${table.toString().replace(/ +$/gm, '')}\n`;
}

/** Takes from the widest column until the row fits. */
function fitted(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, each) => sum + each + GAP, 0) - width;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const room = (widths[widest] ?? 0) - NARROWEST;
    if (room <= 0) break;
    const next = Math.max(NARROWEST, ...widths.filter((_, index) => index !== widest));
    const cut = Math.max(1, Math.min(excess, room, (widths[widest] ?? 0) - next));
    widths[widest] = (widths[widest] ?? 0) - cut;
    excess -= cut;
  }
  return widths;
}
