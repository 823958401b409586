import { describe, expect, onTestFinished, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { type Lie, openLiar } from '../support/liar.ts';
import { openProxy } from '../support/proxy.ts';

const bed = perTest(openBed);

/** A TLS alert of level fatal. */
const alert = (description: number) => Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, description]);

describe.each([
  ['directly', false],
  ['through a proxy', true],
])('a TLS handshake %s', (_, proxied) => {
  test.each<[string, Lie, string]>([
    ['that is cut', (socket) => socket.destroy(), 'connection closed during the TLS handshake.'],
    ['that is reset', (socket) => socket.resetAndDestroy(), 'connection closed during the TLS handshake.'],
    [
      'with plain HTTP',
      (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'the host does not speak TLS (is this an http:// host?).',
    ],
    ['with SSH', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), 'the host does not speak TLS (is this an http:// host?).'],
    ['without a common cipher', (socket) => socket.end(alert(40)), 'the TLS handshake failed.'],
    ['that fails in another way', (socket) => socket.end(alert(80)), 'the TLS handshake failed.'],
  ])('%s is reported, and nothing was sent', async (__, lie, words) => {
    const host = await openLiar(lie, 'https');
    const proxy = await openProxy();
    onTestFinished(async () => {
      await proxy.close();
      await host.close();
    });
    const env = { DNX_HOST: host.url, ...(proxied && { HTTPS_PROXY: proxy.url }) };
    const run = await bed.dnx('daemon create --command top --server 1', { env });
    expect(run).toExit(13, { stdout: '', says: `Error: Could not reach ${host.url.replace('https://', '')}: ${words}` });
    expect(host.asked.length).toBe(1);
  });
});
