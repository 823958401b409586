import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { gitHubStandIn } from './certificate.ts';
import { listen } from './elsewhere.ts';

/** A stand-in for github.com and api.github.com on loopback, which programs reach through a proxy. */
export interface GitHub {
  /** The proxy, and the certificate of the stand-in. Nothing that dnx sends over https can leave this machine. */
  readonly env: Readonly<Record<string, string>>;
  readonly requests: IncomingMessage[];
  /** What the proxy was asked for: `api.github.com:443`. */
  readonly tunnels: string[];
  close(): Promise<void>;
}

/** Starts the stand-in and its proxy, which refuses every other host. `answer` is a tag, or a handler. */
export async function openGitHub(answer: string | RequestListener): Promise<GitHub> {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-github-'));
  const certificate = join(directory, 'ca.pem');
  writeFileSync(certificate, gitHubStandIn.cert);
  const requests: IncomingMessage[] = [];
  const tunnels: string[] = [];
  const respond = typeof answer === 'string' ? released(answer) : answer;
  const api = createSecureServer(gitHubStandIn, (request, response) => {
    requests.push(request);
    respond(request, response);
  });
  const listening = await listen(api, 'https');
  const proxy = createServer((_, response) => response.writeHead(403).end());
  const open = new Set<Duplex>();
  proxy.on('connect', ({ url = '' }, socket: Duplex) => {
    tunnels.push(url);
    if (!/^(api\.)?github\.com:443$/.test(url)) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const onward = connect((api.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) {
      open.add(end);
      end.on('error', () => end.destroy());
      end.on('close', () => [socket, onward].map((each) => each.destroy()));
    }
  });
  const { url, close } = await listen(proxy);
  return {
    env: { HTTPS_PROXY: url, DNX_CA_FILE: certificate, DNX_NO_UPDATE_NOTIFIER: '' },
    requests,
    tunnels,
    async close() {
      for (const each of open) each.destroy();
      await Promise.all([close(), listening.close()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Answers as GitHub does for the latest release. */
const released =
  (tag: string): RequestListener =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ tag_name: tag, draft: false, prerelease: false }));
  };
