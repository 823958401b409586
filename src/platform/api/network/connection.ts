import type { Agent } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { getBuiltinModule } from 'node:process';
import type { SecureContext } from 'node:tls';
import { urlToHttpOptions } from 'node:url';
import { node } from '../../../machine/runtime.ts';
import type { Timer } from '../../../machine/world.ts';
import { noConnection } from './fault.ts';

/** What a connection needs. */
export interface Connecting {
  /** Time limit for DNS, TCP, the answer of a proxy, and TLS. */
  readonly connectMs: number;
  readonly after: Timer;
  /** The trusted certificates, if they are not the default ones. */
  readonly trust: (() => SecureContext) | undefined;
  /** Looks up names instead of the system. */
  readonly lookup?: LookupFunction | undefined;
}

/** How long to wait for each address of a name before the next. Node's 250 ms are too short for a bad network. */
const ATTEMPT_MS = 500;

/** The options of an agent. */
export const agentOptions = ({ trust, lookup }: Pick<Connecting, 'trust' | 'lookup'>) => ({
  autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
  ...(trust && { secureContext: trust() }),
  lookup: lookupOver(lookup ?? ((...asked) => getBuiltinModule('node:dns').lookup(...asked))),
});

/** The default certificates, decoded once for all connections, and while the first one is being opened. An executable decodes none. */
export const defaultTrust = (): { readonly secureContext?: SecureContext } =>
  node === undefined ? {} : { secureContext: getBuiltinModule('node:tls').createSecureContext() };

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

/** The oldest connection that a request may use, in ms: a server may be about to close one that is idle, and dnx never repeats a POST. */
const FRESH_MS = 5_000;

/** What a connection that is opened before a request needs. */
interface ConnectingAhead extends Connecting {
  readonly elapsed: () => number;
  /** Called once the packets travel. */
  readonly onDeparture: () => void;
}

/** The length from which V8 interprets no pattern. */
const LONG = ''.padEnd(1_000);

/**
 * Begins to connect to a host before there is a request. The returned function lets the first request of an agent of `https` take the connection,
 * and starts TLS once it is there. One that fails or gets too old is forgotten.
 */
export function connectAhead(url: URL, { elapsed, onDeparture, ...connecting }: ConnectingAhead): (agent: Agent) => void {
  const { connect, isIP } = getBuiltinModule('node:net');
  // A long text makes V8 compile the pattern for IPv6 to machine code at once, in a millisecond. It takes five to interpret it first.
  isIP(LONG);
  const { hostname, port } = urlToHttpOptions(url);
  const host = hostname ?? '';
  const address = { host, port: Number(port || 443) };
  const born = elapsed();
  const { lookup, ...options } = agentOptions({ ...connecting, trust: undefined });
  const found: LookupFunction = (name, how, callback) =>
    lookup(name, how, (...answer) => {
      callback(...answer);
      connecting.after(0, onDeparture);
    });
  if (isIP(host)) connecting.after(0, onDeparture);
  const tcp = connect({ ...options, ...address, lookup: found, noDelay: true, keepAlive: true }).on('error', () => {});
  return (agent) => {
    if (tcp.destroyed) return;
    const direct = agent.createConnection.bind(agent);
    const secured = new Promise<Socket | undefined>((resolve, reject) => {
      const expire = () => {
        reject(noConnection(connecting.connectMs));
        tcp.destroy();
      };
      const cancel = connecting.after(connecting.connectMs, expire);
      tcp.once('close', () => resolve(undefined)).once('close', cancel);
      whenReady(tcp, () => {
        cancel();
        // As the agent does it: an address is no server name.
        const options = { ...(agent as { options?: object }).options, ...address, servername: isIP(host) ? '' : host, socket: tcp };
        resolve((direct(options) as Socket).on('error', () => {}));
      });
    });
    secured.catch(() => {});
    agent.createConnection = (options, callback) => {
      agent.createConnection = direct;
      if (elapsed() - born > FRESH_MS || options.host !== host || Number(options.port) !== address.port) {
        tcp.destroy();
        return direct(options, callback);
      }
      const take = (socket: Socket | undefined) => {
        const taken = socket?.writable && !socket.readableEnded ? socket : (direct(options, callback) as Socket);
        callback?.(null, taken);
      };
      secured.then(take).catch((error: Error) => callback?.(error, tcp));
      return undefined;
    };
  };
}

/** Calls back once a connection is ready, after the TLS handshake if any. */
export function whenReady(socket: Socket & { readonly secureConnecting?: boolean }, callback: () => void): void {
  if (socket.secureConnecting) socket.once('secureConnect', callback);
  else if (socket.connecting) socket.once('connect', callback);
  else callback();
}
