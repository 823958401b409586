import { DnxError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { Tree } from '../../cli/language/command.ts';
import { columns, rows, type TablePage, type View } from '../../cli/output/view.ts';
import { endpointsOf, type KnownEndpoint, type KnownField } from '../schema/endpoints.ts';

/** `dnx api --schema`: what dnx knows of the endpoints at a path, without a request. `method`: only this one. */
export async function schemaOf(tree: Tree, path: string, method: string | undefined): Promise<View> {
  const found = endpointsAt(await endpointsOf(tree), path, method);
  const shown = columns<KnownEndpoint>(
    'operation',
    { key: 'ability', cell: ({ ability }) => ability?.name },
    { key: 'commands', wrap: true },
  );
  return { ...rows(found, shown, ''), reports: { table: async (page) => found.map((endpoint) => schemaText(endpoint, page)).join('\n') } };
}

type Operation = Pick<KnownEndpoint, 'operation'>;

const endpointPath = ({ operation }: Operation): string => operation.slice(operation.indexOf(' ') + 1);
const endpointMethod = ({ operation }: Operation): string => operation.slice(0, operation.indexOf(' '));
const segmentsOf = (path: string): readonly string[] => path.split('/').filter(Boolean);
const isParameter = (segment: string): boolean => segment.startsWith('{');

/** The endpoints of a path, whose parameters are ids, names or `{…}`. `method`: only this one. Fails with the nearest path. */
export function endpointsAt<E extends Operation>(all: readonly E[], path: string, method?: string): readonly E[] {
  const typed = segmentsOf(path);
  const fits = (known: readonly string[]) =>
    typed.length === known.length && known.every((segment, index) => segment === typed[index] || isParameter(segment));
  const found = all.filter((known) => fits(segmentsOf(endpointPath(known))));
  const [first] = found;
  if (!first) throw unknownEndpoint(all, typed);
  const wanted = found.filter((known) => method === undefined || endpointMethod(known) === method);
  if (wanted.length > 0) return wanted;
  throw new DnxError('not_found', `dnx knows no ${method} ${endpointPath(first)}.`, {
    hint: `Known: ${found.map(endpointMethod).join(', ')}.`,
  });
}

function unknownEndpoint(all: readonly Operation[], typed: readonly string[]): DnxError {
  const path = `/${typed.join('/')}`;
  const alike = all.map((known) => segmentsOf(endpointPath(known))).filter(({ length }) => length === typed.length);
  const known = alike.map((segments) => `/${segments.map((segment, index) => (isParameter(segment) ? typed[index] : segment)).join('/')}`);
  return new DnxError('not_found', `dnx knows no endpoint ${path}.${didYouMean(path, known)}`);
}

type Page = TablePage;

/** A line, and how much further than its beginning the lines that continue it are indented. */
type Line = readonly [text: string, hang: number];

const HEADING = 10;
const INDENT = 2 + HEADING;
const GAP = 2;
/** The narrowest column for the description of a field; below that, fields are not aligned. */
const NARROWEST_TEXT = 24;

function schemaText({ operation, ability, commands, path, query, body, response }: KnownEndpoint, { style, width, wrap }: Page): string {
  const { type, fields } = response;
  const returned = fields.map(({ name, assumed }) => marked(name, assumed)).join(', ');
  const what = { array: 'a list of ', object: '', file: 'a file' }[type];
  const plain = (text: string): Line => [text, 0];
  const sections: readonly (readonly [title: string, lines: readonly Line[]])[] = [
    ['Ability', [plain(ability ? marked(ability.name, ability.assumed) : 'none: any token will do')]],
    ['Commands', [plain(commands.join(', '))]],
    ['Path', path.length > 0 ? [plain(path.join(', '))] : []],
    ['Query', fieldLines(query, width)],
    ['Body', fieldLines(body, width)],
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

function fieldLines(fields: readonly KnownField[], width: number | undefined): readonly Line[] {
  const cells = fields.map((field) => [
    marked(field.name, field.assumed),
    field.type ?? '',
    field.required ? 'required' : '',
    fieldText(field),
  ]);
  const widths = [0, 1, 2].map((index) => Math.max(0, ...cells.map((row) => row[index]?.length ?? 0)));
  const start = widths.reduce((sum, size) => sum + (size && size + GAP), 0);
  if (width !== undefined && width - INDENT - start < NARROWEST_TEXT)
    return cells.map((row) => [row.filter(Boolean).join(' '.repeat(GAP)), GAP]);
  const aligned = (cell: string, index: number) => (widths[index] === 0 ? '' : cell.padEnd((widths[index] ?? -GAP) + GAP));
  return cells.map((row) => [row.map(aligned).join('').trimEnd(), start]);
}

const fieldText = ({ help, choices, option }: KnownField): string =>
  `${help}${choices.length > 0 ? `: ${choices.join(', ')}` : ''}${option ? '' : ' (only with -F)'}`;
