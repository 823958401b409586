import { isObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { type Format, isReportFormat } from '../../machine/settings/settings.ts';
import { chosen, dataOf, jsonRows, narrowed, type PrintableView, type Rows, words } from './fields.ts';
import { type TableOptions, table, yieldTable } from './table.ts';
import { endLine, json, safeLines, wrapAt } from './text.ts';
import type { Column, Item, View } from './view.ts';

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
  const found = query === undefined ? data : await (await import('./shaping.ts')).queried(data, query);
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
      const ids = isWhole
        ? listOf(found).map((each) => words((each as Item | null)?.id))
        : (await import('./shaping.ts')).queriedIds(found);
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

/** A line for each item of a list. */
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
