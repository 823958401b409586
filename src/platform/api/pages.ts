import { DnxError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { Api } from './api.ts';
import type { Endpoint } from './endpoint.ts';

const PAGE_SIZE = 100;

/** Every page of a list, in order. Pages are counted: Laravel's `links.next` drops per_page and the filters. */
export async function everyPage<T>(
  send: Api['send'],
  endpoint: Endpoint,
  params: object = {},
  { query, ...options }: Parameters<Api['list']>[2] = {},
): Promise<T[]> {
  const items: T[] = [];
  for (let page = 1, last = 1; page <= last; page++) {
    const { data, body } = await send<T[]>(endpoint, params, { ...options, query: { ...query, page, per_page: PAGE_SIZE } });
    if (Array.isArray(data)) {
      for (const each of data) if (each !== null) items.push(each);
    } else if (isObject(data)) throw new DnxError('failed', 'Deploynix answered one thing where a list was asked for.');
    // An empty page is the end, whatever the number of pages that is claimed.
    last = Array.isArray(data) && data.length > 0 ? lastPage(body) : page;
  }
  return items;
}

function lastPage(body: unknown): number {
  const meta = isObject(body) && isObject(body.meta) ? body.meta : {};
  const last = Number(meta.last_page ?? 1);
  return Number.isSafeInteger(last) ? last : 1;
}
