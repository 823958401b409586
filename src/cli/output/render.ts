import { DnxError } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { type Format, isReportFormat } from '../../machine/settings/settings.ts';
import { everyPage } from '../../platform/api/pages.ts';
import { chosen, dataOf, type FieldCheck, jsonRows, narrowed, type PrintableView, type Rows, words } from './fields.ts';
import { showsLate, type TableOptions, table, yieldTable } from './table.ts';
import { endLine, json, safeLines, wrapAt } from './text.ts';
import type { Column, Item, LateCells, View } from './view.ts';

export interface RenderOptions extends TableOptions {
  readonly format: Format;
  readonly query: string | undefined;
  /** JSON without indentation, for an agent that pays for each space. */
  readonly compact?: boolean;
}

/** Formats a view for stdout. Empty if there is nothing to print. */
export async function render(view: View, options: RenderOptions): Promise<string> {
  if (view.kind === 'nothing' || view.kind === 'stream' || view.kind === 'live' || view.kind === 'lines') return '';
  const { format, query, terminal } = options;
  const report = await reported(view, options);
  if (report !== undefined) return report;
  if (format === 'table' && query === undefined) return table(view, options);
  const data = dataOf(view, options);
  const found = query === undefined ? data : await (await import('./query.ts')).queried(data, query);
  if (format === 'table') return yieldTable(found, options);
  const text = await formatted(view, found, options);
  return terminal ? safeLines(text) : text;
}

async function reported(
  view: PrintableView,
  { format, query, fields, sort, limit, wide, style, width }: RenderOptions,
): Promise<string | undefined> {
  if (view.kind !== 'rows' || !view.reports) return undefined;
  if (isReportFormat(format)) return view.reports[format]?.();
  if (format !== 'table' || wide || [query, fields, sort, limit].some((each) => each !== undefined)) return undefined;
  return view.reports.table?.({ style, width, wrap: await wrapAt(width) });
}

/** `found`: the result of `--query`, or the data of the view. */
async function formatted(view: PrintableView, found: unknown, options: RenderOptions): Promise<string> {
  const { format, query, header } = options;
  const isWhole = query === undefined;
  const rows = () => (isWhole ? rowsIn(view, found, options) : jsonRows(found));
  switch (format) {
    case 'ndjson':
      return listOf(found)
        .map((each) => `${json(eventOf(view, each))}\n`)
        .join('');
    case 'yaml':
      return (await import('../../base/yaml.ts')).writeYaml(found);
    case 'ids': {
      const ids = isWhole ? listOf(found).map((each) => words((each as Item | null)?.id)) : (await import('./query.ts')).queriedIds(found);
      return ids.map((each) => (each === '' ? '' : `${each}\n`)).join('');
    }
    case 'csv':
    case 'tsv':
      return separated(rows(), format, header);
    case 'text':
      return isWhole && 'text' in view ? endLine(view.text) : bare(rows());
    default:
      return `${options.compact ? compact(found) : json(found, 2)}\n`;
  }
}

/** A line for each item of a list, as `joinedArrays` needs them. */
const compact = (data: unknown): string =>
  Array.isArray(data) && data.length > 0 ? `[\n${data.map((each) => json(each)).join(',\n')}\n]` : json(data);

function eventOf(view: View, item: unknown): unknown {
  const event = 'event' in view ? view.event : undefined;
  if (!event || !isObject(item)) return item;
  return { type: 'result', ...(event === 'data' ? { data: item } : item) };
}

const listOf = (data: unknown): readonly unknown[] => (Array.isArray(data) ? data : [data]);

function rowsIn(view: PrintableView, data: unknown, options: RenderOptions): Rows {
  if (view.kind !== 'rows' && view.kind !== 'record') return jsonRows(data);
  const items = view.kind === 'rows' ? narrowed(view.items, options, view.columns) : [view.item];
  const columns = chosen(view.columns, options.fields).filter(({ computed, cell }) => !computed || cell);
  return { items, columns, named: true };
}

/** Rows as CSV (RFC 4180 with LF) or TSV, where tabs and newlines in values become spaces. */
function separated({ items, columns, named }: Rows, format: 'csv' | 'tsv', header: boolean): string {
  const quoted = format === 'csv' ? csvField : tsvField;
  const separator = format === 'csv' ? ',' : '\t';
  const head = header && named ? [columns.map(({ key }) => quoted(key)).join(separator)] : [];
  const body = items.map((item) => columns.map((column) => quoted(words(raw(item, column)))).join(separator));
  return [...head, ...body].map((each) => `${each}\n`).join('');
}

const raw = (item: Item, { key, cell }: Column): unknown => own(item, key) ?? cell?.(item);

