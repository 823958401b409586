import { DnxError } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { oneLine, wordOf } from '../../base/text.ts';
import { NetworkFault } from '../../machine/world.ts';
import type { Api, Listing, Reply } from './api.ts';
import { type Endpoint, fill } from './endpoint.ts';

/** The items that dnx requests per page. */
export const PAGE_SIZE = 100;
const MOST_PAGES = 1_000;
const AHEAD = 4;

/** What reads lists. */
interface ListReader {
  readonly send: Api['send'];
  /** Who remembers the list. Called once the first page has arrived, because only then is it certain that the token was read. */
  readonly listing: () => Listing | undefined;
}

type ListOptions = NonNullable<Parameters<Api['list']>[2]>;

/** A page of a list. */
export interface Page<T> {
  readonly rows: readonly T[];
  /** The number of the last page; undefined if the response does not say. */
  readonly last: number | undefined;
}

/**
 * Reads a list in order, without null rows. Counts pages instead of following Laravel's `links.next`, which drops per_page and the filters. With
 * `most`, which may raise the page limit, it ends with the page that has so many items.
 */
export async function readList<T>(
  { send, listing: listingOf }: ListReader,
  endpoint: Endpoint,
  params: object = {},
  { most, ...options }: ListOptions = {},
): Promise<T[]> {
  const path = () => fill(endpoint, { ...params }).path;
  const mostPages = Math.max(MOST_PAGES, Math.ceil((most ?? 0) / PAGE_SIZE));
  const requested: Promise<Page<T>>[] = [];
  const isRepeated = repetition();
  const items: T[] = [];
  let listing: Listing | undefined;
  let last = 1;
  for (let page = 1; page <= last; page++) {
    if (page > mostPages) throw tooMany(path(), mostPages);
    const ahead = most === undefined ? AHEAD : Math.min(AHEAD, Math.ceil((most - items.length) / PAGE_SIZE));
    while (page + requested.length <= Math.min(last, mostPages, page - 1 + ahead)) {
      const request = readPage<T>(send, endpoint, params, { ...options, page: page + requested.length });
      // Its failure counts when its turn comes.
      request.catch(() => {});
      requested.push(request);
    }
    const { rows, last: told } = (await requested.shift()) as Page<T>;
    last = told ?? last;
    if (rows.length === 0 && page > 1 && page <= last) throw incomplete(path(), `page ${page} is empty`);
    if (last > 1 && isRepeated(rows)) throw incomplete(path(), `page ${page} repeats earlier pages`);
    const kept = rows.filter((row) => row !== null);
    if (page === 1) listing = listingOf();
    listing?.add(kept);
    for (const row of kept) items.push(row);
    if (most !== undefined && items.length >= most && page < last) return items;
  }
  listing?.done();
  return items;
}

/** Reads one page of a list. Fails if the response is no list, another page, or shorter than its own `meta` says. */
export async function readPage<T>(
  send: Api['send'],
  endpoint: Endpoint,
  params: object = {},
  { page = 1, query, ...options }: ListOptions & { readonly page?: number } = {},
): Promise<Page<T>> {
  const reply = await send<unknown>(endpoint, params, { ...options, query: { ...query, page, per_page: PAGE_SIZE } });
  const { path } = fill(endpoint, { ...params });
  const { body, data } = reply;
  if (!Array.isArray(data)) throw noList(`GET ${path} returned ${insteadOf(reply)} instead of a list.`, path);
  const count = countsIn(body);
  const [at = page, size, total] = [count('current_page'), count('per_page'), count('total')];
  if (at !== page) throw incomplete(path, `the response is page ${at} instead of page ${page}`);
  const last = count('last_page') ?? (total === undefined ? nextPage(body, page) : Math.ceil(total / (size || PAGE_SIZE)));
  const least = leastOn(page, { last, size, total });
  if (data.length < least) throw incomplete(path, `page ${page} ${least === 1 ? 'is empty' : `has ${data.length} of ${least} items`}`);
  return { rows: data, last };
}

function leastOn(page: number, { last = 1, size = 1, total }: { readonly [key in 'last' | 'size' | 'total']: number | undefined }): number {
  if (last <= 1) return page === 1 ? (total ?? 0) : 0;
  if (total !== undefined) return Math.min(size, total - (page - 1) * size);
  return page < last ? size : page === last ? 1 : 0;
}

function insteadOf({ status, body, data, message }: Reply): string {
  if (message !== undefined) return `the message “${oneLine(message)}”`;
  if (body === undefined) return `${status} without a body`;
  return isObject(data) ? 'an object' : data === undefined ? 'no data' : typeof data === 'string' ? 'text' : String(data);
}

function countsIn(body: unknown): (name: string) => number | undefined {
  const meta = isObject(body) ? (isObject(body.meta) ? body.meta : body) : {};
  return (name) => {
    const count = Number(wordOf(meta[name]) || Number.NaN);
    return Number.isSafeInteger(count) && count >= 0 ? count : undefined;
  };
}

/** The next page, if the response has only a link to it. */
function nextPage(body: unknown, page: number): number | undefined {
  if (!isObject(body)) return undefined;
  return (isObject(body.links) ? body.links.next : body.next_page_url) ? page + 1 : undefined;
}

const noList = (message: string, path: string): DnxError =>
  new DnxError('failed', message, {
    next: [{ command: ['api', 'GET', path], why: 'See the response with' }],
    // Like a lost response, it says nothing about the work that is followed.
    cause: new NetworkFault('not a list', { sent: true }),
  });

const incomplete = (path: string, why: string): DnxError => noList(`The list GET ${path} cannot be read completely: ${why}.`, path);

const tooMany = (path: string, most: number): DnxError =>
  new DnxError('failed', `GET ${path} has more than ${most.toLocaleString('en')} pages, which is the limit.`, {
    next: [{ command: ['api', 'GET', `${path}?page=${most + 1}`], why: 'Read single pages with' }],
  });

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
