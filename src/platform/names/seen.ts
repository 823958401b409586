import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Api, Query } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { PAGE_SIZE } from '../api/pages.ts';
import { idIn } from './names.ts';

/** The list in which a new resource appears. */
export interface Listed {
  readonly endpoint: Endpoint;
  readonly params?: object;
  readonly query?: Query;
}

/** What a list showed before a create. */
export interface Seen {
  readonly ids: ReadonlySet<string>;
  /** When the newest was created, if the list has further pages, which were not read. */
  readonly newest?: number;
}

/** Reads the first page, for one request. `long`: it is not enough to tell what is new. Undefined if the response is not a list. */
export async function seenIn(api: Api, list: Listed, options: { readonly casual?: boolean } = {}): Promise<Seen | 'long' | undefined> {
  const { data, body } = await firstPage(api, list, options);
  if (!Array.isArray(data)) return undefined;
  if (!hasMore(body)) return { ids: idsIn(data) };
  const newest = newestOf(data.map(createdAt));
  return newest === undefined ? 'long' : { ids: idsIn(data), newest };
}

/** What is in the list now, and new if `before` is known. */
export async function newIn(api: Api, list: Listed, before: Seen | undefined): Promise<readonly JsonObject[]> {
  const { endpoint, params, query = {} } = list;
  const paged = before?.newest !== undefined;
  const found = paged ? (await firstPage(api, list)).data : await api.list<unknown>(endpoint, params, { query });
  const items = Array.isArray(found) ? found.filter(isObject) : [];
  return items.filter((each) => !before?.ids.has(idIn(each.id) ?? '') && (!paged || createdAt(each) >= (before.newest ?? 0)));
}

const firstPage = (api: Api, { endpoint, params, query }: Listed, options: { readonly casual?: boolean } = {}) =>
  api.send<unknown>(endpoint, params, { ...options, query: { ...query, page: 1, per_page: PAGE_SIZE } });

/** The ids of the items. */
export const idsIn = (items: readonly unknown[]): ReadonlySet<string> =>
  new Set(items.flatMap((each) => (isObject(each) ? (idIn(each.id) ?? []) : [])));

function hasMore(body: unknown): boolean {
  const { meta, links } = isObject(body) ? body : {};
  return Number(isObject(meta) ? wordOf(meta.last_page) : '') > 1 || Boolean(isObject(links) && links.next);
}

const createdAt = (item: unknown): number => (isObject(item) ? Date.parse(wordOf(item.created_at)) : Number.NaN);

/**
 * The time of the first item of a page that is newest first. The last item must be older: then the page has everything of that time, and
 * what is at least as new but not on it was created later.
 */
function newestOf(times: readonly number[]): number | undefined {
  const [first = Number.NaN] = times;
  const sorted = times.every((time, at) => time <= (times[at - 1] ?? time));
  return sorted && first > (times.at(-1) ?? first) ? first : undefined;
}
