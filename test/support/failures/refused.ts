import { always, type Failure } from './failure.ts';

const html = { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html><h1>Bad Gateway</h1></html>' };
const servers = { path: '/servers' };

/** The API returns an error. */
export const refusedFailures: readonly Failure[] = [
  // 1
  {
    name: 'a 5xx after the retries',
    line: 'server list',
    code: 'failed',
    given: always(servers, { status: 503, body: { message: 'Down for maintenance.' } }),
    says: 'Deploynix returned 503 (“Down for maintenance”).',
    hint: 'Try again in a moment.',
    status: 503,
    calls: 4,
  },
  {
    name: 'an HTML page from a proxy',
    line: 'server list',
    code: 'failed',
    given: always(servers, html),
    says: 'Deploynix returned 502.',
    hint: /Try again/,
    status: 502,
    calls: 4,
  },
  {
    name: 'a POST that fails is sent once',
    line: 'daemon create --command top --server web-1',
    code: 'failed',
    given: always({ method: 'POST' }, { status: 500, body: { message: 'Server Error' } }),
    says: 'Deploynix returned 500 (“Server Error”).',
    hint: /^The request may have gone through/,
    status: 500,
    calls: 3,
  },
  {
    name: 'a 200 that is a web page',
    line: 'server list',
    code: 'failed',
    given: always(servers, { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>Sign in</html>' }),
    says: 'The response to GET /servers is not JSON.',
    hint: /DNX_HOST/,
    calls: 1,
  },
  {
    name: 'a redirect',
    line: 'server list',
    code: 'failed',
    given: always(servers, { status: 302, headers: { Location: 'http://127.0.0.2:9/login' } }),
    says: 'Unexpected redirect to http://127.0.0.2:9/login (302).',
    hint: /The token was not sent there/,
    status: 302,
    calls: 1,
  },
  {
    name: 'a failed deployment',
    line: 'deploy shop.example.com --server web-1',
    code: 'failed',
    given: (bed) => {
      bed.sandbox.state.fail_deploys = true;
      return undefined;
    },
    says: /^Deployment of shop\.example\.com failed after \d+s/,
    hint: /dnx why shop\.example\.com/,
    calls: 'any',
  },
  // 4, 5, 6, 7, 9
  {
    name: 'a token with a newline',
    line: 'server list',
    code: 'unauthenticated',
    given: () => ({ env: { DNX_TOKEN: '1|first\nsecond' } }),
    says: 'The token contains a space, a newline or another invalid character.',
    hint: /exactly as it was shown/,
  },
  {
    name: 'no token',
    line: 'server list',
    code: 'unauthenticated',
    given: () => ({ env: { DNX_TOKEN: undefined } }),
    says: /^Not signed in to 127/,
    hint: /dnx login/,
  },
  {
    name: 'a rejected token',
    line: 'server list',
    code: 'unauthenticated',
    given: () => ({ env: { DNX_TOKEN: '1|wrong' } }),
    says: /^DNX_TOKEN was rejected by .*\. Set another token, or unset it to use your stored sign-in\.$/,
    hint: null,
    status: 401,
    calls: 1,
  },
  {
    name: 'a missing ability',
    line: 'server list',
    code: 'forbidden',
    given: (bed) => ({ env: { DNX_TOKEN: bed.sandbox.mint(['site:read']) } }),
    says: /^Token is missing the ability server:read/,
    hint: /dnx token create .*--ability server:read/,
    status: 403,
    calls: 1,
  },
  {
    name: 'an insufficient role',
    line: 'daemon create --command top --server web-1',
    code: 'forbidden',
    given: always({ method: 'POST' }, { status: 403, body: { message: 'This action is unauthorized.' } }),
    says: /^Your role does not allow this/,
    hint: /owner/,
    status: 403,
    calls: 'any',
  },
  {
    name: 'a plan without API access',
    line: 'server list',
    code: 'forbidden',
    given: (bed) => {
      bed.sandbox.state.plan.api_access = false;
      return undefined;
    },
    says: /^Your plan does not allow this/,
    hint: /plan/,
    status: 403,
    calls: 1,
  },
  {
    name: 'an unknown id',
    line: 'server show 01JQ8Z4T9G00000000000N0NE1',
    code: 'not_found',
    says: /^Not found/,
    hint: /Check the id/,
    status: 404,
    calls: 'any',
  },
  {
    name: 'an unknown name',
    line: 'server show web-9',
    code: 'not_found',
    says: "Server 'web-9' not found. Did you mean 'web-1'?",
    hint: null,
    calls: 1,
  },
  {
    name: 'an ambiguous name',
    line: 'server show web-1',
    code: 'ambiguous',
    given: (bed) => {
      const [first] = bed.sandbox.state.servers;
      if (first) bed.sandbox.state.servers.push({ ...first, id: '01JQ8Z4T9G00000000000TW1N02' });
      return undefined;
    },
    says: "'web-1' matches 2 servers:",
    hint: 'Use the id.',
    calls: 1,
  },
  {
    name: 'a rejected field',
    line: 'daemon create --command= --server web-1',
    code: 'invalid',
    says: 'Deploynix rejected the request.',
    message: 'The command field is required.',
    hint: null,
    status: 422,
    errors: { command: ['The command field is required.'] },
    calls: 3,
  },
  {
    name: 'a rate limit longer than dnx waits',
    line: 'server list',
    code: 'rate_limited',
    given: always(servers, { status: 429, headers: { 'Retry-After': '3600', 'Content-Type': 'text/plain' }, body: 'Too Many Attempts.' }),
    says: 'Rate limited (“Too Many Attempts”).',
    hint: 'Try again in 1h, or use a longer --max-wait.',
    status: 429,
    calls: 1,
  },
  {
    name: 'a rate limit until a date',
    line: 'server list',
    code: 'rate_limited',
    given: always(servers, { status: 429, headers: { 'Retry-After': 'Fri, 31 Dec 2099 23:59:59 GMT' } }),
    says: 'Rate limited.',
    hint: 'Try again after 2099-12-31 23:59 UTC.',
    status: 429,
    calls: 1,
  },
  {
    name: 'one unknown name of several',
    line: 'site suspend shop.example.com nowhere.example.com --server web-1 --yes',
    code: 'not_found',
    says: /nowhere\.example\.com/,
    hint: /dnx site list/,
    calls: 'any',
  },
];
