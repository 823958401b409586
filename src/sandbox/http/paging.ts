import type { Request } from '../operation.ts';
import { integer, validate } from '../rules.ts';
import type { ApiResponse } from './response.ts';

const DEFAULT_PER_PAGE = 15;
const MAX_PER_PAGE = 100;

/** The rules of the query of every list. */
export const paging = { page: integer(1, Number.MAX_SAFE_INTEGER).optional(), per_page: integer(1, MAX_PER_PAGE).optional() };

/** A page of a list, with Laravel's `meta` and `links`. As in Laravel, the links drop `per_page` and filters. */
export function listed<T>(request: Request, rows: readonly T[], present: (row: T) => unknown): ApiResponse {
  const asked = validate(paging, Object.fromEntries([...request.query].filter(([name]) => name in paging)));
  const { page = 1, per_page = DEFAULT_PER_PAGE } = asked;
  const total = rows.length;
  const last = Math.max(1, Math.ceil(total / per_page));
  const start = (page - 1) * per_page;
  const shown = rows.slice(start, start + per_page);
  const at = (number: number): string => `${request.address}?page=${number}`;
  return {
    status: 200,
    headers: {},
    body: {
      data: shown.map(present),
      meta: {
        current_page: page,
        from: shown.length > 0 ? start + 1 : null,
        last_page: last,
        per_page,
        to: shown.length > 0 ? start + shown.length : null,
        total,
      },
      links: { first: at(1), last: at(last), next: page < last ? at(page + 1) : null, prev: page > 1 ? at(page - 1) : null },
    },
  };
}
