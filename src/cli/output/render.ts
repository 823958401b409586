import { isObject } from '../../base/json.ts';
import { type Format, isReportFormat } from '../../machine/settings/format.ts';
import { words } from './cell.ts';
import { chosen, dataOf, narrowed, type Shown } from './narrow.ts';
import { type Rows, rowsOf } from './rows.ts';
import { bare, ended, separated } from './separated.ts';
import { type TableOptions, table, yieldTable } from './table.ts';
import { json, lines } from './text.ts';
import type { Item, View } from './view.ts';
import { wrapFor } from './wrap.ts';

export interface RenderOptions extends TableOptions {
  readonly format: Format;
  readonly query: string | undefined;
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
  return terminal ? lines(text) : text;
}

/** The text of a view that formats itself. */
async function reported(
  view: Shown,
  { format, query, fields, sort, limit, wide, style, width }: RenderOptions,
): Promise<string | undefined> {
  if (view.kind !== 'rows' || !view.reports) return undefined;
  if (isReportFormat(format)) return view.reports[format]?.();
  if (format !== 'table' || wide || [query, fields, sort, limit].some((each) => each !== undefined)) return undefined;
  return view.reports.table({ style, width, wrap: await wrapFor({ isTTY: width !== undefined, columns: width }) });
}

/** `found`: the result of `--query`, or the data of the view. */
async function formatted(view: Shown, found: unknown, options: RenderOptions): Promise<string> {
  const { format, query, header } = options;
  const given = query === undefined;
  const rows = () => (given ? rowsIn(view, found, options) : rowsOf(found));
  switch (format) {
    case 'ndjson':
      return listOf(found)
        .map((each) => `${json(eventOf(view, each))}\n`)
        .join('');
    case 'yaml':
      return (await import('../../base/yaml.ts')).writeYaml(found);
    case 'ids': {
      const ids = given ? listOf(found).map((each) => words((each as Item | null)?.id)) : (await import('./ids.ts')).idsIn(found);
      return ids.map((each) => (each === '' ? '' : `${each}\n`)).join('');
    }
    case 'csv':
    case 'tsv':
      return separated(rows(), format, header);
    case 'text':
      return given && 'text' in view ? ended(view.text) : bare(rows());
    default:
      return `${json(found, 2)}\n`;
  }
}

/** Marks the result of a wait, which comes after its events. */
function eventOf(view: View, each: unknown): unknown {
  const event = 'event' in view ? view.event : undefined;
  if (!event || !isObject(each)) return each;
  return { type: 'result', ...(event === 'data' ? { data: each } : each) };
}

const listOf = (data: unknown): readonly unknown[] => (Array.isArray(data) ? data : [data]);

/** Rows with all columns of the view, or with all fields of other data. */
function rowsIn(view: Shown, data: unknown, options: RenderOptions): Rows {
  if (view.kind !== 'rows' && view.kind !== 'record') return rowsOf(data);
  const items = view.kind === 'rows' ? narrowed(view.items, options, view.columns) : [view.item];
  const columns = chosen(view.columns, options.fields).filter(({ computed, cell }) => !computed || cell);
  return { items, columns, named: true };
}
