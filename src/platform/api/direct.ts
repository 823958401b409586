import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpRequest, HttpResponse, Transport } from '../../machine/world.ts';
import { faultOf, silence } from './fault.ts';
import { headTime, type Reading, responseOf } from './response.ts';

/** A transport on `node:http(s)` with keep-alive. It loads in 9 ms, undici in 150. */
export function directTransport(reading: Reading): Transport {
  const { limits, after } = reading;
  const agents = new Map<string, import('node:http').Agent>();

  // Lazy: https loads tls.
  const protocolOf = async (url: URL) => {
    const protocol = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
    const agent = agents.get(url.protocol) ?? new protocol.Agent({ keepAlive: true, maxSockets: 8 });
    agents.set(url.protocol, agent);
    return { request: protocol.request, agent };
  };

  return {
    async request({ method, url, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
      signal.throwIfAborted();
      const target = new URL(url);
      const { request, agent } = await protocolOf(target);
      const message = await new Promise<IncomingMessage>((resolve, reject) => {
        let sent = false;
        const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
        const outgoing = request(target, { method, headers: { ...headers, ...length }, agent });
        // Like the option `signal`, but a millisecond faster.
        const abort = () => outgoing.destroy(signal.reason);
        signal.addEventListener('abort', abort);
        const headMs = headTime(limits, body);
        const cancel = after(headMs, () => outgoing.destroy(silence(headMs)));
        outgoing.on('close', () => {
          cancel();
          signal.removeEventListener('abort', abort);
        });
        outgoing.on('socket', (socket) =>
          whenReady(socket, () => {
            sent = true;
          }),
        );
        outgoing.on('response', (response) => {
          cancel();
          // Otherwise a reset would look like the end of a body without a length.
          outgoing.on('error', (error) => response.destroy(error));
          resolve(response);
        });
        outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : faultOf(error, sent)));
        outgoing.end(body);
      });
      return responseOf({ status: message.statusCode ?? 0, headers: message.headers }, message, reading, signal);
    },
    async close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** Calls back once a connection is ready, after the TLS handshake if any. */
function whenReady(socket: Socket & { readonly secureConnecting?: boolean }, callback: () => void): void {
  if (socket.secureConnecting) socket.once('secureConnect', callback);
  else if (socket.connecting) socket.once('connect', callback);
  else callback();
}
