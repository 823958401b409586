import { existsSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const serve = async (answer: RequestListener) => {
  const server = await openElsewhere(answer);
  onTestFinished(() => server.close());
  return server;
};

/** Responds with these bytes in this encoding. */
const sending =
  (encoding: string, bytes: Buffer): RequestListener =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding }).end(bytes);

const list = JSON.stringify({ data: [{ id: 7, name: 'web-1' }] });

describe('a compressed response', () => {
  test.each([
    ['gzip', gzipSync(list)],
    ['x-gzip', gzipSync(list)],
    ['GZIP', gzipSync(list)],
    ['deflate', deflateSync(list)],
    ['br', brotliCompressSync(list)],
    ['identity', Buffer.from(list)],
    ['', Buffer.from(list)],
  ])('with the encoding %j is read', async (encoding, bytes) => {
    const api = await serve(sending(encoding, bytes));
    await expect(bed.dnx('server list -o ids', { env: { DNX_HOST: api.url } })).toExit(0, { stdout: '7\n', stderr: '' });
    expect(api.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['gzip, br']);
  });

  test('may be an error', async () => {
    const api = await serve((_, response) =>
      response.writeHead(422, { 'content-encoding': 'gzip' }).end(gzipSync(`{"message":"No, ${bed.sandbox.token}."}`)),
    );
    await expect(bed.dnx('daemon create --command top --server 1', { env: { DNX_HOST: api.url } })).toExit(7, { says: 'No, ***' });
  });

  test.each([200, 204])('with status %i may be empty', async (status) => {
    const api = await serve((_, response) => response.writeHead(status, { 'content-encoding': 'gzip' }).end());
    const run = await bed.dnx('daemon delete 7 --server 1 --yes', { env: { DNX_HOST: api.url } });
    expect(run).toExit(0, { stdout: expect.stringContaining('Deleted') });
  });

  test.each([
    ['cut off', 'gzip', gzipSync(list).subarray(0, 20)],
    ['cut off', 'br', brotliCompressSync(list).subarray(0, 20)],
    ['damaged', 'gzip', Buffer.from(list)],
    ['damaged', 'deflate', Buffer.from(list)],
    ['damaged', 'br', Buffer.from(list)],
  ])('that is %s fails: %s', async (_, encoding, bytes) => {
    const api = await serve(sending(encoding, bytes));
    const env = { DNX_HOST: api.url };
    const run = await bed.dnx('server list', { env });
    expect(run).toExit(1, { stdout: '' });
    expect(run.stderr).toMatch(/Could not read the response from .*: the compressed response is damaged\./);
    await expect(bed.dnx('daemon create --command top --server 1', { env })).toExit(13, { says: 'The request may have gone through.' });
    expect(api.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test.each(['zstd', 'gzip, br', 'constructor'])('with the encoding %s fails', async (encoding) => {
    const api = await serve(sending(encoding, Buffer.from(list)));
    const run = await bed.dnx('server list', { env: { DNX_HOST: api.url } });
    expect(run).toExit(1, { stdout: '', says: 'the response has a content encoding that dnx does not support.' });
  });

  test('is too large if it is once decompressed', async () => {
    const api = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const gzip = createGzip();
      gzip.pipe(response);
      const chunk = Buffer.alloc(1_000_000, ' ');
      const fill = (left: number): void => (left === 0 ? void gzip.end('[]') : void gzip.write(chunk, () => fill(left - 1)));
      fill(80);
    });
    const run = await bed.dnx('server list', { env: { DNX_HOST: api.url } });
    expect([run.code, run.stdout, api.requests.length]).toEqual([1, '', 1]);
    expect(run.stderr).toContain('the response is larger than 64 MB.');
    expect(run.stderr).toContain('Raise DNX_MAX_RESPONSE');
  });
});

describe('a download', () => {
  const content = gzipSync('content');
  const download = async (headers: Record<string, string>, bytes: Buffer) => {
    const api = await serve((_, response) => response.writeHead(200, headers).end(bytes));
    const run = await bed.dnx('backup download 7', { env: { DNX_HOST: api.url } });
    expect(api.requests.map((request) => request.headers['accept-encoding'])).toEqual(['identity']);
    return run;
  };

  test.each([
    [{ 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename="db.sql.gz"' }, 'db.sql.gz'],
    [{ 'content-type': 'application/gzip' }, 'backup-7'],
  ])('with %j is saved as it is, although the store calls it compressed', async (headers, file) => {
    const run = await download({ ...headers, 'content-encoding': 'gzip' }, content);
    expect(run).toExit(0, { stdout: expect.stringContaining(`Saved ${file}`) });
    expect(readFileSync(join(bed.directory, file))).toEqual(content);
  });

  test.each([
    [{ 'content-encoding': 'br', 'content-disposition': 'attachment; filename="db.sql.gz"' }],
    [{ 'content-encoding': 'gzip', 'content-disposition': 'attachment; filename="db.sql"' }],
    [{ 'content-encoding': 'gzip', 'content-type': 'application/octet-stream' }],
  ])('with %j is refused, because it is not the file', async (headers) => {
    await expect(download(headers, content)).toExit(1, { stdout: '', says: 'compressed the download, which dnx did not request.' });
    for (const name of ['db.sql.gz', 'db.sql', 'backup-7']) expect(existsSync(join(bed.directory, name))).toBe(false);
  });
});
