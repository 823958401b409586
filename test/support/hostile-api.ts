import type { IncomingMessage, ServerResponse } from 'node:http';

/** How the API of another platform misbehaves. */
export type Hostility =
  | 'same page'
  | 'endless'
  | 'redirect'
  | 'html'
  | 'garbage'
  | 'no list'
  | 'huge'
  | 'limited'
  | 'late'
  | 'broken'
  | 'not found'
  | 'invalid';

/** Answers a request. */
type Send = (status: number, body: unknown, headers?: Readonly<Record<string, string>>) => void;

/** An empty page of a platform that says that there is another. */
type PageOf = (url: URL, how: 'same page' | 'endless') => unknown;

/** The API of a platform: its token, how it misbehaves and how often, and the type of its answers. */
interface Api {
  readonly token: string;
  readonly hostile: { readonly at: RegExp; readonly how: Hostility; times?: number } | undefined;
  readonly type: (status: number) => string;
  readonly pageOf: PageOf;
}

/** Answers what is no GET, has another token, or meets hostility. Both platforms allow 60 requests a minute. Anything else is `answer`. */
export function answering(api: () => Api, answer: (url: URL, send: Send) => void) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const { token, hostile, type, pageOf } = api();
    const url = new URL(request.url ?? '', 'http://loopback');
    const send: Send = (status, body, headers = {}) => {
      response.writeHead(status, { 'content-type': type(status), 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '59', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (request.method !== 'GET') return send(405, { message: 'The method is not allowed.' });
    if (request.headers.authorization !== `Bearer ${token}`) return send(401, { message: 'Unauthenticated.' });
    if (hostile?.at.test(url.pathname) && (hostile.times === undefined || hostile.times-- > 0))
      return misbehave(hostile.how, url, response, send, pageOf);
    answer(url, send);
  };
}

/** Answers a request as a hostile API. */
function misbehave(how: Hostility, url: URL, response: ServerResponse, send: Send, page: PageOf): void {
  const answers: Readonly<Record<Hostility, () => void>> = {
    'same page': () => send(200, page(url, 'same page')),
    endless: () => send(200, page(url, 'endless')),
    redirect: () => send(302, '', { location: `http://198.51.100.1${url.pathname}` }),
    html: () => send(200, '<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }),
    garbage: () => send(200, '{"data": [{"id": 1, "attr'),
    'no list': () => send(200, { data: { id: '1' } }),
    huge: () => void response.writeHead(200).end(`{"data": ["${'x'.repeat(9_000_000)}"]}`),
    limited: () => send(429, { message: 'Too Many Attempts.' }, { 'retry-after': '30', 'x-ratelimit-remaining': '0' }),
    late: () => send(429, { message: 'Too Many Attempts.' }, { 'retry-after': '86400' }),
    broken: () => send(500, { message: 'Server Error' }),
    'not found': () => send(404, { message: 'No query results for model.' }),
    invalid: () => send(422, { message: 'The site has no repository.', errors: {} }),
  };
  answers[how]();
}

/** What each is at, the exit code of an import that meets it, and what that says. PLATFORM answers at `servers`. */
export const failures = (platform: string, servers: string): readonly (readonly [Hostility, RegExp, number, string])[] => [
  ['same page', /servers$/, 1, `${platform} answered GET ${servers} with a page that it had returned before.`],
  ['redirect', /\/env(ironment)?$/, 1, 'The token was not sent there.'],
  ['html', /servers$/, 1, `${platform} answered GET ${servers} with text that is not JSON.`],
  ['garbage', /sites$/, 1, 'with text that is not JSON.'],
  ['no list', /redirect(s|-rules)$/, 1, 'with no list.'],
  ['huge', /ssh-keys$/, 1, 'the response is larger than 8 MB'],
  ['endless', /monitors$/, 1, 'with more than 200 pages, which is the limit.'],
  ['limited', /network-rules|heartbeats$/, 9, `${platform} allows no more requests now.`],
  ['late', /network-rules|heartbeats$/, 9, `${platform} allows no more requests now.`],
  ['broken', /servers\/\d+/, 1, `${platform} returned 500 for GET ${servers}/`],
  ['broken', /./, 1, `${platform} returned 500 for GET`],
];
