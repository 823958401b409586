import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { openBed } from '../support/dnx.ts';
import { listen, openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { openLiar } from '../support/liar.ts';
import { openProxy } from '../support/proxy.ts';

const bed = perTest(openBed);

const proxyWith = async (options: Parameters<typeof openProxy>[0] = {}) => {
  const proxy = await openProxy(options);
  onTestFinished(() => proxy.close());
  return proxy;
};

const NOWHERE = 'http://127.0.0.1:9';
const SECURE = 'https://127.0.0.1:9';

describe('the variable with the proxy', () => {
  test.each<[string, (url: string) => Record<string, string>]>([
    ['http_proxy before HTTP_PROXY', (url) => ({ http_proxy: url, HTTP_PROXY: NOWHERE })],
    ['HTTP_PROXY if http_proxy is empty', (url) => ({ http_proxy: '', HTTP_PROXY: url })],
    ['HTTP_PROXY before all_proxy', (url) => ({ HTTP_PROXY: url, all_proxy: NOWHERE })],
    ['all_proxy', (url) => ({ all_proxy: url })],
    ['ALL_PROXY', (url) => ({ ALL_PROXY: url })],
    ['all_proxy before ALL_PROXY', (url) => ({ all_proxy: url, ALL_PROXY: NOWHERE })],
  ])('is %s', async (_, env) => {
    const proxy = await proxyWith();
    const run = await bed.dnx('server list -o ids', { env: env(proxy.url) });
    expect([run.code, run.stderr, proxy.asked.length]).toEqual([0, '', 1]);
  });

  test.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])('is %s for https', async (name) => {
    const proxy = await proxyWith({ refuse: 503 });
    const run = await bed.dnx('daemon create --command top --server 1', { env: { DNX_HOST: SECURE, [name]: proxy.url } });
    expect(run).toExit(13, { says: 'the proxy returned 503' });
    expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT 127.0.0.1:9']));
  });

  test('is not HTTP_PROXY for https', async () => {
    const proxy = await proxyWith();
    const run = await bed.dnx('server list', { env: { DNX_HOST: SECURE, HTTP_PROXY: proxy.url } });
    expect([run.code, proxy.asked]).toEqual([13, []]);
  });
});

describe('a proxy on another machine', () => {
  const far = 'http://far.example:3128';

  test.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY'])('receives no token for this machine from %s', async (name) => {
    await expect(bed.dnx('server list -o ids', { env: { [name]: far } })).toExit(0, { stderr: '', calls: ['GET /servers'] });
    const { stdout } = await bed.dnx('doctor --json', { env: { [name]: far } });
    expect(stdout).toContain(`${name}=${far}, not used for this machine`);
    expect(stdout).not.toContain('left to the proxy');
  });
});

describe('a SOCKS proxy in ALL_PROXY', () => {
  const env = { ALL_PROXY: 'socks5://me:secret@127.0.0.1:9' };

  test('is not supported', async () => {
    const run = await bed.dnx('server list', { env });
    expect(run).toExit(2, { stdout: '', calls: [], says: 'Error: ALL_PROXY is a socks5:// proxy; dnx supports http:// and https://.' });
    expect(run.stderr).not.toContain('secret');
  });

  test.each([{ NO_PROXY: '127.0.0.1' }, { no_proxy: '127.0.0.0/8' }])('does not matter with %j', async (exempt) => {
    await expect(bed.dnx('server list -o ids', { env: { ...env, ...exempt } })).toExit(0, { stderr: '' });
  });
});

