import type { Reports } from '../../cli/output/view.ts';
import type { Schema, SentField } from './described.ts';

type Page = Parameters<Reports['table']>[0];

/** A line, and how much further than its beginning the lines that continue it are indented. */
type Line = readonly [text: string, hang: number];

/** The width of the headings. */
const HEADING = 10;
const INDENT = 2 + HEADING;
const GAP = 2;
/** The narrowest column for the description of a field; below that, fields are not aligned. */
const NARROWEST_TEXT = 24;

/** An endpoint for people, at any width. */
export function schemaText({ operation, ability, commands, path, query, body, response }: Schema, { style, width, wrap }: Page): string {
  const { type, fields } = response;
  const returned = fields.map(({ name, assumed }) => marked(name, assumed)).join(', ');
  const what = { array: 'a list of ', object: '', file: 'a file' }[type];
  const plain = (text: string): Line => [text, 0];
  const sections: readonly (readonly [title: string, lines: readonly Line[]])[] = [
    ['Ability', [plain(ability ? marked(ability.name, ability.assumed) : 'none: any token will do')]],
    ['Commands', [plain(commands.join(', '))]],
    ['Path', path.length > 0 ? [plain(path.join(', '))] : []],
    ['Query', linesOf(query, width)],
    ['Body', linesOf(body, width)],
    ['Returns', [plain(`${what}${returned}` || 'nothing that dnx reads')]],
  ];
  const lines = sections.flatMap(([title, all]) =>
    all.map(([line, hang], index) =>
      wrap(`  ${style.dim(index === 0 ? title.padEnd(HEADING) : ' '.repeat(HEADING))}${line}`, INDENT + hang),
    ),
  );
  const assumes = ability?.assumed || [...query, ...body, ...fields].some(({ assumed }) => assumed);
  return `${[style.bold(operation), ...lines, ...(assumes ? [wrap('  * assumed: the API reference does not state it', 4)] : [])].join('\n')}\n`;
}

const marked = (name: string, assumed: boolean): string => (assumed ? `${name}*` : name);

/** Fields in aligned columns, if the terminal is wide enough. */
function linesOf(fields: readonly SentField[], width: number | undefined): readonly Line[] {
  const cells = fields.map((each) => [marked(each.name, each.assumed), each.type ?? '', each.required ? 'required' : '', textOf(each)]);
  const widths = [0, 1, 2].map((index) => Math.max(0, ...cells.map((row) => row[index]?.length ?? 0)));
  const start = widths.reduce((sum, each) => sum + (each && each + GAP), 0);
  if (width !== undefined && width - INDENT - start < NARROWEST_TEXT)
    return cells.map((row) => [row.filter(Boolean).join(' '.repeat(GAP)), GAP]);
  return cells.map((row) => [
    row
      .map((cell, index) => (widths[index] === 0 ? '' : cell.padEnd((widths[index] ?? -GAP) + GAP)))
      .join('')
      .trimEnd(),
    start,
  ]);
}

function textOf({ help, choices, option }: SentField): string {
  return `${help}${choices.length > 0 ? `: ${choices.join(', ')}` : ''}${option ? '' : ' (only with -F)'}`;
}
