import type { Reports } from '../../cli/output/view.ts';
import type { Schema, SentField } from './described.ts';

type Page = Parameters<Reports['table']>[0];

/** The width of the headings. */
const HEADING = 10;
const INDENT = 2 + HEADING;

/** An endpoint for people, at any width. */
export function schemaText({ operation, ability, commands, path, query, body, response }: Schema, { style, wrap }: Page): string {
  const { type, fields } = response;
  const returned = fields.map(({ name, assumed }) => marked(name, assumed)).join(', ');
  const what = { array: 'a list of ', object: '', file: 'a file' }[type];
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Ability', [ability ? marked(ability.name, ability.assumed) : 'none: any token will do']],
    ['Commands', [commands.join(', ')]],
    ['Path', path.length > 0 ? [path.join(', ')] : []],
    ['Query', linesOf(query)],
    ['Body', linesOf(body)],
    ['Returns', [`${what}${returned}` || 'nothing that dnx reads']],
  ];
  const lines = sections.flatMap(([title, all]) =>
    all.map((line, index) => wrap(`  ${style.dim(index === 0 ? title.padEnd(HEADING) : ' '.repeat(HEADING))}${line}`, INDENT)),
  );
  const assumes = ability?.assumed || [...query, ...body, ...fields].some(({ assumed }) => assumed);
  return `${[style.bold(operation), ...lines, ...(assumes ? [wrap('  * assumed: the API reference does not state it', INDENT)] : [])].join('\n')}\n`;
}

const marked = (name: string, assumed: boolean): string => (assumed ? `${name}*` : name);

/** Fields in aligned columns. */
function linesOf(fields: readonly SentField[]): readonly string[] {
  const cells = fields.map((each) => [marked(each.name, each.assumed), each.type ?? '', each.required ? 'required' : '', textOf(each)]);
  const widths = [0, 1, 2].map((index) => Math.max(0, ...cells.map((row) => row[index]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, index) => (widths[index] === 0 ? '' : cell.padEnd((widths[index] ?? -2) + 2)))
      .join('')
      .trimEnd(),
  );
}

function textOf({ help, choices, option }: SentField): string {
  return `${help}${choices.length > 0 ? `: ${choices.join(', ')}` : ''}${option ? '' : ' (only with -F)'}`;
}
