import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { listen } from '../support/elsewhere.ts';
import { freePort, startServer } from '../support/programs.ts';
import type { Pair } from './authority.ts';

/** A real proxy on loopback, which wants the user `me` and a password. */
export interface RealProxy {
  /** `host:port` */
  readonly address: string;
  stop(): Promise<void>;
}

export const PASSWORD = 'pa-ss';

/** Starts squid. */
export async function openSquid(): Promise<RealProxy> {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-squid-'));
  // As root, squid and its helper run as another user.
  chmodSync(directory, 0o755);
  const file = (name: string) => join(directory, name);
  const port = await freePort();
  const hash = execFileSync('openssl', ['passwd', '-apr1', PASSWORD], { encoding: 'utf8' });
  writeFileSync(file('users'), `me:${hash}`);
  writeFileSync(
    file('squid.conf'),
    `http_port 127.0.0.1:${port}
pid_filename none
cache deny all
access_log none
cache_log stdio:/dev/null
coredump_dir none
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname loopback
auth_param basic program /usr/lib/squid/basic_ncsa_auth ${file('users')}
auth_param basic children 1
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
`,
  );
  const server = await startServer('squid', ['-N', '-d', '1', '-f', file('squid.conf'), '-n', `dnx${port}`], port);
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts tinyproxy. */
export async function openTinyproxy(): Promise<RealProxy> {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-tinyproxy-'));
  const port = await freePort();
  const file = join(directory, 'tinyproxy.conf');
  writeFileSync(file, `Listen 127.0.0.1\nPort ${port}\nLogLevel Critical\nBasicAuth me ${PASSWORD}\n`);
  const server = await startServer('tinyproxy', ['-d', '-c', file], port);
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Puts TLS in front of a proxy, and returns its new address. */
export async function withTls({ address }: RealProxy, { key, certificate }: Pair): Promise<RealProxy> {
  const [host = '', port] = address.split(':');
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (client) => {
    const onward = connect(Number(port), host);
    client.pipe(onward).pipe(client);
    for (const [end, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      end.on('error', () => {});
      end.on('close', () => other.destroy());
    }
  });
  const { url, close } = await listen(Object.assign(server, { closeAllConnections: () => {} }));
  return { address: url.replace('http://', ''), stop: close };
}
