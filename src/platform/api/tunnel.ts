import type { Agent, ClientRequest } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { agentOptions, type Connecting, whenReady } from './connection.ts';
import { noConnection } from './fault.ts';
import type { HttpProxy } from './proxy.ts';
import { proxyFault } from './unreachable.ts';

/** Makes an agent of `node:https` open its connections through an HTTP proxy, with CONNECT. */
export function tunnelThrough(agent: Agent, proxy: HttpProxy, connecting: Connecting): void {
  const { connectMs, after } = connecting;
  const secure = agent.createConnection.bind(agent);
  const destroy = agent.destroy.bind(agent);
  const pending = new Set<ClientRequest>();

  agent.createConnection = (options, callback = () => {}) => {
    const host = isIPv6(options.host ?? '') ? `[${options.host}]` : options.host;
    const authority = `${host}:${options.port ?? 443}`;
    let late = () => {};
    const cancel = after(connectMs, () => late());
    const fail = (error: Error) => {
      cancel();
      callback(error, undefined as never);
    };
    const open = async () => {
      const { Agent, request } = proxy.url.protocol === 'https:' ? await import('node:https') : await import('node:http');
      const headers = { host: authority, connection: 'keep-alive', ...proxy.headers };
      const asking = request({ ...proxy.address, method: 'CONNECT', path: authority, headers, agent: new Agent(agentOptions(connecting)) });
      late = () => asking.destroy(noConnection(connectMs));
      pending.add(asking);
      asking.once('close', () => pending.delete(asking));
      asking.on('error', (error) => fail(proxyFault(error)));
      asking.once('connect', ({ statusCode = 0 }, socket: Socket) => {
        if (statusCode < 200 || statusCode > 299) {
          socket.destroy();
          return fail(proxy.refusal(statusCode));
        }
        const tunnel = secure({ ...options, socket } as typeof options) as Socket;
        late = () => tunnel.destroy(noConnection(connectMs));
        socket.on('error', (error) => tunnel.destroy(error));
        tunnel.once('close', cancel);
        whenReady(tunnel, cancel);
        callback(null, tunnel);
      });
      asking.end();
    };
    open().catch(fail);
    return undefined;
  };

  agent.destroy = () => {
    for (const each of pending) each.destroy();
    destroy();
  };
}
