import type { RequestListener } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HttpRequest } from '../../src/machine/world.ts';
import { proxiesIn } from '../../src/platform/api/network/proxy.ts';
import { httpTransport, openNetwork } from '../../src/platform/api/network/transport.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { after, closedPort, failureOf, patience, requestTo, textOf } from '../support/exchange.ts';
import { perTest } from '../support/fixtures.ts';
import { openLiar } from '../support/liar.ts';
import { openProxy } from '../support/proxy.ts';

const PATIENT_MS = 10_000;

const proxy = perTest(openProxy);
const server = perTest(() => openElsewhere(answer));
const answer: RequestListener = (_, response) => response.end('ok');

const ask = (request: Partial<HttpRequest> = {}): HttpRequest => requestTo(`${server.url}/things`, request);

describe('a refused connection', () => {
  test('reports that nothing was sent', async () => {
    const transport = httpTransport(patience(PATIENT_MS));
    expect(await failureOf(transport.request(ask({ url: await closedPort(), method: 'POST', body: '{}' })))).toEqual({
      message: 'connection refused',
      sent: false,
    });
  });

  test('is reported if the proxy refuses it', async () => {
    const transport = httpTransport({ proxyOf: proxiesIn({ HTTP_PROXY: await closedPort() }), ...patience(PATIENT_MS) });
    onTestFinished(() => transport.close());
    expect(await failureOf(transport.request(ask({ method: 'POST', body: '{}' })))).toEqual({
      message: 'could not connect to the proxy: connection refused',
      sent: false,
    });
  });
});

test('a body without a length is incomplete if its connection is reset', async () => {
  const liar = await openLiar((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nabc', () => setTimeout(() => socket.resetAndDestroy(), 20)));
  onTestFinished(() => liar.close());
  const reading = httpTransport(patience(PATIENT_MS))
    .request(ask({ url: liar.url }))
    .then(({ body }) => textOf(body));
  expect(await failureOf(reading)).toEqual({ message: 'connection closed in the middle of the response', sent: true });
});

test('an unknown host name is reported', async () => {
  const transport = httpTransport(patience(PATIENT_MS));
  expect(await failureOf(transport.request(ask({ url: 'http://no-such-host.invalid/' })))).toMatchObject({
    message: 'host not found',
    sent: false,
  });
});

test.each([
  [0, 'the proxy closed the connection'],
  [407, 'the proxy requires a username and password'],
  [502, 'the proxy returned 502'],
])('a proxy that refuses with %i is not retried', async (refuse, message) => {
  const refusing = await openProxy({ refuse });
  onTestFinished(() => refusing.close());
  const transport = httpTransport({ proxyOf: proxiesIn({ HTTPS_PROXY: refusing.url }), ...patience(PATIENT_MS) });
  onTestFinished(() => transport.close());
  const failure = await failureOf(transport.request(ask({ url: 'https://deploynix.invalid/', method: 'POST', body: '{}' })));
  expect(failure).toEqual({ message, sent: false });
  expect(refusing.asked).toEqual(['CONNECT deploynix.invalid:443']);
});

test('a tunnel to an IPv6 address has it in brackets', async () => {
  const refusing = await openProxy({ refuse: 502 });
  onTestFinished(() => refusing.close());
  const transport = httpTransport({ proxyOf: proxiesIn({ HTTPS_PROXY: refusing.url }), ...patience(PATIENT_MS) });
  onTestFinished(() => transport.close());
  expect(await failureOf(transport.request(ask({ url: 'https://[::1]/' })))).toMatchObject({ message: 'the proxy returned 502' });
  expect(refusing.asked).toEqual(['CONNECT [::1]:443']);
});

describe('a proxy that never connects', () => {
  const waiting = async () => {
    const mute = await openLiar(() => {});
    onTestFinished(() => mute.close());
    const transport = httpTransport({ proxyOf: proxiesIn({ HTTPS_PROXY: mute.url }), ...patience(PATIENT_MS) });
    const interruption = new AbortController();
    const failure = failureOf(transport.request(ask({ url: 'https://deploynix.invalid/', signal: interruption.signal })));
    await expect.poll(() => mute.asked).toEqual(['CONNECT deploynix.invalid:443 HTTP/1.1']);
    return { transport, interruption, failure };
  };

  test('does not delay Ctrl-C', async () => {
    const { transport, interruption, failure } = await waiting();
    const reason = new Error('Ctrl-C');
    interruption.abort(reason);
    expect(await failure).toBe(reason);
    await transport.close();
  });

  test('does not outlast the transport', async () => {
    const { transport, failure } = await waiting();
    await transport.close();
    expect(await failure).toEqual({ message: 'the proxy closed the connection', sent: false });
  });
});

describe('a request', () => {
  const throughProxy = async (env: Record<string, string>): Promise<boolean> => {
    const transport = await openNetwork({ env, after, caFile: undefined });
    onTestFinished(() => transport.close());
    expect(await textOf((await transport.request(ask())).body)).toBe('ok');
    return proxy.asked.length > 0;
  };

  test('is direct without proxy variables', async () => expect(await throughProxy({})).toBe(false));
  test.each(['HTTP_PROXY', 'http_proxy'])('uses the proxy in %s', async (name) =>
    expect(await throughProxy({ [name]: proxy.url })).toBe(true),
  );
  test('ignores HTTPS_PROXY for http', async () => expect(await throughProxy({ HTTPS_PROXY: proxy.url })).toBe(false));
  test.each(['127.0.0.1', 'other.test,127.0.0.1', '*'])('bypasses the proxy with NO_PROXY=%s', async (value) =>
    expect(await throughProxy({ HTTP_PROXY: proxy.url, NO_PROXY: value })).toBe(false),
  );
  test('uses the proxy if NO_PROXY names another host', async () =>
    expect(await throughProxy({ HTTP_PROXY: proxy.url, no_proxy: 'example.com' })).toBe(true));
  test("sends the proxy's credentials only to the proxy", async () => {
    expect(await throughProxy({ HTTP_PROXY: proxy.url.replace('//', '//me:secret@') })).toBe(true);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('me:secret').toString('base64')}`]);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});
