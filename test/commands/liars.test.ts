import { createServer as createTlsServer } from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { type Elsewhere, listen, openElsewhere, openJson } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { drip, flood, type Liar, type Lie, openLiar } from '../support/liar.ts';
import { openProxy } from '../support/proxy.ts';
import { leading } from '../support/volume.ts';

const bed = perTest(openBed);

async function liar(lie: Lie, scheme = 'http'): Promise<Liar> {
  const opened = await openLiar(lie, scheme);
  onTestFinished(() => opened.close());
  return opened;
}

async function jsonServer(...args: Parameters<typeof openJson>): Promise<Elsewhere> {
  const server = await openJson(...args);
  onTestFinished(() => server.close());
  return server;
}

const at = (host: { readonly url: string }, options: RunOptions = {}): RunOptions => ({
  ...options,
  env: { DNX_HOST: host.url, ...options.env },
});

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const read = 'server list';
const change = 'daemon create --command top --server 7';

describe('a response that never arrives or never ends', () => {
  test.each<[string, Lie]>([
    ['nothing', () => {}],
    ['interim responses', (socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 10)],
    ['headers one byte at a time', (socket) => socket.write(`${HEAD}X-Slow: `) && drip(socket, 'a', 10)],
  ])('exits 13 after one attempt: %s', async (_, lie) => {
    const server = await liar(lie);
    const run = await bed.dnx(read, at(server, { idleMs: 150 }));
    expect([run.code, run.stdout, run.stderr.split('\n')[0]]).toEqual([
      13,
      '',
      `Error: Could not reach ${server.url.replace('http://', '')}: no response within 0.15s.`,
    ]);
    expect(server.asked).toHaveLength(1);
  });

  test('exits 13 after a change, which may have gone through', async () => {
    const server = await liar(() => {});
    const run = await bed.dnx(change, at(server, { idleMs: 150 }));
    expect(run).toExit(13, { says: 'no response within 0.15s. The request may have gone through.' });
    // The list before and after the POST.
    expect(server.asked.map((each) => each.split(' ')[0])).toEqual(['GET', 'POST', 'GET']);
  });

  test('exits 13 if the body stalls', async () => {
    const server = await liar((socket) => socket.write(`${HEAD}Content-Length: 100\r\n\r\n{"data":`));
    await expect(bed.dnx(read, at(server, { idleMs: 150 }))).toExit(13, { says: 'the response stalled for 0.15s.' });
    expect(server.asked).toHaveLength(1);
  });

  test('exits 13 if the body arrives one byte at a time', async () => {
    const server = await liar((socket) => socket.write(`${HEAD}\r\n{"data":"`) && drip(socket, 'a', 10));
    await expect(bed.dnx(read, at(server, { bodyMs: 200 }))).toExit(13, { says: 'the response took longer than 0.2s.' });
    const refused = await liar((socket) => socket.write(`${HEAD.replace('200 OK', '500 No')}\r\n`) && drip(socket, 'a', 10));
    await expect(bed.dnx('backup download 7', at(refused, { bodyMs: 200 }))).toExit(13, { says: 'the response took longer than 0.2s.' });
    await expect(bed.dnx(read, at(server, { idleMs: 200 }))).toExit(13, { says: 'the response stalled for 0.2s.' });
  });

  test('does not wait for the body of a 429', async () => {
    const server = await liar((socket) => socket.write('HTTP/1.1 429 No\r\nRetry-After: 1\r\n\r\n') && drip(socket, 'a', 10));
    const run = await bed.dnx(read, at(server, { bodyMs: 100, env: { DNX_MAX_WAIT: '30s' } }));
    expect(run).toExit(13, { says: 'the response took longer than 0.1s.' });
    expect(server.asked.length).toBeGreaterThan(20);
  });
});

describe('a response without an end', () => {
  const endless: Lie = (socket) => {
    socket.write(`${HEAD}\r\n{"data":"`);
    flood(socket, Buffer.alloc(65_536, 'a'));
  };

  test('is read up to DNX_MAX_RESPONSE and exits 1 after one attempt', async () => {
    const server = await liar(endless);
    const run = await bed.dnx(read, at(server, { env: { DNX_MAX_RESPONSE: '1MB' } }));
    expect(run.stderr).toBe(
      `Error: Could not read the response from ${server.url.replace('http://', '')}: the response is larger than 1 MB.\n  Raise DNX_MAX_RESPONSE, such as to 256MB, or request less data.\n`,
    );
    expect([run.code, run.stdout, server.asked.length]).toEqual([1, '', 1]);
    const sent = await bed.dnx(change, at(server, { env: { DNX_MAX_RESPONSE: '1' } }));
    expect(sent).toExit(13, { says: 'larger than 1 MB. The request may have gone through.' });
  });

  test('is read up to 64 MB by default, whatever its Content-Length', async () => {
    const server = await liar((socket, asked) => {
      if (asked.includes('/user')) socket.write(`${HEAD}Content-Length: 2000000000\r\n\r\n`);
      else socket.write(`${HEAD}\r\n`);
      flood(socket, Buffer.alloc(1_000_000, ' '));
    });
    for (const line of leading([read, 'api GET /user', 'api GET /user -i'], 2)) {
      await expect(bed.dnx(line, at(server))).toExit(1, { says: 'the response is larger than 64 MB.' });
    }
  });

  test.each(['0', '-1', '1GB', '501', 'lots', '1.5'])('DNX_MAX_RESPONSE=%s fails before any request', async (value) => {
    const run = await bed.dnx(read, { env: { DNX_MAX_RESPONSE: value } });
    expect(run).toExit(2, { calls: [], says: `DNX_MAX_RESPONSE is not a valid size: '${value}'.` });
  });
});

