import type { RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import type { HttpRequest, Transport } from '../../src/machine/world.ts';
import { proxiesIn } from '../../src/platform/api/network/proxy.ts';
import { httpTransport } from '../../src/platform/api/network/transport.ts';
import { selfSigned } from '../support/certificate.ts';
import { listen, openElsewhere } from '../support/elsewhere.ts';
import { failureOf, patience, requestTo, textOf } from '../support/exchange.ts';
import { perTest } from '../support/fixtures.ts';
import { openLiar } from '../support/liar.ts';
import { openProxy } from '../support/proxy.ts';

const PATIENT_MS = 10_000;
const HASTY_MS = 150;

/** Writes the beginning of a body. */
const begin = (response: ServerResponse) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('the beginning');
};

type Open = (silenceMs: number, proxy: string, headMs?: number) => Transport;
const transports: readonly [string, Open][] = [
  ['direct', (silenceMs, _, headMs) => httpTransport(patience(silenceMs, headMs))],
  [
    'proxied',
    (silenceMs, proxy, headMs) =>
      httpTransport({ proxyOf: proxiesIn({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy }), ...patience(silenceMs, headMs) }),
  ],
];

describe.each(transports)('the %s transport', (_, openTransport) => {
  const proxy = perTest(openProxy);
  const server = perTest(() => openElsewhere((request, response) => answer(request, response)));
  let answer: RequestListener;

  const ask = (request: Partial<HttpRequest> = {}): HttpRequest => requestTo(`${server.url}/things`, request);

  const open = (idleMs: number): Transport => {
    const transport = openTransport(idleMs, proxy.url);
    onTestFinished(() => transport.close());
    return transport;
  };

  test.each([200, 201, 204, 302, 404, 422, 429, 500, 503])('returns status %i unchanged', async (status) => {
    answer = (_, response) => response.writeHead(status, { location: 'http://127.0.0.1:9/elsewhere' }).end();
    const reply = await open(PATIENT_MS).request(ask());
    expect([reply.status, reply.headers.location]).toEqual([status, 'http://127.0.0.1:9/elsewhere']);
    expect(await textOf(reply.body)).toBe('');
    expect(server.requests).toHaveLength(1);
  });

  test('lowercases header names and joins repeated headers', async () => {
    answer = (_, response) => response.writeHead(200, { 'X-RateLimit-Limit': '60', 'X-Two': ['a', 'b'] }).end();
    const { headers } = await open(PATIENT_MS).request(ask());
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '60', 'x-two': 'a, b' });
  });

  test('sends the request unchanged', async () => {
    let received = '';
    answer = async (request, response) => {
      received = await textOf(request);
      response.end('ok');
    };
    const headers = { 'content-type': 'application/json', authorization: 'Bearer 17|abc' };
    const reply = await open(PATIENT_MS).request(ask({ method: 'POST', url: `${server.url}/a%20b?c=d`, headers, body: '{"é":1}' }));
    expect(await textOf(reply.body)).toBe('ok');
    const [request] = server.requests;
    expect([request?.method, request?.url, received]).toEqual(['POST', '/a%20b?c=d', '{"é":1}']);
    expect(request?.headers).toMatchObject({ ...headers, 'content-length': '8' });
  });

  test('reads a character that arrives in two chunks', async () => {
    const [one, two] = [Buffer.from('{"name":"caf\u00e9"}').subarray(0, 13), Buffer.from('{"name":"caf\u00e9"}').subarray(13)];
    answer = (_, response) => {
      response.write(one);
      setImmediate(() => response.end(two));
    };
    expect(await textOf((await open(PATIENT_MS).request(ask())).body)).toBe('{"name":"café"}');
  });

  test('reports a connection closed before the response as sent', async () => {
    answer = (request) => request.socket.destroy();
    const failure = await failureOf(open(PATIENT_MS).request(ask({ method: 'POST', body: '{}' })));
    expect(failure).toEqual({ message: 'connection closed before the response arrived', sent: true });
  });

  test('reports a connection closed in the middle of the response', async () => {
    answer = (request, response) => {
      begin(response);
      setImmediate(() => request.socket.destroy());
    };
    const reading = open(PATIENT_MS)
      .request(ask())
      .then(({ body }) => textOf(body));
    expect(await failureOf(reading)).toEqual({ message: 'connection closed in the middle of the response', sent: true });
  });

  describe('an aborted request', () => {
    const reason = new Error('Ctrl-C');

    test('rejects with the reason before it is sent', async () => {
      answer = (_, response) => response.end();
      expect(await failureOf(open(PATIENT_MS).request(ask({ signal: AbortSignal.abort(reason) })))).toBe(reason);
      expect(server.requests).toEqual([]);
    });

    test('rejects with the reason while it waits for the response', async () => {
      const interruption = new AbortController();
      answer = () => interruption.abort(reason);
      expect(await failureOf(open(PATIENT_MS).request(ask({ signal: interruption.signal })))).toBe(reason);
    });

    test('rejects with the reason in the middle of a body without a length', async () => {
      const liar = await openLiar((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nabc'));
      onTestFinished(() => liar.close());
      const interruption = new AbortController();
      const { body } = await open(PATIENT_MS).request(ask({ url: liar.url, signal: interruption.signal }));
      const reading = failureOf(textOf(body));
      interruption.abort(reason);
      expect(await reading).toBe(reason);
    });

    test('rejects with the reason in the middle of a body', async () => {
      const interruption = new AbortController();
      answer = (_, response) => begin(response);
      const { body } = await open(PATIENT_MS).request(ask({ signal: interruption.signal }));
      const reading = failureOf(textOf(body));
      interruption.abort(reason);
      expect(await reading).toBe(reason);
    });
  });

  test('rejects a self-signed certificate before anything is sent', async () => {
    let asked = 0;
    const secure = createTlsServer(selfSigned, (_, response) => {
      asked += 1;
      response.end();
    });
    const { url, close } = await listen(secure, 'https');
    onTestFinished(close);
    const failure = await failureOf(open(PATIENT_MS).request(ask({ url, method: 'POST', body: '{}' })));
    expect(failure).toEqual({ message: 'the certificate is self-signed', sent: false });
    expect(asked).toBe(0);
  });

  test('close ends a request in progress', async () => {
    const transport = openTransport(PATIENT_MS, proxy.url);
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    answer = () => arrived();
    const failure = failureOf(transport.request(ask()));
    await arrival;
    await transport.close();
    expect(await failure).toMatchObject({ sent: true });
  });
});

