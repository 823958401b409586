import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { openLiar } from '../support/liar.ts';
import { openProxy } from '../support/proxy.ts';

const bed = perTest(openBed);

const list = '{"data":[{"id":7,"name":"web-1"}]}';
const head = (...lines: readonly string[]) => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`;

/** Runs dnx against a host that sends this text and closes the connection. */
async function answered(text: string, { line = 'server list -o ids', proxied = false } = {}) {
  const host = await openLiar((socket) => socket.end(text));
  const proxy = await openProxy();
  onTestFinished(async () => {
    await proxy.close();
    await host.close();
  });
  return bed.dnx(line, { env: { DNX_HOST: host.url, ...(proxied && { HTTP_PROXY: proxy.url }) } });
}

describe.each([
  ['directly', false],
  ['through a proxy', true],
])('a response %s', (_, proxied) => {
  test.each([
    ['the length', head(`Content-Length: ${list.length}`) + list],
    ['chunks', `${head('Transfer-Encoding: chunked')}${list.length.toString(16)}\r\n${list}\r\n0\r\n\r\n`],
    ['an interim response', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${head(`Content-Length: ${list.length}`)}${list}`],
    ['HTTP/1.0 and no length', `HTTP/1.0 200 OK\r\n\r\n${list}`],
    ['neither length nor chunks', head('Connection: close') + list],
  ])('with %s is complete', async (_, text) => {
    await expect(answered(text, { proxied })).toExit(0, { stdout: '7\n', stderr: '' });
  });

  test.each([
    ['less than its length', head('Content-Length: 100') + list],
    ['no last chunk', `${head('Transfer-Encoding: chunked')}${list.length.toString(16)}\r\n${list}\r\n`],
    ['half a chunk', `${head('Transfer-Encoding: chunked')}ff\r\n${list}`],
  ])('with %s is cut off', async (_, text) => {
    await expect(answered(text, { proxied })).toExit(13, { stdout: '', says: 'connection closed in the middle of the response.' });
    const download = await answered(text, { line: 'backup download 7 -O x.gz', proxied });
    expect([download.code, download.stdout, existsSync(join(bed.directory, 'x.gz'))]).toEqual([13, '', false]);
    expect(download.stderr).toContain('No file was saved.');
  });
});

test('more than the length of a response does not matter', async () => {
  await expect(answered(head('Content-Length: 10') + list)).toExit(1, { stdout: '', says: 'The response to GET /servers is not JSON.' });
});

test('a 204 has no content, whatever follows', async () => {
  const run = await answered(`HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n${list}`, { line: 'daemon delete 7 --server 1 --yes' });
  expect(run).toExit(0, { stdout: expect.stringContaining('Deleted') });
});