describe('the credentials of a proxy', () => {
  test('are decoded', async () => {
    const proxy = await proxyWith();
    const env = { HTTP_PROXY: proxy.url.replace('//', '//me%40work:p%3As%2Fs%C3%A9@') };
    await expect(bed.dnx('server list -o ids', { env })).toExit(0);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('me@work:p:s/sé').toString('base64')}`]);
  });

  test.each([
    ['', 'the proxy requires a username and password.'],
    ['me:secret@', 'the proxy rejected the username and password.'],
  ])('that it rejects are reported once and never printed: %s', async (credentials, words) => {
    for (const scheme of ['http', 'https']) {
      const proxy =
        scheme === 'https' ? await proxyWith({ refuse: 407 }) : await openElsewhere((_, response) => response.writeHead(407).write('No'));
      onTestFinished(() => proxy.close());
      const url = proxy.url.replace('//', `//${credentials}`);
      const run = await bed.dnx('server list --debug', { env: { DNX_HOST: `${scheme}://127.0.0.1:9`, HTTP_PROXY: url, HTTPS_PROXY: url } });
      expect(run).toExit(13, { stdout: '', waited: 0, says: `Error: Could not reach 127.0.0.1:9: ${words}` });
      expect(run.stderr).toContain('HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT');
      expect(run.stderr).not.toContain('secret');
      expect(run.stderr).not.toContain(Buffer.from('me:secret').toString('base64'));
    }
  });
});

test('a change may have gone through if a proxy received it without TLS', async () => {
  const proxy = await openLiar(() => {});
  onTestFinished(() => proxy.close());
  const env = { DNX_HOST: NOWHERE, HTTP_PROXY: proxy.url };
  const run = await bed.dnx('daemon create --command top --server 1', { idleMs: 150, env });
  expect(run).toExit(13, { says: 'no response within 0.15s. The request may have gone through.' });
  expect(proxy.asked.filter((line) => line.startsWith('POST'))).toEqual(['POST http://127.0.0.1:9/api/v1/servers/1/daemons HTTP/1.1']);
});

test('a proxy that is not HTTP is reported', async () => {
  const proxy = await openLiar((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  onTestFinished(() => proxy.close());
  const run = await bed.dnx('api POST /servers', { env: { DNX_HOST: SECURE, HTTPS_PROXY: proxy.url } });
  expect(run).toExit(13, { says: 'could not connect to the proxy: the response is not HTTP' });
});

describe('a tunnel', () => {
  /** A host whose certificate is in the CA file, behind a proxy. */
  async function tunneled(answer: RequestListener) {
    const host = await listen(createServer(selfSigned, answer), 'https');
    const proxy = await proxyWith();
    onTestFinished(host.close);
    writeFileSync(join(bed.directory, 'ca.pem'), selfSigned.cert);
    return { proxy, env: { DNX_HOST: host.url, HTTPS_PROXY: proxy.url, DNX_CA_FILE: 'ca.pem' } };
  }
  const json: RequestListener = (_, response) => response.end('{"data":[{"id":7,"name":"web-1"}]}');

  test('serves several requests', async () => {
    const { proxy, env } = await tunneled(json);
    const run = await bed.dnx('daemon create --command top --server web-1 --debug', { env });
    expect([run.code, run.stderr.match(/^> /gm)?.length, proxy.asked.length]).toEqual([0, 3, 1]);
  });

  test('carries a change that may have gone through once it was sent', async () => {
    const { env } = await tunneled((request) => request.socket.destroy());
    const run = await bed.dnx('daemon create --command top --server 1', { env });
    expect(run).toExit(13, { stdout: '', says: 'connection closed before the response arrived. The request may have gone through.' });
  });
});

describe('a response that a proxy cuts off', () => {
  test('fails a list', async () => {
    const proxy = await proxyWith();
    bed.sandbox.faults.always({ path: '/servers' }, 'cut');
    const run = await bed.dnx('server list', { env: { HTTP_PROXY: proxy.url } });
    expect(run).toExit(13, { stdout: '', says: 'connection closed in the middle of the response.' });
  });

  test('fails a download and leaves no file', async () => {
    const proxy = await proxyWith();
    const api = await openElsewhere((_, response) => {
      response.writeHead(200, { 'content-type': 'application/gzip' });
      response.write('the beginning');
      setTimeout(() => response.destroy(), 20);
    });
    onTestFinished(() => api.close());
    const run = await bed.dnx('backup download 7 -O x.gz', { env: { DNX_HOST: api.url, HTTP_PROXY: proxy.url } });
    expect(run).toExit(13, { stdout: '' });
    expect(run.stderr).toMatch(/The download stopped after \d+ B: connection closed in the middle of the response\./);
    expect((await bed.dnx('backup download 7 -O x.gz', { env: { DNX_HOST: NOWHERE } })).stderr).not.toContain('already exists');
  });
});
