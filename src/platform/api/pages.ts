import { DnxError } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Api, Listing } from './api.ts';
import type { Endpoint } from './endpoint.ts';

/** The items that dnx requests per page. */
export const PAGE_SIZE = 100;
const MOST_PAGES = 1_000;
/** The most pages that are requested and not read yet. */
const AHEAD = 4;

/** What requests pages. */
export interface PageReader {
  readonly send: Api['send'];
  /** A `send` whose requests are cancelled by `stop`. */
  readonly stoppable: () => { readonly send: Api['send']; readonly stop: () => void };
  /** The value of `--limit`, which may raise the page limit. No page beyond it is requested ahead. */
  readonly mostItems: number | undefined;
  /** Who remembers the list. Called once the first page has arrived, because only then is it certain that the token was read. */
  readonly listing: () => Listing | undefined;
}

type ListOptions = Parameters<Api['list']>[2];

interface Page<T> {
  readonly rows: readonly T[];
  /** What the page says; undefined if it does not. */
  readonly last: number | undefined;
}

/**
 * Yields the pages of a list in order, without null rows; at least one page. Counts pages instead of following Laravel's
 * `links.next`, which drops per_page and the filters.
 */
export async function* pagesOf<T>(
  reader: PageReader,
  endpoint: Endpoint,
  params: object = {},
  { query, ...options }: ListOptions = {},
): AsyncGenerator<readonly T[], void> {
  const read = async (send: Api['send'], page: number): Promise<Page<T>> => {
    const { data, body } = await send<T[]>(endpoint, params, { ...options, query: { ...query, page, per_page: PAGE_SIZE } });
    return { rows: rowsOf(data, endpoint, page), last: lastPage(body) };
  };
  const { mostItems = 0 } = reader;
  const mostPages = Math.max(MOST_PAGES, Math.ceil(mostItems / PAGE_SIZE));
  const requested: Promise<Page<T>>[] = [];
  const isRepeated = repetition();
  let later: ReturnType<PageReader['stoppable']> | undefined;
  let listing: Listing | undefined;
  let taken = 0;
  let last = 1;
  try {
    for (let page = 1; page <= last; page++) {
      if (page > mostPages) throw tooMany(endpoint, mostPages);
      const until = Math.min(last, mostPages, page - 1 + pagesAhead(mostItems - taken));
      while (page + requested.length <= until) {
        if (page > 1) later ??= reader.stoppable();
        const request = read(later?.send ?? reader.send, page + requested.length);
        // Its failure counts when its turn comes.
        request.catch(() => {});
        requested.push(request);
      }
      const { rows, last: told } = (await requested.shift()) as Page<T>;
      // An empty page is the end, whatever `last_page` says.
      last = rows.length > 0 ? (told ?? last) : page;
      if (last > 1 && isRepeated(rows)) throw repeated(endpoint, page);
      taken += rows.length;
      const kept = rows.includes(null as T) ? rows.filter((row) => row !== null) : rows;
      if (page === 1) listing = reader.listing();
      listing?.add(kept);
      yield kept;
    }
    listing?.done();
  } finally {
    later?.stop();
  }
}

/** Every item of a list. */
export async function everyPage<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages) for (const each of page) items.push(each);
  return items;
}

/** How many pages to request at once, if this many items are left to `--limit`. A reader who goes beyond it needs the whole list. */
const pagesAhead = (left: number): number => (left > 0 ? Math.min(AHEAD, Math.ceil(left / PAGE_SIZE)) : AHEAD);

/** Nothing instead of a list is an empty one, but not after a page that announced more. */
function rowsOf<T>(data: T[] | undefined, endpoint: Endpoint, page: number): readonly T[] {
  if (Array.isArray(data)) return data;
  if (data === undefined && page === 1) return [];
  throw new DnxError('failed', `The response to ${endpoint} is not a list.`);
}

function lastPage(body: unknown): number | undefined {
  const meta = isObject(body) && isObject(body.meta) ? body.meta : {};
  const last = Number(wordOf(meta.last_page) || Number.NaN);
  return Number.isSafeInteger(last) ? last : undefined;
}

const tooMany = (endpoint: Endpoint, most: number): DnxError =>
  new DnxError('failed', `${endpoint} has more than ${most.toLocaleString('en')} pages, which is the limit.`, {
    next: [{ command: ['api', 'GET', `${endpoint.replace('GET ', '')}?page=${most + 1}`], why: 'Read single pages with' }],
  });

const repeated = (endpoint: Endpoint, page: number): DnxError =>
  new DnxError('failed', `Page ${page} of ${endpoint} repeats earlier pages, so the list cannot be read completely.`);

/**
 * Returns a function that tells whether a page has only rows of earlier pages. It keeps the page before and one that is replaced
 * after 1, 2, 4, 8… pages, so that it finds pages that repeat in any period without remembering the whole list.
 */
function repetition(): (rows: readonly unknown[]) => boolean {
  let before: ReadonlySet<string> = new Set();
  let kept: ReadonlySet<string> = new Set();
  let pages = 0;
  let next = 1;
  return (rows) => {
    const keys = new Set(rows.map(keyOf));
    const again = keys.size > 0 && [...keys].every((key) => before.has(key) || kept.has(key));
    before = keys;
    pages += 1;
    if (pages === next) {
      kept = keys;
      next *= 2;
    }
    return again;
  };
}

const keyOf = (row: unknown): string => toJson((isObject(row) ? row.id : undefined) ?? row);
