import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openExecutable, type Started } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { drip, type Lie, openLiar } from '../support/liar.ts';
import { canIsolate } from '../support/programs.ts';
import { deep } from '../support/volume.ts';

const executable = perTest(openExecutable);

/** Sends the signal and expects the process to end within a second. */
async function ended(child: Started, signal: NodeJS.Signals) {
  const from = performance.now();
  child.kill(signal);
  const run = await child;
  expect(performance.now() - from).toBeLessThan(1_000);
  return run;
}

const OK = 'HTTP/1.1 200 OK\r\n';
const stages: Readonly<Record<string, { lie: Lie; scheme?: string; proxy?: boolean; args?: readonly string[] }>> = {
  'a proxy that never connects': { lie: () => {}, proxy: true },
  'a TLS handshake that never ends': { lie: () => {}, scheme: 'https' },
  'interim responses': { lie: (socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n', 20) },
  'headers one byte at a time': { lie: (socket) => socket.write(`${OK}X-Slow: `) && drip(socket, 'a', 20) },
  'a body that stalls': { lie: (socket) => socket.write(`${OK}\r\n{`) },
  'a body one byte at a time': { lie: (socket) => socket.write(`${OK}\r\n{`) && drip(socket, ' ', 20) },
  'a pause for the rate limit': {
    lie: (socket) => socket.write('HTTP/1.1 429 No\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n'),
  },
  'a file that stalls': { lie: (socket) => socket.write(`${OK}\r\nabc`), args: ['backup', 'download', '7', '-O', 'x.gz'] },
};

const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

describe.each(Object.entries(stages))('%s', (stage, { lie, scheme = 'http', proxy, args = ['server', 'list'] }) => {
  // One of them, in turn, or both in `npm run test:deep`.
  const turn = Object.keys(stages).indexOf(stage) % signals.length;
  test.each(signals.filter((_, index) => deep || index === turn))('%s ends the wait within a second', async (signal, code) => {
    const server = await openLiar(lie, scheme);
    onTestFinished(() => server.close());
    const env = proxy ? { DNX_HOST: 'https://127.0.0.1:9', HTTPS_PROXY: server.url } : { DNX_HOST: server.url };
    const child = executable.dnx(args, { env });
    await expect.poll(() => server.asked).toHaveLength(1);
    await expect(ended(child, signal)).toExit(code, { stdout: '' });
  });
});

test('a signal ends the wait for a name server within a second', async ({ skip }) => {
  skip(!canIsolate(), 'needs root, for `unshare -m`');
  const silent = createSocket('udp4');
  const asked = new Promise<void>((resolve) => silent.once('message', () => resolve()));
  await new Promise<void>((resolve) => silent.bind(53, '127.0.0.53', resolve));
  onTestFinished(() => new Promise((resolve) => silent.close(() => resolve())));
  const file = join(executable.directory, 'resolv.conf');
  writeFileSync(file, 'nameserver 127.0.0.53\n');
  const child = executable.shell(`exec unshare -m sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$NODE" "$DNX" server list' ${file}`, {
    env: { DNX_HOST: 'https://deploynix.example.com' },
  });
  await asked;
  const run = await ended(child, 'SIGINT');
  // On Node, the signal itself ends the process; a shell reports that as 130.
  expect([run.signal === 'SIGINT' ? 130 : run.exitCode, run.stderr]).toEqual([130, expect.stringContaining('Interrupted')]);
});
