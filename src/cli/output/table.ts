import type { Detail } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { capitalized } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import { chosen, dataOf, jsonRows, narrowed, type PrintableView, type Selection, valueIn, words } from './fields.ts';
import { GAP, grid, NARROWEST, stacked } from './grid.ts';
import { detailLines, endLine, json, painted, type Style, safeLine, safeLines, wrapAt } from './text.ts';
import type { Column, Item, LateCells, View } from './view.ts';

/** Options for a table. */
export interface TableOptions extends CellOptions, Selection {
  readonly header: boolean;
  /** The width of the terminal; undefined for no limit. */
  readonly width: number | undefined;
  /** Show every column at any width: a terminal breaks rows that are too long. */
  readonly wide: boolean;
  readonly hidden?: (columns: number) => void;
}

/** Narrower terminals show no ids among the wide columns. */
const ROOMY = 120;

/** Formats a view for people. */
export async function table(view: PrintableView, options: TableOptions): Promise<string> {
  switch (view.kind) {
    case 'data':
      return `${json(dataOf(view, options), 2)}\n`;
    case 'message':
      return view.done
        ? succeeded(view.text, view.done, options)
        : endLine((await wrapAt(options.width))(painted(safeLines(view.text), options.style)));
    case 'text':
      return value(view.text, options);
    case 'record':
      if (view.sections && !options.fields) {
        const wrap = await wrapAt(options.width);
        const lines = view.sections.flatMap(({ title, details }) => [
          wrap(painted(safeLines(title), options.style, options.style.bold), 2),
          ...detailLines(details, options.style, wrap),
        ]);
        return endLine(lines.join('\n'));
      }
      if (view.done !== undefined && view.details && !options.fields) return succeeded(view.done, view.details, options);
      if (view.title !== undefined && view.details && !options.fields) return titled(view.title, view.details, options, view.failed);
      return `${view.done === undefined ? '' : await succeeded(view.done, [], options)}${await whole(view, options)}`;
    case 'rows':
      return rows(
        narrowed(view.items, options, view.columns),
        view.columns.filter(({ data }) => !data),
        options,
        view,
      );
  }
}

/** Formats the result of a query: a list as rows, an object as a record, anything else as text. */
export async function yieldTable(found: unknown, options: TableOptions): Promise<string> {
  if (found === null) return '';
  if (!Array.isArray(found) && !isObject(found)) return value(words(found), options);
  const { items, columns, named } = jsonRows(found);
  // A query selects its columns, so none are hidden.
  const fields = columns.map(({ key }) => key);
  return isObject(found)
    ? record(found, columns, options)
    : rows(items, columns, { ...options, header: options.header && named, fields, wide: false });
}

async function succeeded(sentence: string, details: readonly Detail[], options: TableOptions): Promise<string> {
  const { style } = options;
  const wrap = await wrapAt(options.width);
  return endLine([wrap(`${style.green('✓')} ${painted(safeLines(sentence), style)}`, 2), ...detailLines(details, style, wrap)].join('\n'));
}

async function titled(title: string, details: readonly Detail[], options: TableOptions, failed = false): Promise<string> {
  const { style } = options;
  const wrap = await wrapAt(options.width);
  const heading = failed ? wrap(`${style.red('✗')} ${style.bold(safeLines(title))}`, 2) : wrap(style.bold(safeLines(title)));
  return endLine([heading, ...detailLines(details, style, wrap)].join('\n'));
}

const value = (text: string, { terminal }: TableOptions): string => endLine(terminal ? safeLines(text) : text);

async function record(item: Item, shown: readonly Column[], options: TableOptions): Promise<string> {
  const labels = Math.max(...shown.map((column) => heading(column).length));
  const room = (options.width ?? Number.POSITIVE_INFINITY) - labels - GAP;
  const lines = await Promise.all(
    shown.map(async (column) => {
      const text = cell(item, column, options);
      const label = options.style.dim(heading(column).padEnd(labels));
      return `${label}  ${column.wrap && options.width !== undefined ? await indented(text, room, labels + GAP) : text}\n`;
    }),
  );
  return lines.join('');
}

const indented = async (text: string, room: number, indent: number): Promise<string> =>
  (await import('./wrap.ts')).wrappedLines(text, Math.max(room, NARROWEST)).join(`\n${' '.repeat(indent)}`);

async function whole({ item, columns, more }: View & { kind: 'record' }, options: TableOptions): Promise<string> {
  const shown = chosen(columns, options.fields);
  const known = more && shown.some(({ computed, cell }) => computed && !cell) ? { ...item, ...(await more()) } : item;
  // Fields that the API did not send are omitted; null and empty ones are shown.
  const sent = options.fields ? shown : shown.filter(({ key, cell }) => cell !== undefined || own(known, key) !== undefined);
  return record(known, sent.length > 0 ? sent : Object.keys(item).map((key) => ({ key })), options);
}

