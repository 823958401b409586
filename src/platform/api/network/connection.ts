import type { Agent } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Timer } from '../../../machine/world.ts';
import { noConnection } from './fault.ts';

/** What a connection needs. */
export interface Connecting {
  /** Time limit for DNS, TCP, the answer of a proxy, and TLS. */
  readonly connectMs: number;
  readonly after: Timer;
  /** The trusted certificates, if they are not the default ones. */
  readonly trust: SecureContext | undefined;
  /** Looks up names instead of the system. */
  readonly lookup?: LookupFunction | undefined;
}

/** How long to wait for each address of a name before the next. Node's 250 ms are too short for a bad network. */
const ATTEMPT_MS = 500;

/** The options of an agent. */
export const agentOptions = ({ trust, lookup }: Pick<Connecting, 'trust' | 'lookup'>) => ({
  autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
  ...(trust && { secureContext: trust }),
  ...(lookup && { lookup }),
});

/** Makes an agent give up on connections that are not ready in time. */
export function limitConnections(agent: Agent, { connectMs, after }: Connecting): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback) as Socket;
    const cancel = after(connectMs, () => socket.destroy(noConnection(connectMs)));
    whenReady(socket, cancel);
    socket.once('close', cancel);
    return socket;
  };
}

/** Calls back once a connection is ready, after the TLS handshake if any. */
export function whenReady(socket: Socket & { readonly secureConnecting?: boolean }, callback: () => void): void {
  if (socket.secureConnecting) socket.once('secureConnect', callback);
  else if (socket.connecting) socket.once('connect', callback);
  else callback();
}
