import { type Elsewhere, openElsewhere } from './elsewhere.ts';

/** A server of one list. */
export interface Pages extends Elsewhere {
  /** The pages that were requested, in that order. */
  readonly asked: readonly number[];
  /** The number of requests without a response. */
  readonly open: () => number;
  /** The most requests at the same time. */
  readonly most: () => number;
}

/** What happens to the requests for a page. */
export interface PageOptions {
  /** Delays the response. */
  readonly before?: (page: number, server: Pick<Pages, 'asked' | 'open'>) => Promise<unknown>;
  /** The status of the response: 200 by default. */
  readonly status?: (page: number) => number;
  /** What the response says about the number of pages; by default, how many there are. */
  readonly last?: (page: number) => unknown;
}

/** Starts a server that responds to every path with a page of this list. */
export async function openPages(pages: readonly (readonly unknown[])[], options: PageOptions = {}): Promise<Pages> {
  const { before = async () => {}, status = () => 200, last = () => pages.length } = options;
  const asked: number[] = [];
  let open = 0;
  let most = 0;
  const server = await openElsewhere(async (request, response) => {
    const page = Number(new URL(request.url ?? '', 'http://loopback').searchParams.get('page') ?? 1);
    asked.push(page);
    open += 1;
    most = Math.max(most, open);
    await before(page, { asked, open: () => open });
    open -= 1;
    response.writeHead(status(page), { 'content-type': 'application/json' });
    response.end(JSON.stringify({ data: pages[page - 1] ?? [], meta: { last_page: last(page) } }));
  });
  return { ...server, asked, open: () => open, most: () => most };
}

/** Pages of `size` servers with ids and names that have the same order. */
export const serverPages = (pages: number, size = 100): readonly (readonly { readonly id: string; readonly name: string }[])[] =>
  Array.from({ length: pages }, (_, page) =>
    Array.from({ length: size }, (_, row) => {
      const number = String(page * size + row + 1).padStart(6, '0');
      return { id: number, name: `web-${number}`, status: 'active' };
    }),
  );

/** A promise to wait for, and the function that keeps it. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
