import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { DAY } from '../../base/time.ts';
import type { SiteRow } from '../records.ts';
import type { Sandbox } from '../server.ts';
import type { Response } from './logs.ts';
import { accessLine, type Servers } from './servers.ts';

/**
 * Starts the websites of a sandbox on loopback, behind a proxy: for it, the domains of the sandbox are here, and every other host is where it is.
 */
export async function openWebsites(sandbox: Sandbox, servers: Servers, authority: Authority) {
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
    if (!site) return tunnel(url, keep(socket), head);
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

function tunnel(authority: string, client: Duplex, head: Buffer): void {
  const { hostname, port } = new URL(`http://${authority}`);
  const far = connect(Number(port) || 80, hostname.replace(/^\[|\]$/g, ''));
  far.on('error', () => client.destroy());
  client.on('close', () => far.destroy());
  far.once('connect', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    far.write(head);
    far.pipe(client).pipe(far);
  });
}

const NAME = 'dnx sandbox';

/** An authority that lives as long as the process: its key is never written. */
export type Authority = ReturnType<typeof createAuthority>;

/** Creates an authority whose certificates are valid for a few days. All is PEM. */
export function createAuthority(now: number) {
  const root = newKey();
  // An X.509 certificate of version 3 (RFC 5280).
  const certified = (subject: string, subjectKey: KeyObject, ...extensions: readonly Buffer[]): string => {
    const algorithm = sequence(identifier('1.2.840.10045.4.3.2'));
    const body = sequence(
      tagged(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
      algorithm,
      nameOf(NAME),
      sequence(time(now - DAY), time(now + 7 * DAY)),
      nameOf(subject),
      subjectKey.export({ type: 'spki', format: 'der' }),
      tagged(0xa3, sequence(...extensions)),
    );
    const signature = tagged(0x03, Buffer.from([0]), sign('sha256', body, root.privateKey));
    const lines = sequence(body, algorithm, signature)
      .toString('base64')
      .replace(/.{1,64}/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
  };
  return {
    certificate: certified(NAME, root.publicKey, basicConstraints(true)),
    issue(domain: string) {
      const { privateKey, publicKey } = newKey();
      const names = extension('2.5.29.17', sequence(tagged(0x82, Buffer.from(domain))));
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      return { certificate: certified(domain, publicKey, basicConstraints(false), names), key };
    },
  };
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const nameOf = (commonName: string): Buffer =>
  sequence(tagged(0x31, sequence(identifier('2.5.4.3'), tagged(0x0c, Buffer.from(commonName)))));
const basicConstraints = (isAuthority: boolean): Buffer =>
  extension('2.5.29.19', sequence(...(isAuthority ? [tagged(0x01, Buffer.from([0xff]))] : [])));
const extension = (id: string, value: Buffer): Buffer => sequence(identifier(id), tagged(0x01, Buffer.from([0xff])), tagged(0x04, value));
const time = (ms: number): Buffer => tagged(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts);

function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const inBase128 = (value: number): number[] =>
    value < 128 ? [value] : [...inBase128(value >> 7).map((byte) => byte | 0x80), value & 0x7f];
  return tagged(0x06, Buffer.from([first * 40 + second, ...others.flatMap(inBase128)]));
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const contents = Buffer.concat(parts);
  const { length } = contents;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), contents]);
}
