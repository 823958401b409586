import { isObject, own } from '../../base/json.ts';
import type { Format } from '../../machine/settings/format.ts';
import { cell, heading, words } from './cell.ts';
import { queried } from './query.ts';
import type { Style } from './style.ts';
import { json, lines } from './text.ts';
import type { Column, Item, View } from './view.ts';

export interface RenderOptions {
  readonly format: Format;
  readonly fields: readonly string[] | undefined;
  readonly query: string | undefined;
  readonly header: boolean;
  readonly sort: string | undefined;
  readonly limit: number | undefined;
  /** Columns of the terminal; undefined where nothing is to be cut. */
  readonly width: number | undefined;
  readonly now: number;
  readonly style: Style;
}

/** A view as the text for stdout; empty where there is nothing to print. */
export async function render(view: View, options: RenderOptions): Promise<string> {
  if (view.kind === 'nothing' || view.kind === 'stream') return '';
  const data = dataOf(view, options);
  switch (options.format) {
    case 'json':
      return `${json(await queried(data, options.query), 2)}\n`;
    case 'ndjson':
      return listOf(await queried(data, options.query))
        .map((each) => `${json(eventOf(view, each))}\n`)
        .join('');
    case 'yaml': {
      const { writeYaml } = await import('../../base/yaml.ts');
      return writeYaml(await queried(data, options.query));
    }
    case 'ids':
      return listOf(data)
        .map((each) => `${words((each as Item | null)?.id ?? '')}\n`)
        .filter((each) => each !== '\n')
        .join('');
    case 'csv':
    case 'tsv':
      return separated(view, data, options);
    case 'table':
      return options.query === undefined ? table(view, options) : `${json(await queried(data, options.query), 2)}\n`;
  }
}

/** A line after the events of a wait says that it is the end. */
function eventOf(view: View, each: unknown): unknown {
  const event = 'event' in view ? view.event : undefined;
  if (!event || !isObject(each)) return each;
  return { type: 'result', ...(event === 'data' ? { data: each } : each) };
}

const listOf = (data: unknown): readonly unknown[] => (Array.isArray(data) ? data : [data]);

/** The data behind a view, as the API sent it, narrowed by `--sort`, `--limit` and `--fields`. */
function dataOf(view: Exclude<View, { kind: 'nothing' | 'stream' }>, options: RenderOptions): unknown {
  if (view.kind === 'rows') return narrowed(view.items, options).map((item) => picked(item, options.fields));
  if (view.kind === 'record') return picked(view.item, options.fields);
  if (view.kind !== 'data') return view.data;
  return Array.isArray(view.data)
    ? narrowed(view.data, options).map((item) => picked(item, options.fields))
    : picked(view.data, options.fields);
}

const picked = (item: unknown, fields: readonly string[] | undefined): unknown =>
  fields && isObject(item) ? Object.fromEntries(fields.map((field) => [field, own(item, field) ?? null])) : item;

function narrowed(items: readonly Item[], { sort, limit }: RenderOptions): readonly Item[] {
  const descending = sort?.startsWith('-') ?? false;
  const key = sort?.replace(/^-/, '');
  const sorted = key ? items.toSorted((a, b) => compare(own(a, key), own(b, key)) * (descending ? -1 : 1)) : items;
  return limit === undefined ? sorted : sorted.slice(0, limit);
}

const compare = (a: unknown, b: unknown): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : words(a).localeCompare(words(b), 'en', { numeric: true });

/** The columns to show: those of the view, or those that `--fields` names. */
const chosen = (columns: readonly Column[], fields: readonly string[] | undefined): readonly Column[] =>
  fields ? fields.map((key) => columns.find((column) => column.key === key) ?? { key }) : columns;

function separated(view: View, data: unknown, { format, fields, header }: RenderOptions): string {
  const items = listOf(data).map((each) => (typeof each === 'object' && each !== null ? (each as Item) : { value: each }));
  const columns =
    view.kind === 'rows' || view.kind === 'record' ? chosen(view.columns, fields) : Object.keys(items[0] ?? {}).map((key) => ({ key }));
  const quoted = format === 'csv' ? csvField : tsvField;
  const separator = format === 'csv' ? ',' : '\t';
  const body = items.map((item) => columns.map(({ key }) => quoted(words(own(item, key)))).join(separator));
  return [...(header ? [columns.map(({ key }) => key).join(separator)] : []), ...body].map((each) => `${each}\n`).join('');
}

const csvField = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const tsvField = (value: string): string => value.replaceAll(/[\t\r\n]+/g, ' ');

async function table(view: View, options: RenderOptions): Promise<string> {
  switch (view.kind) {
    case 'nothing':
    case 'stream':
      return '';
    case 'data':
      return `${json(dataOf(view, options), 2)}\n`;
    case 'message':
    case 'text':
      return `${lines(view.text).replace(/\n$/, '')}\n`;
    case 'record': {
      // What the API did not send has no line; what it sent empty has one.
      const sent = view.columns.filter(({ key, cell }) => cell !== undefined || own(view.item, key) !== undefined);
      const shown = chosen(sent.length > 0 ? sent : Object.keys(view.item).map((key) => ({ key })), options.fields);
      const width = Math.max(...shown.map((column) => heading(column).length));
      return shown.map((column) => `${options.style.dim(heading(column).padEnd(width))}  ${cell(view.item, column, options)}\n`).join('');
    }
    case 'rows': {
      if (view.items.length === 0) return '';
      const shown = chosen(view.columns, options.fields);
      const { grid } = await import('./grid.ts');
      const body = narrowed(view.items, options).map((item) => shown.map((column) => cell(item, column, options)));
      const head = options.header ? [shown.map((column) => options.style.bold(heading(column).toUpperCase()))] : [];
      return grid([...head, ...body], { width: options.width, wraps: shown.map(({ wrap }) => wrap ?? false) });
    }
  }
}
