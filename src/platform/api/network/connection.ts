import type { Agent } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { getBuiltinModule } from 'node:process';
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
  lookup: lookupOver(lookup ?? ((...asked) => getBuiltinModule('node:dns').lookup(...asked))),
});

/** Both addresses of `localhost`, whatever the system says: many hosts files have only the first. */
const LOCAL = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
] as const;

/** Looks up all names but `localhost`. */
const lookupOver =
  (other: LookupFunction): LookupFunction =>
  (name, options, callback) => {
    if (name !== 'localhost') return other(name, options, callback);
    return options.all ? callback(null, [...LOCAL]) : callback(null, LOCAL[0].address, LOCAL[0].family);
  };

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
