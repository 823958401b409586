import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';

const GAP = 2;
const NARROWEST = 8;

/** The first column says what a row is about. */
const NARROWEST_FIRST = 24;
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

/** Rows of cells in aligned columns without rules. `width`: the terminal's columns, to which cells are cut; columns that do not fit are left out. */
export function grid(rows: readonly (readonly string[])[], width: number | undefined): string {
  const natural = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => stripVTControlCharacters(row[index] ?? '').length)));
  const widths = width === undefined ? natural : fitted(natural.slice(0, fitting(natural, width)), width);
  const table = new Table({
    chars: Object.fromEntries(edges.map((edge) => [edge, ''])),
    style: { compact: true, 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
    ...(width !== undefined && { colWidths: widths.map((each) => each + GAP) }),
  });
  table.push(...rows.map((row) => row.slice(0, widths.length)));
  return `${table.toString().replace(/ +$/gm, '')}\n`;
}

/** How many columns fit when each is at its narrowest. What matters least stands last. */
function fitting(natural: readonly number[], width: number): number {
  let taken = 0;
  const beyond = natural.findIndex((each, index) => {
    taken += Math.min(each, index === 0 ? NARROWEST_FIRST : NARROWEST) + GAP;
    return taken > width;
  });
  return beyond === -1 ? natural.length : Math.max(1, beyond);
}

/** Takes from the widest column until the row fits; from the first only when no other can give. */
function fitted(natural: readonly number[], width: number): number[] {
  const [first = 0, ...rest] = natural;
  const least = rest.reduce((sum, each) => sum + Math.min(each, NARROWEST) + GAP, GAP);
  const widths = [Math.min(first, Math.max(NARROWEST, width - least)), ...rest];
  const others = () => widths.slice(1);
  for (let excess = widths.reduce((sum, each) => sum + each + GAP, 0) - width; excess > 0; excess--) {
    const widest = Math.max(...others());
    if (widest <= NARROWEST) break;
    widths[others().lastIndexOf(widest) + 1] = widest - 1;
  }
  return widths;
}
