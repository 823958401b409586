import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { type Listening, listen } from '../support/elsewhere.ts';
import { openProxy } from '../support/proxy.ts';

let bed: Bed;
let webhook: Listening;
let received: (string | undefined)[];
beforeEach(async () => {
  bed = await openBed();
  received = [];
  const server = createServer(selfSigned, (request, response) => {
    received.push(request.url);
    request.resume().on('end', () => response.end('ok'));
  });
  webhook = await listen(server, 'https');
  writeFileSync(join(bed.directory, 'ca.pem'), selfSigned.cert);
});
afterEach(() => Promise.all([bed.close(), webhook.close()]));

const deploy = (words: string, env = {}) =>
  bed.dnx(`deploy shop.example.com --server web-1 --notify ${webhook.url}/s3cr3t ${words}`, { env });

test('a webhook with the certificate of --ca-file is trusted', async () => {
  const run = await deploy('--ca-file ca.pem');
  expect([run.code, run.stderr.includes('Could not notify'), received]).toEqual([0, false, ['/s3cr3t']]);
});

test('another certificate is a warning', async () => {
  const run = await deploy('');
  expect([run.code, received]).toEqual([0, []]);
  expect(run.stderr).toMatch(/\n! Could not notify: 127\.0\.0\.1:\d+: the certificate is self-signed\.\n$/);
});

test('a webhook is reached through the proxy', async () => {
  const proxy = await openProxy();
  const run = await deploy('--ca-file ca.pem', { HTTPS_PROXY: proxy.url });
  await proxy.close();
  expect([run.code, received, proxy.asked.length]).toEqual([0, ['/s3cr3t'], 1]);
});
