import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { openBed } from '../support/dnx.ts';
import { listen } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { openProxy } from '../support/proxy.ts';

const bed = perTest(openBed);

interface Line {
  readonly check: string;
  readonly verdict: string;
  readonly detail: string;
  readonly fix: string | null;
}

/** Each check by its name. */
async function examined(env: Record<string, string>, line = 'doctor --json') {
  const { stdout } = await bed.dnx(line, { env });
  return Object.fromEntries((JSON.parse(stdout) as Line[]).map((each) => [each.check, each]));
}

const proxied = async (refuse?: number) => {
  const proxy = await openProxy(refuse === undefined ? {} : { refuse });
  onTestFinished(() => proxy.close());
  return proxy.url;
};

test('doctor names the proxy in use, which resolves names', async () => {
  const url = await proxied();
  const { proxy, DNS } = await examined({ ALL_PROXY: url, no_proxy: 'example.com' });
  expect(proxy?.detail).toBe(`ALL_PROXY=${url}, except example.com`);
  expect(DNS).toMatchObject({ verdict: 'skipped', detail: 'left to the proxy' });
});

test.each([
  [{ NO_PROXY: '127.0.0.1' }, 'HTTP_PROXY', ', except 127.0.0.1, so not used'],
  [{}, 'HTTPS_PROXY', ', not used for http://'],
])('doctor says that a proxy is not used: %j', async (env, name, words) => {
  const { proxy, DNS } = await examined({ ...env, [name]: 'http://127.0.0.1:9' });
  expect([proxy?.detail, DNS?.verdict]).toEqual([`${name}=http://127.0.0.1:9${words}`, 'ok']);
});

test('doctor reports a proxy that fails', async () => {
  const { DNS, connection } = await examined({ DNX_HOST: 'https://127.0.0.1:9', HTTPS_PROXY: await proxied(503) });
  expect([DNS?.verdict, connection?.verdict]).toEqual(['skipped', 'failed']);
  expect(connection?.detail).toContain('the proxy returned 503.');
});

test('doctor reports a certificate that is not trusted, and then the CA file that is', async () => {
  const server = createServer(selfSigned, (_, response) => response.end('{"data":{"email":"ada@example.com"}}'));
  const { url, close } = await listen(server, 'https');
  onTestFinished(close);
  writeFileSync(join(bed.directory, 'ca.pem'), selfSigned.cert);
  const before = await examined({ DNX_HOST: url });
  expect(before.TLS).toMatchObject({ verdict: 'failed', fix: expect.stringContaining('--ca-file') });
  expect(before.certificates).toBeUndefined();
  const after = await examined({ DNX_HOST: url, NODE_EXTRA_CA_CERTS: '/etc/extra.pem' }, 'doctor --json --ca-file ca.pem');
  expect(after.TLS).toMatchObject({ verdict: 'ok', detail: 'certificate valid' });
  expect(after.certificates?.detail).toBe('also trusts those in ~/ca.pem and /etc/extra.pem');
});

test('doctor reports a CA file that does not exist', async () => {
  const { request } = await examined({ DNX_CA_FILE: 'missing.pem' });
  expect(request).toMatchObject({ verdict: 'failed', detail: 'The CA file ~/missing.pem does not exist.' });
});
