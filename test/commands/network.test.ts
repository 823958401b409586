import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openLimitedBed } from '../support/dnx.ts';
import { openElsewhere, openJson } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { openProxy } from '../support/proxy.ts';

const bed = perTest(openLimitedBed);

const servers = { path: '/servers' };

test('does not follow a redirect to another origin, which would receive the token', async () => {
  const otherHost = await openElsewhere((_, response) => response.end('{"data":[]}'));
  onTestFinished(() => otherHost.close());
  bed.sandbox.faults.always(servers, { status: 307, headers: { Location: `${otherHost.url}/api/v1/servers` } });
  const run = await bed.dnx('server list');
  expect(run.stderr).toContain(`Unexpected redirect to ${otherHost.url}/api/v1/servers (307).`);
  expect([run.code, run.stdout, otherHost.requests]).toEqual([1, '', []]);
});

test('reads a response that arrives slowly', async () => {
  bed.sandbox.faults.always(servers, 'trickle');
  const run = await bed.dnx('server list -o ids');
  expect([run.code, run.stderr, run.stdout.trim().split('\n').length]).toEqual([0, '', 3]);
});

const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
if (!hasIPv6) process.stderr.write('Skipped the test of a localhost on IPv6: this machine has no ::1\n');

test.skipIf(!hasIPv6)('reaches a localhost that answers on IPv6 alone', async () => {
  const server = createServer((_, response) => response.end('{"data":[{"id":7,"name":"web-1"}]}'));
  await once(server.listen(0, '::1'), 'listening');
  onTestFinished(() => void server.close());
  const run = await bed.dnx('server list -o ids', { env: { DNX_HOST: `http://localhost:${(server.address() as AddressInfo).port}` } });
  expect(run).toExit(0, { stdout: '7\n', stderr: '' });
});

test('waits out a 429, then resends even a POST', async () => {
  bed.sandbox.faults.next({ method: 'POST' }, { status: 429, headers: { 'Retry-After': '7' }, body: 'Too Many Attempts.' });
  const run = await bed.dnx('daemon create --command top --server web-1 --json');
  expect(run.stderr).toBe('Rate limited; retrying in 7s\n');
  expect(run.calls.filter((call) => call.startsWith('POST'))).toHaveLength(2);
  expect(run).toExit(0, { waited: 7_000 });
});

describe('a token quoted by the API', () => {
  const secret = () => bed.sandbox.token.split('|')[1] ?? '';
  const quoted = () => ({
    message: `Bad token ${bed.sandbox.token}.`,
    errors: { token: [`Not ${secret()}`], other: [encodeURIComponent(bed.sandbox.token)] },
  });

  test.each([401, 403, 404, 418, 422, 429, 500])('does not appear in the error of a %i', async (status) => {
    bed.sandbox.faults.always({}, { status, body: quoted(), headers: { 'X-Echo': secret(), 'Retry-After': '9999' } });
    for (const line of [
      'server list',
      'server list --json',
      'server list --debug',
      'api GET /user -i',
      'backup download 7',
      'deploy 7 --server 7',
    ]) {
      const run = await bed.dnx(line);
      expect([run.code === 0, run.stdout]).toEqual([false, '']);
      expect(run.stderr).not.toContain(secret());
    }
  });

  test('does not appear in the target of a redirect, nor in plain text', async () => {
    bed.sandbox.faults.next(
      {},
      { status: 302, headers: { Location: `https://example.org/?token=${encodeURIComponent(bed.sandbox.token)}` } },
    );
    const redirected = await bed.dnx('server list');
    expect(redirected.stderr).toContain('redirect to https://example.org/?token=');
    expect(redirected.stderr).not.toContain(secret());
    bed.sandbox.faults.next({}, { status: 400, body: `No: ${bed.sandbox.token}`, headers: { 'Content-Type': 'text/plain' } });
    expect((await bed.dnx('server list')).stderr).toBe('Error: Deploynix returned 400 (“No: ***”).\n');
  });

  test('appears if it is the result', async () => {
    bed.sandbox.faults.next({}, { status: 200, body: { data: { token: bed.sandbox.token } } });
    expect((await bed.dnx('api GET /user')).stdout).toContain(bed.sandbox.token);
  });
});

test('--debug prints neither the query nor a header that is not a number', async () => {
  bed.sandbox.faults.next({}, { status: 200, body: {}, headers: { 'X-RateLimit-Remaining': bed.sandbox.token } });
  const run = await bed.dnx('api GET /user?token=secret --debug');
  expect(run.stderr.replace(/\d+ ms/, 'ms')).toBe('> GET /user\n< 200 GET /user ms\n');
});

describe('the message of an error', () => {
  test.each<[string, object, string]>([
    [
      'title and detail of problem+json',
      { title: 'Out of credit', detail: 'Your balance is 30.', status: 400 },
      '(“Out of credit: Your balance is 30”)',
    ],
    ['a title alone', { title: 'Out of credit.' }, '(“Out of credit”)'],
    ['a detail alone', { detail: 'Your balance is 30.' }, '(“Your balance is 30”)'],
    ['the same text twice', { title: 'No', detail: 'No' }, '(“No”)'],
    ['an error', { error: 'It is closed.' }, '(“It is closed”)'],
    ['a message rather than the others', { message: 'Mine.', title: 'Other' }, '(“Mine”)'],
    ['an empty message', { message: '', title: 'Other' }, '(“Other”)'],
    ['no text at all', { title: 5, detail: { a: 1 }, error: [] }, 'Deploynix returned 400.'],
  ])('is taken from %s', async (_, body, words) => {
    bed.sandbox.faults.always({}, { status: 400, body, headers: { 'Content-Type': 'application/problem+json' } });
    await expect(bed.dnx('server list')).toExit(1, { says: words });
  });
});

