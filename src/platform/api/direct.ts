import type { IncomingMessage } from 'node:http';
import type { HttpRequest, HttpResponse, Transport } from '../../machine/world.ts';
import { faultOf } from './fault.ts';
import { responseOf } from './response.ts';

/** What the transport is given. */
export interface DirectOptions {
  /** Milliseconds without a byte from the other side until the connection counts as dead. */
  readonly idleMs: number;
}

/** The hot path: `node:http(s)` with keep-alive. It costs 9 ms at start-up where undici costs 150. */
export function directTransport(options: DirectOptions): Transport {
  const agents = new Map<string, import('node:http').Agent>();

  // `require` of a builtin reads only what is used; an ESM import would read all its getters, and https pulls in tls.
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
        // What the option `signal` does, without the millisecond that it costs.
        const abort = () => outgoing.destroy(signal.reason);
        signal.addEventListener('abort', abort);
        outgoing.on('close', () => signal.removeEventListener('abort', abort));
        outgoing.setTimeout(options.idleMs, () => outgoing.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
        outgoing.on('finish', () => {
          sent = true;
        });
        outgoing.on('response', resolve);
        outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : faultOf(error, { sent, seconds: options.idleMs / 1000 })));
        outgoing.end(body);
      });
      return responseOf(message.statusCode ?? 0, message.headers, message, signal);
    },
    async close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}
