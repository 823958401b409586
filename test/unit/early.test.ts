import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Transport } from '../../src/machine/world.ts';
import { openNetwork } from '../../src/platform/api/network/transport.ts';
import { after, closedPort, failureOf, requestTo, textOf } from '../support/exchange.ts';
import { openProxy } from '../support/proxy.ts';
import { openSecure, type Secure } from '../support/secure.ts';

let now = 0;
let server: Secure;
let network: Transport;
const open = (env: Readonly<Record<string, string>> = {}) => openNetwork({ env, after, caFile: server.caFile, elapsed: () => now });
beforeEach(async () => {
  server = await openSecure((_, response) => response.end('{}'));
  network = await open();
});
afterEach(async () => {
  await network.close();
  await server.close();
});

const post = (transport = network) => transport.request(requestTo(`${server.url}/things`, { method: 'POST', body: '{}' }));

/** Closes a connection of the server, and waits until its client sees that. */
async function closed(socket: Socket | undefined): Promise<void> {
  socket?.destroy();
  await once(socket as Socket, 'close');
  await new Promise((resolve) => setImmediate(resolve));
}

test('a request takes the connection that was opened before it', async () => {
  await network.open?.(server.url);
  await server.secured(1);
  expect(await textOf((await post()).body)).toBe('{}');
  expect(server.connections).toHaveLength(1);
});

test('a request waits for the connection that is being opened', async () => {
  await network.open?.(server.url);
  expect((await post()).status).toBe(200);
  expect(server.connections).toHaveLength(1);
});

test.each<readonly [string, () => unknown]>([
  ['is older than 5 s', () => (now += 5_001)],
  ['the server has closed', () => closed(server.connections[0])],
])('a request does not take one that %s', async (_, spoil) => {
  await network.open?.(server.url);
  await server.secured(1);
  await spoil();
  expect((await post()).status).toBe(200);
  expect(server.connections).toHaveLength(2);
});

test('a request does not take one that the server closed before TLS began', async () => {
  let depart = () => {};
  const held: typeof after = (ms, callback) => {
    if (ms > 0) return after(ms, callback);
    depart = callback;
    return () => {};
  };
  const late = await openNetwork({ env: {}, after: held, caFile: server.caFile, elapsed: () => now });
  await late.open?.(server.url);
  await expect.poll(() => server.connections).toHaveLength(1);
  await closed(server.connections[0]);
  depart();
  expect((await post(late)).status).toBe(200);
  expect(server.connections).toHaveLength(2);
  await late.close();
});

test('a request to another host does not take it', async () => {
  const other = await openSecure((_, response) => response.end('{}'));
  await network.open?.(other.url);
  expect((await post()).status).toBe(200);
  expect(server.connections).toHaveLength(1);
  await other.close();
});

test('what cannot be reached is reported by the request alone', async () => {
  const url = (await closedPort()).replace('http:', 'https:');
  await network.open?.(url);
  expect(await failureOf(network.request(requestTo(url)))).toEqual({ message: 'connection refused', sent: false });
});

test('a certificate that is not trusted is reported by the request', async () => {
  const stranger = await openNetwork({ env: {}, after, caFile: undefined, elapsed: () => now });
  await stranger.open?.(server.url);
  expect(await failureOf(post(stranger))).toMatchObject({ sent: false });
  await stranger.close();
});

test('nothing is opened through a proxy, or without TLS', async () => {
  const proxy = await openProxy();
  const proxied = await open({ HTTPS_PROXY: proxy.url });
  await proxied.open?.(server.url);
  await network.open?.(server.url.replace('https:', 'http:'));
  expect((await post(proxied)).status).toBe(200);
  expect(server.connections).toHaveLength(1);
  await proxied.close();
  await proxy.close();
});