describe('a host with a path', () => {
  test.each(['/prefix', '/prefix/', '/prefix/api/v1', '/a/b/api/v1/', '/api/v1', '/api/v1/'])(
    '%s is the prefix of every API path',
    async (path) => {
      const api = await openJson(() => ({ data: [{ id: 7, name: 'web-1' }] }));
      onTestFinished(() => api.close());
      await expect(bed.dnx('server list -o ids', { env: { DNX_HOST: `${api.url}${path}` } })).toExit(0, { stdout: '7\n' });
      const root = path.replace(/\/$/, '').replace(/\/api\/v1$/, '');
      expect(api.requests.map(({ url }) => url)).toEqual([`${root}/api/v1/servers?page=1&per_page=100`]);
    },
  );

  test('receives the token only below its path', async () => {
    const asked: (string | undefined)[] = [];
    const api = await openElsewhere((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization ? 'token' : 'none'}`);
      if (request.url?.endsWith('/download')) response.writeHead(302, { Location: '/api/v1/stolen' }).end();
      else response.end('content');
    });
    onTestFinished(() => api.close());
    const env = { DNX_HOST: `${api.url}/prefix` };
    await expect(bed.dnx('backup download 7 -O x.gz', { env })).toExit(0);
    expect(asked).toEqual(['/prefix/api/v1/backups/7/download token', '/api/v1/stolen none']);
    for (const path of ['/../../stolen', '/%2e%2e/%2E./.%2e/stolen', '/..\\..\\..\\stolen', '/user/..\u0001']) {
      await expect(bed.dnx(['api', 'GET', path], { env })).toExit(2, { says: 'is not an API path.' });
    }
    expect(asked).toHaveLength(2);
    await expect(bed.dnx(`api GET ${api.url}/api/v1/user`, { env })).toExit(2, { says: `${api.url}/api/v1/user is a different host.` });
    await expect(bed.dnx(`api GET ${api.url}/prefix/api/v1/user`, { env })).toExit(0);
    expect(asked.at(-1)).toBe('/prefix/api/v1/user token');
  });

  test.each(['?a=b', '/x?a=b', '/x#y'])('%s fails before any request', async (path) => {
    const run = await bed.dnx('server list', { env: { DNX_HOST: `${bed.sandbox.url}${path}` } });
    expect(run).toExit(2, { says: 'is not a host.', calls: [] });
  });
});

describe('a proxy from the environment', () => {
  test.each(['HTTP_PROXY', 'http_proxy'])('%s may omit the scheme http', async (name) => {
    const proxy = await openProxy();
    onTestFinished(() => proxy.close());
    const run = await bed.dnx('server list -o ids', { env: { [name]: proxy.url.replace('http://', '') } });
    expect(run).toExit(0, { stderr: '', calls: ['GET /servers'] });
    expect(proxy.asked.length).toBe(1);
  });

  test.each([
    ['http://?', 'is not a valid proxy URL.'],
    ['http://:3128', 'is not a valid proxy URL.'],
    ['http://local host:3128', 'is not a valid proxy URL.'],
    ['localhost:99999', 'is not a valid proxy URL.'],
    ['http://me:%zz@localhost:3128', 'is not a valid proxy URL.'],
    ['http://me:a/b@localhost:3128', 'is not a valid proxy URL.'],
    ['http://localhost:3128?a=b', 'is not a valid proxy URL.'],
    ['socks5://localhost:1080', 'is a socks5:// proxy; dnx supports http:// and https://.'],
    ['ftp://localhost', 'is a ftp:// proxy; dnx supports http:// and https://.'],
  ])('%s fails before any request and is not printed', async (value, words) => {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
      const run = await bed.dnx('server list', { env: { [name]: value } });
      expect(run).toExit(2, { stdout: '', calls: [], says: `Error: ${name} ${words}` });
      expect(run.stderr).not.toContain(value);
    }
  });

  test.each([',, ', '127.0.0.1:*', '[', '%zz', '*.*'])('NO_PROXY=%s does not crash', async (value) => {
    const run = await bed.dnx('server list', { env: { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: value } });
    expect(run).toExit(13, { says: 'connection refused.' });
  });
});

test('--debug prints every request and response without the token', async () => {
  bed.sandbox.faults.next(servers, { status: 503 });
  const run = await bed.dnx('server list -o ids --debug');
  expect(run.stderr.split('\n').map((line) => line.replace(/\d+ ms.*/, 'ms'))).toEqual([
    '> GET /servers',
    '< 503 GET /servers ms',
    `${new URL(bed.sandbox.url).host}: server error 503; retrying in 1s (1 of 3)`,
    '> GET /servers',
    '< 200 GET /servers ms',
    '',
  ]);
  expect(run.stderr).not.toContain(bed.sandbox.token);
});
