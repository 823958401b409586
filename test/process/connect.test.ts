import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { openDeaf } from '../support/deaf.ts';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { type Lie, openLiar } from '../support/liar.ts';
import { preloading } from '../support/program.ts';

/** Closes a server at the end of a block. */
const closing = async <T extends { close(): Promise<void> }>(opened: Promise<T>): Promise<T & AsyncDisposable> => {
  const server = await opened;
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() });
};

const linux = process.platform === 'linux';
const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));
const create = ['daemon', 'create', '--command', 'top', '--server', '1'];

describe('a connection that hangs ends after 10 s', () => {
  const SPEED = 20;

  test.concurrent('in TCP', async ({ open, skip }) => {
    skip(!linux, 'needs Linux, for a port that drops packets');
    await using deaf = await closing(openDeaf());
    const { port } = deaf;
    const executable = await open({ speed: SPEED });
    const run = await executable.dnx(create, { env: { DNX_HOST: `http://127.0.0.1:${port}` } });
    expect(run).toExit(13, { says: `Could not reach 127.0.0.1:${port}: no connection within 10s.` });
  });

  test.concurrent('in the TLS handshake', async ({ open }) => {
    await using server = await closing(openLiar(() => {}, 'https'));
    const executable = await open({ speed: SPEED });
    const run = await executable.dnx(create, { env: { DNX_HOST: server.url } });
    expect(run).toExit(13, { stderr: expect.stringMatching(/Could not reach .*: no connection within 10s\./) });
  });

  test.concurrent.for<readonly [string, Lie]>([
    ['before the proxy answers', () => {}],
    ['in the TLS handshake behind the proxy', (socket, asked) => asked.startsWith('CONNECT') && socket.write('HTTP/1.1 200 OK\r\n\r\n')],
  ])('%s', async ([, lie], { open }) => {
    await using proxy = await closing(openLiar(lie));
    const executable = await open({ speed: SPEED });
    await expect(executable.dnx(create, { env: { DNX_HOST: 'https://127.0.0.1:9', HTTPS_PROXY: proxy.url } })).toExit(13, {
      stderr: expect.stringMatching(/Could not reach .*: no connection within 10s\.|proxy: no connection within 10s\./),
    });
  });
});

test('an IPv6 address is a host', async ({ open, skip, onTestFinished }) => {
  skip(!hasIpv6, 'needs IPv6');
  const server = createServer((_, response) => response.end('{"data":[{"id":7}]}'));
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  onTestFinished(() => void server.close());
  const executable = await open();
  const host = `http://[::1]:${(server.address() as AddressInfo).port}`;
  await expect(executable.dnx(['server', 'list', '-o', 'ids', '--host', host])).toExit(0, { stdout: '7\n', stderr: '' });
});

describe('a name with two addresses', () => {
  /** Makes `localhost` both `::1` and `127.0.0.1`, in this order. */
  const resolving = ({ directory, sandbox }: Executable) => {
    const hook = join(directory, 'lookup.cjs');
    const addresses = JSON.stringify([
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]);
    writeFileSync(hook, `require('node:dns').lookup = (name, options, done) => process.nextTick(done, null, ${addresses});`);
    return { DNX_HOST: sandbox.url.replace('127.0.0.1', 'localhost'), ...preloading(hook) };
  };

  test('is reached if IPv6 refuses the connection', async ({ open }) => {
    const executable = await open();
    await expect(executable.dnx(['server', 'list', '-o', 'ids'], { env: resolving(executable) })).toExit(0, { stderr: '' });
  });

  test('is reached if IPv6 drops every packet', async ({ open, skip }) => {
    skip(!linux || !hasIpv6, 'needs Linux with IPv6, for a port that drops packets');
    const executable = await open();
    await using _ = await closing(openDeaf('::1', Number(new URL(executable.sandbox.url).port)));
    await expect(executable.dnx(['server', 'list', '-o', 'ids'], { env: resolving(executable) })).toExit(0, { stderr: '' });
  });
});
