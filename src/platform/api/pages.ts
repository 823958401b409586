import { DnxError } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Api } from './api.ts';
import type { Endpoint } from './endpoint.ts';

const PAGE_SIZE = 100;
const MOST_PAGES = 1_000;

/** The page limit for a list of up to `items` items. */
export const pagesFor = (items: number): number => Math.max(MOST_PAGES, Math.ceil(items / PAGE_SIZE));

/** Reads every page of a list. Counts pages instead of following Laravel's `links.next`, which drops per_page and the filters. */
export async function everyPage<T>(
  send: Api['send'],
  endpoint: Endpoint,
  params: object = {},
  { query, ...options }: Parameters<Api['list']>[2] = {},
  mostPages = MOST_PAGES,
): Promise<T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  for (let page = 1, last = 1; page <= last; page++) {
    if (page > mostPages) throw tooMany(endpoint, mostPages);
    const { data, body } = await send<T[]>(endpoint, params, { ...options, query: { ...query, page, per_page: PAGE_SIZE } });
    const rows = rowsOf(data, endpoint);
    for (const each of rows) if (each !== null) items.push(each);
    // An empty page is the end, whatever `last_page` says.
    last = rows.length > 0 ? lastPage(body) : page;
    if (last > 1 && !hasNewRows(rows, seen)) throw repeated(endpoint, page);
  }
  return items;
}

function rowsOf<T>(data: T[] | undefined, endpoint: Endpoint): readonly T[] {
  if (Array.isArray(data)) return data;
  if (data === undefined) return [];
  throw new DnxError('failed', `The response to ${endpoint} is not a list.`);
}

function lastPage(body: unknown): number {
  const meta = isObject(body) && isObject(body.meta) ? body.meta : {};
  const last = Number(wordOf(meta.last_page ?? 1));
  return Number.isSafeInteger(last) ? last : 1;
}

/** True if a page has a row that earlier pages did not have. Rows may move to the next page between two requests. */
function hasNewRows(rows: readonly unknown[], seen: Set<string>): boolean {
  const before = seen.size;
  for (const each of rows) seen.add(toJson((isObject(each) ? each.id : undefined) ?? each));
  return rows.length === 0 || seen.size > before;
}

const tooMany = (endpoint: Endpoint, most: number): DnxError =>
  new DnxError('failed', `${endpoint} has more than ${most.toLocaleString('en')} pages, which is the limit.`, {
    next: [{ command: ['api', 'GET', `${endpoint.replace('GET ', '')}?page=${most + 1}`], why: 'Read single pages with' }],
  });

const repeated = (endpoint: Endpoint, page: number): DnxError =>
  new DnxError('failed', `Page ${page} of ${endpoint} repeats earlier pages, so the list cannot be read completely.`);