/** Rows as plain text: tabs between values, no headings. */
const bare = ({ items, columns }: Rows): string =>
  items
    .map((item) => columns.map((column) => wordOf(raw(item, column))))
    .map((row) => endLine(row.length === 1 ? (row[0] ?? '') : row.map(tsvField).join('\t')))
    .join('');

const csvField = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const tsvField = (value: string): string => value.replaceAll(/[\t\r\n]+/g, ' ');

type Pages = AsyncIterable<readonly Item[]>;

/** Formats in which a list is rendered page by page: a part of YAML would look like a whole list. */
const pagedFormats: readonly string[] = ['json', 'ndjson', 'csv', 'tsv', 'text', 'ids'];

/** False if printing needs the whole list: its widths, its order, or the data of a query. */
export const isPaged = ({ format, sort, query }: RenderOptions): boolean =>
  pagedFormats.includes(format) && sort === undefined && query === undefined;

/**
 * The pages to print. Ends at `limit`, and holds pages back until every field was seen. Throws if the whole list lacks one. A failure
 * once something was `written` says that only a part of the list was.
 */
async function* shownPages(
  pages: Pages,
  limit: number | undefined,
  check: FieldCheck | undefined,
  written: () => boolean = () => false,
): AsyncGenerator<readonly Item[]> {
  const held: (readonly Item[])[] = [];
  let known = check === undefined;
  let left = limit ?? Number.POSITIVE_INFINITY;
  try {
    for await (const page of pages) {
      if (left > 0) held.push(page.length > left ? page.slice(0, left) : page);
      left -= page.length;
      known ||= check?.add(page) === true;
      if (known) yield* held.splice(0);
      if (known && left <= 0) return;
    }
  } catch (error) {
    throw written() && error instanceof DnxError ? new DnxError(error.code, `The output is incomplete: ${error.message}`, error) : error;
  }
  if (!known) check?.end();
  yield* held;
}

/** A view with all its items. `--limit` ends the reading, unless the list is sorted or queried first. */
export async function wholeView(view: View, options: RenderOptions, check: FieldCheck | undefined): Promise<View> {
  const { format, limit, sort, query } = options;
  if (view.kind === 'rows' && view.pages) {
    const pages = shownPages(view.pages, sort === undefined && query === undefined ? limit : undefined, check);
    const late =
      format === 'table' && query === undefined && view.late && showsLate(view.columns, view.late, options) ? view.late : undefined;
    return { ...view, items: await everyPage(late ? readingAhead(pages, late) : pages) };
  }
  check?.end();
  return view;
}

/** Starts to read late cells with the first page. The table reads them again, and reports a failure. */
async function* readingAhead(pages: Pages, late: LateCells): AsyncGenerator<readonly Item[]> {
  let started = false;
  for await (const page of pages) {
    if (!started && page.length > 0) late.read(page).catch(() => {});
    started ||= page.length > 0;
    yield page;
  }
}

/** Renders at most this many items at once, because a string has a maximum length. */
const PART = 1_000;

/** Writes a list while it is read. The bytes are those of `render` for the whole list. */
export async function writePages(
  { pages, ...view }: View & { readonly kind: 'rows'; readonly pages: Pages },
  check: FieldCheck | undefined,
  options: RenderOptions,
  write: (text: string) => Promise<void>,
): Promise<void> {
  const array = options.format === 'json' ? joinedArrays() : undefined;
  let header = options.header;
  let begun = false;
  const add = async (text: string) => {
    if (text === '') return;
    await write(text);
    begun = true;
  };
  for await (const page of shownPages(pages, options.limit, check, () => begun)) {
    for (const items of partsOf(page)) {
      const text = await render({ ...view, items }, { ...options, header, limit: undefined });
      await add(array ? array.next(text) : text);
      header = false;
    }
  }
  if (array) await add(array.end());
}

function* partsOf(page: readonly Item[]): Iterable<readonly Item[]> {
  if (page.length <= PART) yield page;
  else for (let at = 0; at < page.length; at += PART) yield page.slice(at, at + PART);
}

const EMPTY = '[]\n';

/** JSON in whole lines: the last line of an item waits for the comma or the end. */
function joinedArrays() {
  let last: string | undefined;
  return {
    next(list: string): string {
      if (list === EMPTY) return '';
      const before = last === undefined ? '[\n' : `${last},\n`;
      const items = list.slice('[\n'.length, -'\n]\n'.length);
      const end = items.lastIndexOf('\n') + 1;
      last = items.slice(end);
      return before + items.slice(0, end);
    },
    end: () => (last === undefined ? EMPTY : `${last}\n]\n`),
  };
}