// These wait in real time, concurrently.
describe.concurrent.each(transports)('the %s transport with a time limit', (_, openTransport) => {
  async function open(silenceMs: number, answer: RequestListener, finished: TestContext['onTestFinished'], headMs = PATIENT_MS) {
    const proxy = await openProxy();
    const server = await openElsewhere(answer);
    const transport = openTransport(silenceMs, proxy.url, headMs);
    finished(async () => {
      await transport.close();
      await server.close();
      await proxy.close();
    });
    return { request: (request: Partial<HttpRequest> = {}) => transport.request(requestTo(`${server.url}/things`, request)) };
  }

  test('reports no response as sent', async ({ onTestFinished }) => {
    const { request } = await open(HASTY_MS, () => {}, onTestFinished, 1_000);
    const failure = await failureOf(request({ method: 'POST', body: '{}' }));
    expect(failure).toEqual({ message: 'no response within 1s', sent: true });
  });

  test('gives a large request more time', async ({ onTestFinished }) => {
    const { request } = await open(
      HASTY_MS,
      (_, response) => void setTimeout(() => response.end('ok'), 4 * HASTY_MS),
      onTestFinished,
      HASTY_MS,
    );
    expect((await request({ method: 'POST', body: 'a'.repeat(640_000) })).status).toBe(200);
  });

  test('reports a stalled body without a length', async ({ onTestFinished }) => {
    const liar = await openLiar((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nabc'));
    onTestFinished(() => liar.close());
    const { request } = await open(HASTY_MS, () => {}, onTestFinished);
    const { body, file } = await request({ url: liar.url });
    expect(await failureOf(textOf(file))).toEqual({ message: 'the response stalled for 0.15s', sent: true });
    expect(await failureOf(textOf(body))).toMatchObject({ sent: true });
  });

  test('reports a stalled body', async ({ onTestFinished }) => {
    const { request } = await open(HASTY_MS, (_, response) => begin(response), onTestFinished);
    const { body } = await request();
    expect(await failureOf(textOf(body))).toEqual({ message: 'the response stalled for 0.15s', sent: true });
  });

  test('does not report a slow reader as a stall', async ({ onTestFinished }) => {
    const { request } = await open(HASTY_MS, (_, response) => void response.end(Buffer.alloc(5_000_000)), onTestFinished);
    let size = 0;
    for await (const chunk of (await request()).file) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 3 * HASTY_MS));
      size += chunk.length;
    }
    expect(size).toBe(5_000_000);
  });

  test('reads a slow body while a kilobyte arrives', async ({ onTestFinished }) => {
    const pieces = 12;
    const piece = '.'.repeat(1_000);
    const drip: RequestListener = (_, response) => {
      let left = pieces;
      const timer = setInterval(() => {
        response.write(piece);
        left -= 1;
        if (left > 0) return;
        clearInterval(timer);
        response.end();
      }, 100);
    };
    const { request } = await open(1_000, drip, onTestFinished);
    expect(await textOf((await request()).body)).toBe(piece.repeat(pieces));
  });
});
