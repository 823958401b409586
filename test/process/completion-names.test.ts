import { expect } from 'vitest';
import { executableTest as test } from '../support/executable.ts';
import { drip, type Lie, openLiar } from '../support/liar.ts';

/** As the scripts run it. */
const names = ['completion', 'names', 'server', '--no-input', '--max-wait', '1s'];

const OK = 'HTTP/1.1 200 OK\r\n';
const lies: readonly (readonly [does: string, lie: Lie, code: number])[] = [
  ['says nothing', () => {}, 124],
  ['sends headers one byte at a time', (socket) => socket.write(`${OK}X-Slow: `) && drip(socket, 'a', 20), 124],
  ['stops in the body', (socket) => socket.write(`${OK}\r\n{`), 124],
  ['asks to wait a minute', (socket) => socket.write('HTTP/1.1 429 No\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n'), 9],
];

test.concurrent.for(lies)('a Tab ends after two seconds if the API %s', async ([, lie, code], { open, onTestFinished }) => {
  const executable = await open();
  const server = await openLiar(lie);
  onTestFinished(() => server.close());
  const from = performance.now();
  const child = executable.dnx(names, { env: { DNX_HOST: server.url } });
  const limit = setTimeout(() => child.kill('SIGKILL'), 8_000);
  const { exitCode, stdout } = await child;
  clearTimeout(limit);
  expect([exitCode, stdout, performance.now() - from < 6_000]).toEqual([code, '', true]);
});

test('a Tab works with DNX_READ_ONLY', async ({ open }) => {
  const executable = await open();
  const { exitCode, stdout, stderr } = await executable.dnx(names, { env: { DNX_READ_ONLY: '1' } });
  expect([exitCode, stdout, stderr]).toEqual([0, 'web-1\nweb-2\ndb-1\n', '']);
  expect(new Set(executable.sandbox.calls.map(({ method }) => method))).toEqual(new Set(['GET']));
});
