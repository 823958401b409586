import { DnxError } from '../../base/errors.ts';
import { everyPage } from '../../platform/api/pages.ts';
import type { FieldCheck } from './fields.ts';
import { type RenderOptions, render } from './render.ts';
import { showsLate } from './table.ts';
import type { Item, LateCells, View } from './view.ts';

/** The pages of a list, in order. */
type Pages = AsyncIterable<readonly Item[]>;

/** Formats in which a list is rendered page by page. */
const formats: readonly string[] = ['json', 'ndjson', 'csv', 'tsv', 'text', 'ids', 'yaml'];

/** False if printing needs the whole list: its widths, its order, or the data of a query. */
export const isPaged = ({ format, sort, query }: RenderOptions): boolean =>
  formats.includes(format) && sort === undefined && query === undefined;

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

/**
 * Writes a list while it is read, each page as it arrives. The bytes are those of `render` for the whole list. YAML is written at the
 * end, because a part of it looks like a whole list.
 */
export async function writePages(
  { pages, ...view }: View & { readonly kind: 'rows'; readonly pages: Pages },
  check: FieldCheck | undefined,
  options: RenderOptions,
  write: (text: string) => Promise<void>,
): Promise<void> {
  const { format } = options;
  const array = format === 'json' ? joinedArrays() : format === 'yaml' ? joinedSequences() : undefined;
  const held: string[] = [];
  let header = options.header;
  let begun = false;
  const add = async (text: string) => {
    if (text === '') return;
    if (format === 'yaml') held.push(text);
    else {
      await write(text);
      begun = true;
    }
  };
  for await (const page of shownPages(pages, options.limit, check, () => begun)) {
    for (const items of partsOf(page)) {
      const text = await render({ ...view, items }, { ...options, header, limit: undefined });
      await add(array ? array.next(text) : text);
      header = false;
    }
  }
  if (array) await add(array.end());
  if (held.length > 0) await write(held.join(''));
}

function* partsOf(page: readonly Item[]): Iterable<readonly Item[]> {
  if (page.length <= PART) yield page;
  else for (let at = 0; at < page.length; at += PART) yield page.slice(at, at + PART);
}

/** Joins rendered lists into one. */
interface Joined {
  readonly next: (list: string) => string;
  readonly end: () => string;
}

const EMPTY = '[]\n';

/** JSON in whole lines: the last line of an item waits for the comma or the end. */
function joinedArrays(): Joined {
  let last: string | undefined;
  return {
    next(list) {
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

/** YAML, which needs nothing between two items. */
function joinedSequences(): Joined {
  let empty = true;
  return {
    next(list) {
      if (list === EMPTY) return '';
      empty = false;
      return list;
    },
    end: () => (empty ? EMPTY : ''),
  };
}