describe('unusual JSON', () => {
  const deep = (levels: number) => `${'{"data":['.repeat(levels / 2)}${']}'.repeat(levels / 2)}`;

  test.each(leading([514, 200_000, 5_000], 2))('fails if it is nested %i levels deep', async (levels) => {
    const server = await jsonServer(() => deep(levels));
    for (const line of [
      read,
      `${read} --json`,
      'api GET /user',
      'api GET /user --query data',
      'api GET /user -o yaml',
      'deploy 7 --server 7',
    ]) {
      const run = await bed.dnx(line, at(server));
      expect(run).toExit(1, { stdout: '', says: 'Could not read the response (200): it is nested more than 512 levels deep.' });
    }
  });

  test('that is nested too deep is a lost response of a create, and leaves the status of an error', async () => {
    const server = await openElsewhere((request, response) => {
      response.writeHead(request.method === 'PUT' ? 401 : 201).end(request.method === 'GET' ? '[]' : deep(514));
    });
    onTestFinished(() => server.close());
    await expect(bed.dnx(change, at(server))).toExit(13, { stdout: '', says: 'No new daemon was found' });
    await expect(bed.dnx('daemon update 7 --command top --server 7', at(server))).toExit(4);
  });

  test('is printed if it is nested 500 levels deep', async () => {
    const server = await jsonServer(() => deep(500));
    for (const line of ['api GET /user', 'api GET /user -o yaml', 'api GET /user -o csv', 'api GET /user --query data'])
      await expect(bed.dnx(line, at(server))).toExit(0, { stderr: '' });
  });

  test('may start with a byte order mark', async () => {
    const server = await jsonServer(() => '\ufeff{"data":[{"id":7}]}');
    expect((await bed.dnx('server list -o ids', at(server))).stdout).toBe('7\n');
  });

  test.each([
    ['"text"', 'text'],
    ['5', '5'],
    ['true', 'true'],
    ['{"data":"text"}', 'text'],
    ['{"data":7}', '7'],
    ['{"data":{"id":1}}', 'an object'],
    ['', '200 without a body'],
    ['{}', 'no data'],
    ['null', 'no data'],
    ['{"data":null}', 'no data'],
    ['{"message":"None."}', 'the message “None.”'],
  ])('%s is not a list', async (body, words) => {
    const server = await jsonServer(() => body);
    await expect(bed.dnx(read, at(server))).toExit(1, { stdout: '', says: `GET /servers returned ${words} instead of a list.` });
  });

  test.each(['[]', '{"data":[]}', '[null,null]'])('%s is an empty list', async (body) => {
    const server = await jsonServer(() => body);
    await expect(bed.dnx('server list -o ids', at(server))).toExit(0, { stdout: '' });
  });
});

describe('a connection that fails', () => {
  test('exits 13 after one attempt if the proxy never connects', async () => {
    const proxy = await liar(() => {});
    const env = { DNX_HOST: 'https://127.0.0.1:9', HTTPS_PROXY: proxy.url };
    await expect(bed.dnx(read, { idleMs: 150, env })).toExit(13, { says: 'could not connect to the proxy: no connection within 0.15s.' });
    await expect(bed.dnx(change, { idleMs: 150, env })).toExit(13, { says: 'Could not reach' });
    expect(proxy.asked).toEqual(Array(2).fill('CONNECT 127.0.0.1:9 HTTP/1.1'));
  });

  test.each(['direct', 'proxied'])('sends nothing if TLS fails: %s', async (way) => {
    const proxy = await openProxy();
    onTestFinished(() => proxy.close());
    const env = way === 'proxied' ? { HTTPS_PROXY: proxy.url } : {};
    let performed = 0;
    const mute = await liar(() => {}, 'https');
    const closing = await liar((socket) => socket.destroy(), 'https');
    const plain = await liar((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'https');
    const untrusted = await listen(
      createTlsServer(selfSigned, () => {
        performed += 1;
      }),
      'https',
    );
    onTestFinished(untrusted.close);
    for (const server of [mute, closing, plain, untrusted]) {
      const run = await bed.dnx(change, at(server, { idleMs: 300, env }));
      expect(run).toExit(13, { stderr: expect.stringMatching(/^Error: Could not reach /) });
    }
    expect(performed).toBe(0);
  });

  test('exits 13 after one attempt if the host switches to another protocol', async () => {
    const server = await liar((socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'));
    await expect(bed.dnx(read, at(server))).toExit(13, { stdout: '', says: 'the host switched to another protocol.' });
    await expect(bed.dnx(change, at(server))).toExit(13, { says: 'another protocol. The request may have gone through.' });
    expect(server.asked.map((each) => each.split(' ')[0])).toEqual(['GET', 'GET', 'POST', 'GET']);
  });

  test('exits 13 if the response is not HTTP', async () => {
    const server = await liar((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const run = await bed.dnx(read, at(server));
    expect([run.code, run.stderr]).toEqual([13, expect.stringContaining('the response is not HTTP (is this an https:// host?).')]);
  });
});
