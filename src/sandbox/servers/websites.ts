import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { SiteRow } from '../records.ts';
import type { Sandbox } from '../server.ts';
import type { Authority } from './certificate.ts';
import type { Response } from './incidents.ts';
import { accessLine, type Servers } from './servers.ts';

/**
 * Starts the websites of a sandbox on loopback, behind a proxy: for it, the domains of the sandbox are here, and every other host is where it is.
 * `upstream`: the proxy that the user has, if any.
 */
export async function openWebsites(sandbox: Sandbox, servers: Servers, authority: Authority, upstream: string | undefined) {
  const siteOf = (host = ''): SiteRow | undefined => {
    const domain = host.replace(/:\d+$/, '').toLowerCase();
    return sandbox.state.sites.find((site) => site.domain === domain);
  };

  const answer = (site: SiteRow, path: string, { method = 'GET' }: IncomingMessage, response: ServerResponse): void => {
    const release = sandbox.state.releases.find(({ site_id, active }) => active && site_id === site.id);
    const broken = () => servers.brokenResponse(site, `${method} ${path}`, sandbox.now());
    const [status, words] = answerOf(site, path, release && `Release ${release.name}: ${release.commit_message}`, broken);
    const body = `<!doctype html>\n<title>${site.domain}</title>\n<h1>${site.domain}</h1>\n<p>${words.replaceAll('<', '&lt;')}</p>\n`;
    response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', Server: 'nginx' }).end(body);
    servers.logRequest(site, accessLine(sandbox.now(), '127.0.0.1', `${method} ${path}`, status, Buffer.byteLength(body)));
  };

  const server = createServer((incoming, response) => {
    const { url = '/', headers } = incoming;
    // A proxy is asked with the whole URL, a website with a path. `/DOMAIN/` is for browsers, which use no proxy.
    const [, direct, path = '/'] = /^\/([^/?]+)(.*)$/.exec(url) ?? [];
    const target = url.startsWith('/') ? undefined : new URL(url);
    const site = siteOf(target?.hostname ?? headers.host) ?? siteOf(direct);
    if (site) return answer(site, target ? target.pathname : siteOf(headers.host) ? url : path || '/', incoming, response);
    if (!target) return void response.writeHead(404).end('No site of the sandbox.\n');
    const passed = request(target, { method: incoming.method ?? 'GET', headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    passed.on('error', () => response.writeHead(502).end());
    incoming.pipe(passed);
  });
  const open = new Set<Duplex>();
  const keep = <T extends Duplex>(socket: T): T => {
    open.add(socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket)));
    return socket;
  };
  server.on('connection', keep);
  server.on('connect', ({ url = '' }, socket, head) => {
    const site = siteOf(url);
    if (!site) return tunnel(url, keep(socket), head, upstream);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const { certificate: cert, key } = authority.issue(site.domain);
    server.emit('connection', new TLSSocket(socket as Socket, { isServer: true, secureContext: createSecureContext({ cert, key }) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    /** `http://127.0.0.1:PORT` */
    proxy: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close(): void {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function answerOf({ status }: SiteRow, path: string, release: string | undefined, broken: () => Response | undefined): Response {
  if (status === 'suspended') return [503, 'This site is suspended.'];
  if (!release) return [502, 'Nothing is deployed yet.'];
  const failure = broken();
  if (failure) return failure;
  if (path === '/up') return [200, 'Application up'];
  return path === '/' ? [200, release] : [404, 'Not found'];
}

function tunnel(authority: string, client: Duplex, head: Buffer, upstream: string | undefined): void {
  const { hostname, port } = new URL(upstream ?? `http://${authority}`);
  const far = connect(Number(port) || 80, hostname.replace(/^\[|\]$/g, ''));
  far.on('error', () => client.destroy());
  client.on('close', () => far.destroy());
  far.once('connect', () => {
    if (upstream) far.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentialsOf(upstream)}\r\n`);
    else client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    far.write(head);
    far.pipe(client).pipe(far);
  });
}

function credentialsOf(proxy: string): string {
  const { username, password } = new URL(proxy);
  if (username === '') return '';
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Proxy-Authorization: Basic ${Buffer.from(words).toString('base64')}\r\n`;
}
