import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';
import { openProxy } from '../support/proxy.ts';

let executable: Executable;
beforeAll(async () => {
  executable = await openExecutable();
});
afterAll(() => executable.close());

test('sandbox run bypasses the proxy', async () => {
  const proxy = await openProxy({ refuse: 403 });
  const env = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, HTTPS_PROXY: proxy.url };
  const run = await executable.dnx(['sandbox', 'run', '--', 'dnx', 'server', 'list', '-o', 'ids'], { env });
  await proxy.close();
  expect([run.exitCode, run.stderr, run.stdout.trim().split('\n').length]).toEqual([0, '', 3]);
  expect(proxy.asked).toEqual([]);
  expect(readdirSync(executable.directory).filter((name) => name.startsWith('dnx-sandbox-'))).toEqual([]);
});
