import { DnxError } from '../../base/errors.ts';
import { everyPage } from '../../platform/api/pages.ts';
import type { FieldCheck } from './fields.ts';
import { type RenderOptions, render } from './render.ts';
import type { Item, View } from './view.ts';

/** The pages of a list, in order. */
type Pages = AsyncIterable<readonly Item[]>;

/** Formats in which a list is written page by page. */
const formats: readonly string[] = ['json', 'ndjson', 'csv', 'tsv', 'text', 'ids'];

/** False if printing needs the whole list: its widths, its order, or the data of a query. */
export const isPaged = ({ format, sort, query }: RenderOptions): boolean =>
  formats.includes(format) && sort === undefined && query === undefined;

/** The pages to print. Ends at `limit`, and holds pages back until every field was seen. Throws if the whole list lacks one. */
export async function* shownPages(pages: Pages, limit: number | undefined, check: FieldCheck | undefined): AsyncGenerator<readonly Item[]> {
  const held: (readonly Item[])[] = [];
  let known = check === undefined;
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const page of pages) {
    if (left > 0) held.push(page.length > left ? page.slice(0, left) : page);
    left -= page.length;
    known ||= check?.add(page) === true;
    if (known) yield* held.splice(0);
    if (known && left <= 0) return;
  }
  if (!known) check?.end();
  yield* held;
}

/** A view with all its items. `--limit` ends the reading, unless the list is sorted or queried first. */
export async function wholeView(view: View, { limit, sort, query }: RenderOptions, check: FieldCheck | undefined): Promise<View> {
  if (view.kind === 'rows' && view.pages) {
    const pages = shownPages(view.pages, sort === undefined && query === undefined ? limit : undefined, check);
    return { ...view, items: await everyPage(pages) };
  }
  check?.end();
  return view;
}

/** Renders at most this many items at once, because a string has a maximum length. */
const PART = 1_000;

/** Writes a list while it is read, each page as it arrives. The bytes are those of `render` for the whole list. */
export async function writePages(
  view: View & { readonly kind: 'rows' },
  pages: Pages,
  options: RenderOptions,
  write: (text: string) => Promise<void>,
): Promise<void> {
  const array = options.format === 'json' ? joinedArrays() : undefined;
  let begun = false;
  for await (const page of incomplete(pages, () => begun)) {
    for (const items of partsOf(page)) {
      const text = await render({ ...view, items }, { ...options, header: options.header && !begun, limit: undefined });
      await write(array ? array.next(text) : text);
      begun = true;
    }
  }
  if (array) await write(array.end());
}

function* partsOf(page: readonly Item[]): Iterable<readonly Item[]> {
  if (page.length <= PART) yield page;
  else for (let at = 0; at < page.length; at += PART) yield page.slice(at, at + PART);
}

/** Joins JSON arrays into one, in whole lines: the last line of an item waits for the comma or the end. */
function joinedArrays(): { readonly next: (array: string) => string; readonly end: () => string } {
  let last: string | undefined;
  return {
    next(array) {
      if (array === '[]\n') return '';
      const before = last === undefined ? '[\n' : `${last},\n`;
      const items = array.slice('[\n'.length, -'\n]\n'.length);
      const end = items.lastIndexOf('\n') + 1;
      last = items.slice(end);
      return before + items.slice(0, end);
    },
    end: () => (last === undefined ? '[]\n' : `${last}\n]\n`),
  };
}

/** Adds to a failure that only a part of the list was written. */
async function* incomplete(pages: Pages, begun: () => boolean): Pages {
  try {
    yield* pages;
  } catch (error) {
    throw begun() && error instanceof DnxError ? new DnxError(error.code, `The output is incomplete: ${error.message}`, error) : error;
  }
}