function offered(columns: readonly Column[], { fields, wide, width = ROOMY }: TableOptions): readonly Column[] {
  if (fields) return chosen(columns, fields);
  return wide || width >= ROOMY ? columns : columns.filter((column) => !(column.wide && /^(.+_)?id$/.test(column.key)));
}

async function rows(
  items: readonly Item[],
  columns: readonly Column[],
  options: TableOptions,
  { late, marked }: { readonly late?: LateCells; readonly marked?: (item: Item) => boolean } = {},
): Promise<string> {
  if (items.length === 0) return '';
  const { width, style, fields, wide } = options;
  const columnsHere = offered(columns, options);
  const cells = late && columnsHere.some(({ key }) => key === late.key) ? await late.read(items) : undefined;
  const shown = cells ? columnsHere.map((column) => (column.key === late?.key ? { ...column, cell: cells } : column)) : columnsHere;
  const body = items.map((item) => {
    const cells = shown.map((column) => cell(item, column, options));
    return marked?.(item) ? cells.map((text, at) => (at === 0 ? style.bold(text) : text)) : cells;
  });
  const head = options.header ? [shown.map((column) => style.bold(heading(column).toUpperCase()))] : [];
  const room = wide && !shown.some(({ wrap }) => wrap) ? undefined : width;
  const found = await grid([...head, ...body], { width: room, columns: shown, keep: wide || fields !== undefined });
  // A line per value has no room for details either.
  const listed = fields || wide ? shown : shown.filter((column) => !column.wide);
  if (!fields) options.hidden?.(columns.length - (found?.shown ?? listed.length));
  if (found) return found.text;
  const values = body.map((row) => row.filter((_, at) => listed.includes(shown[at] as Column)));
  return stacked(values, listed.map(heading), width ?? ROOMY, style);
}

interface CellOptions {
  /** Epoch ms, for `3h ago`. */
  readonly now: number;
  readonly style: Style;
  /** True on a terminal: statuses get a dot, times are relative, and text loses its control characters. */
  readonly terminal: boolean;
}

const headings: Readonly<Record<string, string>> = {
  auto_deploy_enabled: 'Auto-deploy',
  commit_hash: 'Commit',
  commit_message: 'Message',
  database_type: 'Database',
  git_provider_id: 'Git provider',
  git_repository_id: 'Repository',
  ip_address: 'IP',
  last_deployed_at: 'Deployed',
  last_used_at: 'Last used',
  monitoring_enabled: 'Monitoring',
  php_version: 'PHP',
  scheduled_deploy_at: 'Scheduled',
  sites_count: 'Sites',
  webserver: 'Web server',
  zero_downtime_enabled: 'Zero downtime',
};

/** The heading for a field: `PHP` for `php_version`, `Created` for `created_at`. */
function heading({ key, title, verbatim }: Column): string {
  if (verbatim) return safeLine(key);
  if (title) return capitalized(title);
  const known = own(headings, key);
  if (typeof known === 'string') return known;
  const words = safeLine(key).replace(/_at$/, '').replaceAll('_', ' ');
  const spelled = words.replace(/\b(id|ip|php|ssh|url|ssl)\b/g, (word) => word.toUpperCase());
  return capitalized(spelled);
}

/** Formats a value for a table: no `null`, `undefined` or control characters. */
function cell(item: Item, column: Column, { now, style, terminal }: CellOptions): string {
  const { key } = column;
  const value = valueIn(item, column);
  const plain = safeLine(typeof value === 'string' ? value : words(value));
  if (column.verbatim) return value === null ? style.dim('NULL') : plain;
  if (plain === '') return style.dim('–');
  if (key.endsWith('_at')) return shownTimeIn(plain, { now, terminal });
  const ownTone = column.tone?.(item);
  if (!ownTone && key !== 'status' && key !== 'outcome') return plain;
  const tone = ownTone ?? toneOf(value, column);
  const marked = key === 'status' && terminal ? `● ${plain}` : plain;
  return tone === undefined ? marked : style[tone](marked);
}

const off = new Set(['kept', 'stopped', 'suspended', 'disabled', 'inactive', 'paused', 'superseded', 'skipped', 'unchanged']);
const changed = new Set(['created', 'updated', 'accepted', 'changed', 'ok']);
const unsure = new Set(['unknown', 'timed_out', 'started', 'warning']);
const bad = new Set(['expired', 'rolled_back']);

/** The color of a status: green for good, yellow for in progress, red for failed, dim for off. Undefined if unknown. */
function toneOf(status: unknown, { runs }: Pick<Column, 'runs'>): keyof Style | undefined {
  const phase = phaseOf(status);
  if (phase === 'good') return 'green';
  if (phase === 'bad') return 'red';
  const word = statusKey(status);
  if (phase === 'going') return runs && word === 'running' ? 'green' : 'yellow';
  if (off.has(word)) return 'dim';
  if (changed.has(word)) return 'green';
  if (unsure.has(word)) return 'yellow';
  return bad.has(word) ? 'red' : undefined;
}
